"""What every store keeps, on SQLite always and on PostgreSQL when one can be had.

PostgreSQL: the server at FIBENCH_TEST_POSTGRES (a URL whose user may create schemas), else an ephemeral one from the
binaries of this machine, else these tests are skipped with the reason.
"""

from __future__ import annotations

import dataclasses
import getpass
import glob
import math
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import uuid
from pathlib import Path

import pytest
import sqlalchemy

from fibench.errors import NotFoundError, StoreError, UsageError
from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.requests import Requests
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Bound, Claim, Measure, RatioOf
from fibench.store import open_store
from fibench.traffic.packing import pack
from fibench.traffic.record import PACK

PASSWORD = "s3cret-and-long"


# ── stores to try ────────────────────────────────────────────────────────────────────────────────────────────────────


def _binary(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if not found:
        pytest.skip(f"PostgreSQL: no {name} here, and FIBENCH_TEST_POSTGRES is not set")
    return found


def _unprivileged():
    """PostgreSQL refuses to run as root; "postgres" or "nobody" lend their name."""
    if os.geteuid() != 0:
        return getpass.getuser()
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _ephemeral(folder):
    """Start a server on 127.0.0.1 and a free port; returns its URL and how to stop it."""
    initdb, pg_ctl, user = _binary("initdb"), _binary("pg_ctl"), _unprivileged()
    (folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        for place in (folder, folder / "password"):
            shutil.chown(place, user)
    who = {"user": user, "cwd": folder} if os.geteuid() == 0 else {"cwd": folder}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = ["-D", str(folder / "data")]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    create = [initdb, *data, "-U", "fibench", "-A", "scram-sha-256", "--pwfile", "password", "-N", "-E", "UTF8"]
    start = [pg_ctl, *data, "-w", "-l", str(folder / "log"), "-o", options, "start"]
    for command in (create, start):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        done = subprocess.run(command, **who, **quiet, timeout=60, check=False)
        if done.returncode:
            pytest.skip(f"PostgreSQL does not start here: {done.stderr.strip()}")
    stop = [pg_ctl, *data, "-m", "immediate", "stop"]
    url = f"postgresql://fibench:{PASSWORD}@127.0.0.1:{port}/postgres"
    return url, lambda: subprocess.run(stop, **who, stdout=subprocess.DEVNULL, check=False, timeout=60)


@pytest.fixture(scope="session")
def postgresql_server():
    pytest.importorskip("psycopg", reason="PostgreSQL: psycopg is not installed")
    if os.environ.get("FIBENCH_TEST_POSTGRES"):
        yield os.environ["FIBENCH_TEST_POSTGRES"]
        return
    folder = Path(tempfile.mkdtemp(prefix="fibench-pg-"))
    try:
        url, stop = _ephemeral(folder)
        yield url
        stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(postgresql_server):
    """A schema of its own on the server: other tables there are never touched."""
    name = f"fibench_{uuid.uuid4().hex[:12]}"
    url = sqlalchemy.make_url(postgresql_server).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    yield url.set(drivername="postgresql", query={"options": f"-csearch_path={name}"}).render_as_string(False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    return str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def store(place):
    with open_store(place) as opened:
        yield opened


# ── things to store ──────────────────────────────────────────────────────────────────────────────────────────────────


def a_case(key="k1", scenario="event-loop"):
    return Case(
        scenario=scenario,
        kind="python",
        point={"tasks": 1000, "mode": "µ", "limit": math.inf},
        variants=(Variant(name="v1", params={"loop": "asyncio"}), Variant(name="v2", params={}, env={"A": "b"})),
        metrics=(Metric("wall"), Metric("throughput", "1/s", "higher")),
        measure=Measure(block="30 us", budget="7 s", margin={"wall": "3 %"}, seed=7),
        claims=(
            Claim(id="c.1", text="twice as fast", speedup={"at_least": 2.0}),
            Claim(id="c.2", text="half", ratio=RatioOf(of="v2", to="v1", at_most=0.5), where={"tasks": 1000}),
        ),
        gate=("wall",),
        key=key,
    )


def a_generation(index=0, blocks=6):
    values = tuple(0.1 + 0.2 * i / 3 + index for i in range(blocks))
    return Generation(
        index=index,
        seed=2**64 - 1,
        rounds=tuple(i // 2 for i in range(blocks)),
        variants=("v1", "v2") * (blocks // 2),
        metrics={"wall": values, "throughput": tuple(1 / value for value in values)},
        loops=2**40,
        started=1790000000.123456,
        seconds=1.25,
        facts={"pids": [1, 2], "gc": {"v1": True}},
    )


def a_record(key="k1", generations=2, **more):
    return CaseRecord(case=a_case(key), generations=tuple(a_generation(i) for i in range(generations)), **more)


def a_run(run_id="20260101-aaaa", started=1000.5, **more):
    fingerprint = Fingerprint(host="h", cores=2, quota=1.5, packages={"uvloop": "0.21"}, noise={"load": 0.1})
    fields = {"state": "running", "seed": 2**63, "command": "fibench run x.yaml", **more}
    return Run(id=run_id, started=started, fingerprint=fingerprint, **fields)


# ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_written_step_by_step_comes_back_equal(store):
    doubts = (Note("noisy", "The machine was busy.", "close the browser", "v2"), Note("b", "c"))
    failures = {"v2": "exit code 1:\n  Traceback \0 \udc80"}
    record = a_record(failures=failures, notes=doubts, unit="round", done=True, seconds=3.5)
    run = a_run(cases=(record,), notes=doubts[::-1], label="nightly", state="complete", seconds=9.25)

    store.begin(dataclasses.replace(run, cases=(), notes=(), state="running"))
    store.add_case(run.id, 0, CaseRecord(case=record.case))
    for generation in record.generations:
        store.add_generation(run.id, 0, generation)
    store.close_case(run.id, 0, record)
    store.finish(run.id, "complete", 9.25, run.notes)

    assert store.load(run.id) == run


def test_windows_come_back_with_what_was_told_of_them_and_with_every_raw_request(store):
    raw = [PACK.pack(i, 0.001, 0.002, 0.003, 0.0, 200 + i, 5) for i in range(3)]
    packed = {0: pack(b"".join(raw)), 3: pack(raw[0])}
    remarks = tuple({"invalid": ["late"] * (i == 2), "offered": i} for i in range(6))
    window = dataclasses.replace(a_generation(), remarks=remarks, requests=Requests.of(packed))
    store.begin(a_run(cases=(CaseRecord(a_case("k1")), a_record("k2"))))
    store.add_generation("20260101-aaaa", 0, window)
    found = store.load("20260101-aaaa")
    (generation,) = found.cases[0].generations
    assert generation.remarks == remarks
    assert generation.requests.records(0)["status"].tolist() == [200, 201, 202]
    assert generation.requests.records(3)["due"].tolist() == [0]
    assert len(generation.requests.records(1)) == 0
    assert found.cases[1].generations[0].requests is None
    assert store.remove(["20260101-aaaa"]) == 1


def test_a_whole_run_can_be_stored_at_once(store):
    run = a_run(cases=(a_record("k1"), a_record("k2", 3, notes=(Note("a", "b"),))), notes=(Note("c", "d"),))
    store.begin(run)
    assert store.load(run.id) == run


def test_a_run_in_progress_shows_every_generation_that_was_added(store):
    store.begin(a_run("live"))
    store.add_case("live", 0, a_record(generations=0))
    store.add_generation("live", 0, a_generation(0))
    assert store.load("live").cases[0].generations == (a_generation(0),)
    assert store.load("live").state == "running"


def test_finishing_twice_does_not_repeat_notes(store):
    """An interrupted run is finished, resumed, and finished again."""
    store.begin(a_run("twice", notes=(Note("a", "from the start"),)))
    store.finish("twice", "interrupted", 1.0, [Note("b", "half \0 way")])
    store.reopen("twice")
    assert store.load("twice").state == "running"
    store.finish("twice", "complete", 2.0, [Note("b", "half \0 way"), Note("c", "end")])
    assert [note.code for note in store.load("twice").notes] == ["a", "b", "c"]
    assert store.load("twice").seconds == 2.0


def test_text_that_a_database_refuses_is_stored_readable(store):
    store.begin(a_run("odd", command="x \0 \udcff", notes=(Note("n", "a\0b"),)))
    assert store.load("odd").notes == (Note("n", "a\ufffdb"),)
    assert store.load("odd").command == "x \ufffd ?"


def test_a_fact_that_json_does_not_know_does_not_lose_the_generation(store):
    store.begin(a_run("facts"))
    store.add_case("facts", 0, a_record(generations=0))
    store.add_generation("facts", 0, dataclasses.replace(a_generation(), facts={"path": Path("/x")}))
    assert store.load("facts").cases[0].generations[0].facts == {"path": "/x"}


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def three(store):
    store.begin(a_run("20260101-aaaa", 1.0, label="nightly", state="complete", cases=(a_record("k1"),)))
    store.begin(a_run("20260102-bbbb", 2.0, label="nightly", state="complete", cases=(a_record("k2"), a_record("k1"))))
    store.begin(a_run("20260102-b_c%", 3.0, state="interrupted", cases=(a_record("k1"),)))
    return store


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("20260101-aaaa", "20260101-aaaa"),
        ("20260101", "20260101-aaaa"),
        ("20260102-b_", "20260102-b_c%"),
        ("nightly", "20260102-bbbb"),
        ("last", "20260102-b_c%"),
        ("latest", "20260102-b_c%"),
    ],
)
def test_a_run_is_found_by_id_prefix_label_and_last(three, word, found):
    assert three.find(word) == found


def test_an_ambiguous_prefix_says_which_runs_it_fits(three):
    with pytest.raises(NotFoundError, match="fits 2 runs") as caught:
        three.find("20260102")
    assert "20260102-b_c%, 20260102-bbbb" in str(caught.value)


def test_a_near_miss_is_answered_with_the_nearest_word(three):
    with pytest.raises(NotFoundError, match="did you mean 'nightly'"):
        three.find("nigthly")


def test_three_characters_are_no_prefix_and_nothing_near_names_the_newest(three):
    with pytest.raises(NotFoundError, match="known: 20260102-b_c%, nightly"):
        three.find("202")


def test_an_empty_store_says_how_to_begin(store):
    with pytest.raises(NotFoundError, match=r"no run 'last': nothing is stored yet\n.*fibench run"):
        store.find("last")
    assert store.recent(10) == []
    assert store.sessions("k1", 10) == []


def test_a_label_moves_and_goes(three):
    three.tag("20260102-b_c%", "release")
    assert three.find("release") == "20260102-b_c%"
    three.tag("20260102-b_c%", None)
    with pytest.raises(NotFoundError):
        three.find("release")


@pytest.mark.parametrize("word", ["last", "latest"])
def test_a_label_may_not_hide_the_newest_run(three, word):
    with pytest.raises(UsageError, match="always means the newest run"):
        three.tag("20260101-aaaa", word)
    with pytest.raises(UsageError, match="always means the newest run"):
        three.begin(a_run("other", label=word))


def test_recent_runs_come_newest_first_with_cases_but_without_samples(three):
    runs = three.recent(2)
    assert [run.id for run in runs] == ["20260102-b_c%", "20260102-bbbb"]
    assert [record.case.key for record in runs[1].cases] == ["k2", "k1"]
    assert all(record.generations == () for run in runs for record in run.cases)
    assert len(three.recent(100)) == 3
    assert three.recent(0) == three.recent(-1) == []


def test_sessions_are_the_complete_runs_of_a_case_newest_first(three):
    found = three.sessions("k1", 10)
    assert [(run, started) for run, started, _, _ in found] == [("20260102-bbbb", 2.0), ("20260101-aaaa", 1.0)]
    assert found[0].record == a_record("k1")
    assert found[0].fingerprint == a_run().fingerprint
    assert len(three.sessions("k1", 1)) == 1


def test_removing_a_run_removes_its_samples_and_nothing_else(three, place):
    assert three.remove(["20260102-bbbb", "unknown"]) == 1
    assert [run.id for run in three.recent(9)] == ["20260102-b_c%", "20260101-aaaa"]
    assert three.load("20260101-aaaa").cases == (a_record("k1"),)
    three.begin(a_run("20260102-bbbb", 2.0))
    assert three.load("20260102-bbbb").cases == ()


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_is_not_there_is_not_found(store):
    for attempt in (
        lambda: store.load("x"),
        lambda: store.tag("x", "y"),
        lambda: store.reopen("x"),
        lambda: store.finish("x", "complete", 1.0, []),
        lambda: store.close_case("x", 0, a_record()),
    ):
        with pytest.raises(NotFoundError, match="'x'"):
            attempt()


def test_nothing_is_overwritten_by_adding_it_twice(store):
    store.begin(a_run("a", cases=(a_record(),)))
    for attempt in (
        lambda: store.begin(a_run("a")),
        lambda: store.add_case("a", 0, a_record()),
        lambda: store.add_generation("a", 0, a_generation(1, blocks=2)),
    ):
        with pytest.raises(StoreError, match="already stored"):
            attempt()
    assert store.load("a").cases == (a_record(),)


def test_a_run_removed_while_it_is_measured_is_said_so(store):
    store.begin(a_run("a"))
    store.remove(["a"])
    with pytest.raises(StoreError, match="not in the store"):
        store.add_case("a", 0, a_record())


def test_a_step_that_fails_leaves_nothing_behind(store):
    """The second case of the run has the same generation twice."""
    broken = dataclasses.replace(a_record(), generations=(a_generation(0), a_generation(0)))
    with pytest.raises(StoreError):
        store.begin(a_run("a", cases=(a_record(), broken)))
    assert store.recent(9) == []


def test_a_store_opened_for_reading_reads_and_refuses_to_write(place):
    with open_store(place) as writing:
        writing.begin(a_run("a", cases=(a_record(),)))
        with open_store(place, read_only=True) as reading:
            assert reading.load(reading.find("last")).cases == (a_record(),)
            with pytest.raises(StoreError, match=r"cannot be written|for reading only"):
                reading.tag("a", "b")
    with open_store(place, read_only=True) as reading:
        assert reading.load("a").cases == (a_record(),)


def test_reading_where_nothing_is_stored_is_not_found(place):
    with pytest.raises(NotFoundError, match="nothing is stored yet"):
        open_store(place, read_only=True)


def test_a_case_stored_by_another_version_is_an_error_with_a_hint(store, place):
    store.begin(a_run("old", cases=(a_record(),)))
    url = sqlalchemy.make_url(place if "://" in place else f"sqlite:///{place}")
    if "://" in place:
        url = url.set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET spec = '{\"scenario\": 1}'")
    engine.dispose()
    with pytest.raises(StoreError, match=r"case 0 of run old cannot be read by this version.*\n.*another version"):
        store.load("old")


# ── several processes, and death ─────────────────────────────────────────────────────────────────────────────────────

WRITER = """
import sys
from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Measure
from fibench.store import open_store

place, run_id, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
case = Case(scenario="s", kind="python", point={}, variants=(Variant(name="v1", params={}),),
            metrics=(Metric("wall"),), measure=Measure(), key="k")
print("ready", flush=True)
sys.stdin.readline()
store = open_store(place)
store.begin(Run(id=run_id, started=1.0, state="running", fingerprint=Fingerprint()))
store.add_case(run_id, 0, CaseRecord(case=case))
for index in range(count):
    values = tuple(index + i / 7 for i in range(500))
    blocks = len(values)
    store.add_generation(run_id, 0, Generation(index, index, (0,) * blocks, ("v1",) * blocks, {"wall": values}))
    print(index, flush=True)
"""


def start_writer(place, run_id, count):
    command = [sys.executable, "-c", WRITER, place, run_id, str(count)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "ready\n", writer.stderr.read()
    return writer


def release(writer):
    writer.stdin.write("\n")
    writer.stdin.flush()


def test_two_processes_create_one_store_and_write_to_it_at_once(place):
    writers = [start_writer(place, name, 40) for name in ("one", "two")]
    for writer in writers:
        release(writer)
    for writer in writers:
        _, complaint = writer.communicate(timeout=20)
        assert writer.returncode == 0, complaint
    with open_store(place) as store:
        for name in ("one", "two"):
            generations = store.load(name).cases[0].generations
            assert [generation.index for generation in generations] == list(range(40))


def test_kill_9_leaves_every_finished_generation_readable(place):
    writer = start_writer(place, "doomed", 100_000)
    release(writer)
    for line in writer.stdout:
        if int(line) >= 20:
            break
    os.kill(writer.pid, signal.SIGKILL)
    told = [20, *map(int, writer.communicate()[0].split())]

    with open_store(place) as store:
        run = store.load("doomed")
        generations = run.cases[0].generations
        assert run.state == "running"
        # all that the writer was told about, and at most the one whose commit it did not live to report
        assert len(generations) - 1 in (told[-1], told[-1] + 1)
        assert all(len(generation.metrics["wall"]) == 500 for generation in generations)
        store.reopen("doomed")
        store.add_generation("doomed", 0, dataclasses.replace(a_generation(len(generations))))


# ── PostgreSQL's own troubles ────────────────────────────────────────────────────────────────────────────────────────


def _refused(place, **more):
    with pytest.raises(StoreError) as caught:
        open_store(place, **more)
    told = "".join(traceback.format_exception(caught.value))
    return str(caught.value), told


def test_a_wrong_password_is_said_without_the_password(postgresql):
    wrong = sqlalchemy.make_url(postgresql).set(password="wr0ng-and-secret").render_as_string(False)
    message, told = _refused(wrong)
    assert "refuses this user" in message
    assert "fibench:***@127.0.0.1" in message or "FIBENCH_TEST_POSTGRES" in os.environ
    assert "wr0ng" not in told


def test_a_database_that_does_not_exist_says_how_to_create_it(postgresql):
    missing = sqlalchemy.make_url(postgresql).set(database="no_such_database").render_as_string(False)
    message, told = _refused(missing)
    assert "no such database" in message
    assert "createdb" in message
    assert PASSWORD not in told


def test_a_server_that_is_not_there_is_an_error_in_one_line_with_a_hint():
    pytest.importorskip("psycopg")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refuses at once, and nobody else gets the port
        port = taken.getsockname()[1]
        message, told = _refused(f"postgresql://me:hunter2@127.0.0.1:{port}/db?sslpassword=hunter3")
    assert message.startswith(f"postgresql://me:***@127.0.0.1:{port}/db: the connection to the server failed\n  hint: ")
    assert len(message.splitlines()) == 2
    assert "hunter" not in told


def test_a_locked_table_is_reported_after_the_patience_is_over(postgresql):
    with open_store(postgresql, patience=0.2) as store:
        engine = sqlalchemy.create_engine(sqlalchemy.make_url(postgresql).set(drivername="postgresql+psycopg"))
        with engine.begin() as other:
            other.exec_driver_sql("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreError, match="locked by another process"):
                store.begin(a_run("a"))
        engine.dispose()
        store.begin(a_run("a"))


def test_a_connection_lost_between_two_generations_is_made_anew(postgresql):
    with open_store(postgresql) as store:
        store.begin(a_run("a"))
        engine = sqlalchemy.create_engine(sqlalchemy.make_url(postgresql).set(drivername="postgresql+psycopg"))
        with engine.begin() as other:
            other.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'fibench' AND pid <> pg_backend_pid()"
            )
        engine.dispose()
        store.add_case("a", 0, a_record())
        assert store.load("a").cases == (a_record(),)


def test_a_role_without_rights_is_told_which_rights_it_lacks(postgresql):
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(postgresql).set(drivername="postgresql+psycopg"))
    role = f"fibench_role_{uuid.uuid4().hex[:8]}"
    with engine.begin() as other:
        other.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    try:
        message, _ = _refused(sqlalchemy.make_url(postgresql).set(username=role, password="x").render_as_string(False))
        assert "no schema to create tables in" in message
        assert "GRANT CREATE" in message
    finally:
        with engine.begin() as other:
            other.exec_driver_sql(f"DROP ROLE {role}")
        engine.dispose()


def test_the_ratio_claim_of_a_stored_case_is_still_a_bound(store):
    """The YAML file may be gone for years: the claim is judged from the stored case."""
    store.begin(a_run("a", cases=(a_record(),)))
    claim = store.load("a").cases[0].case.claims[1]
    assert isinstance(claim.ratio, Bound)
    assert claim.ratio.at_most == 0.5
