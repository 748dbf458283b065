"""The parts of the consultation service, without a server: settings, codecs, lines, journal, files, audit, copies."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fibench.systems.consultations import audit, copies, settings
from fibench.systems.consultations.codec import Fast, MalformedError, Row, Standard
from fibench.systems.consultations.journal import Grouped
from fibench.systems.consultations.lines import LineTooLongError, Splitter
from fibench.systems.consultations.reading import BLOCK, CorruptStoreError
from fibench.systems.consultations.shared_file import SharedFile, StoreUnavailableError
from fibench.systems.consultations.worker_file import WorkerFile

EVENT = '{"event_type": "MESSAGE_RECEIVED", "payload": {"message": "señal €\\n😀", "n": [1, 2.5, null]}, "user_id": "u"}'


def row(size: int = 0) -> bytes:
    event = {"event_type": "MESSAGE_RECEIVED", "payload": {"message": "m" * size}, "user_id": "u"}
    made = Fast().event("c", json.dumps(event).encode())
    assert isinstance(made, bytes)
    return made


def test_the_environment_chooses_a_version_and_each_part_of_it() -> None:
    v1 = settings.read({"CONSULTATIONS_STORE": "/s", "CONSULTATIONS_VERSION": "v1", "CONSULTATIONS_COMPRESSION": "lzf"})
    assert v1 == settings.Settings(Path("/s"), "json", "lzf", "vlen", "event")
    assert settings.read({"CONSULTATIONS_STORE": "/s"}) == settings.Settings(Path("/s"))


@pytest.mark.parametrize("environment", [{}, {"CONSULTATIONS_STORE": "/s", "CONSULTATIONS_JSON": "simdjson"}])
def test_a_wrong_environment_names_the_variable(environment: dict[str, str]) -> None:
    with pytest.raises(settings.SettingsError, match=r"CONSULTATIONS_(STORE|JSON)"):
        settings.read(environment)


def test_both_codecs_write_the_same_row_in_one_line() -> None:
    one, other = (codec.event("c", EVENT.encode()) for codec in (Standard(), Fast()))
    assert isinstance(one, str)
    assert isinstance(other, bytes)
    assert "\n" not in one and b"\n" not in other
    same = ("consultation_id", "event_type", "payload", "user_id")
    first, second = json.loads(one), json.loads(other)
    assert {key: first[key] for key in same} == {key: second[key] for key in same}
    assert first.keys() == second.keys()
    assert first["timestamp"][-1] == second["timestamp"][-1] == "Z"
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"event_type": "a", "payload": {}}'),
        b'{"event_type": "", "payload": {}, "user_id": "u"}',
        b'{"event_type": 1, "payload": {}, "user_id": "u"}',
        b'{"event_type": "a", "payload": [], "user_id": "u"}',
        b'{"event_type": "a", "payload": {"x": NaN}, "user_id": "u"}',
        b'{"event_type": "a", "payload": {"x": "\\ud800"}, "user_id": "u"}',
    ],
)
def test_both_codecs_refuse_the_same_bodies(body: bytes) -> None:
    for codec in (Standard(), Fast()):
        with pytest.raises(MalformedError):
            codec.event("c", body)


@given(st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_do_not_depend_on_how_the_bytes_arrive(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    splitter = Splitter(40)
    found = [line for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) for line in splitter.feed(whole[a:b])]
    assert [*found, *splitter.end()] == lines


def test_a_line_is_too_long_before_it_ends() -> None:
    splitter = Splitter(10)
    assert list(splitter.feed(b"0123456789\n01234")) == [b"0123456789"]
    with pytest.raises(LineTooLongError):
        list(splitter.feed(b"567890"))


class Recorder:
    """A store that notes its writes; `broken` makes them fail."""

    def __init__(self, broken: bool = False) -> None:
        self.writes: list[list[Row]] = []
        self.broken = broken

    def append(self, rows: Sequence[Row], /) -> None:
        self.writes.append(list(rows))
        if self.broken:
            raise StoreUnavailableError("full")

    def rows(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None: ...


def test_appends_of_one_turn_are_one_write_and_later_ones_another() -> None:
    store = Recorder()
    journal = Grouped(store)

    async def both_turns() -> None:
        await asyncio.gather(*(journal.append([str(i)]) for i in range(5)))
        assert len(store.writes) == 1
        await journal.append(["later"])

    asyncio.run(both_turns())
    assert store.writes == [["0", "1", "2", "3", "4"], ["later"]]


def test_a_failed_write_is_told_to_everyone_who_waits_and_the_next_one_is_tried_anew() -> None:
    store = Recorder(broken=True)
    journal = Grouped(store)

    async def appended() -> list[BaseException | None]:
        failed = await asyncio.gather(*(journal.append(["x"]) for _ in range(3)), return_exceptions=True)
        store.broken = False
        await journal.append(["y"])
        return failed

    assert [type(one) for one in asyncio.run(appended())] == [StoreUnavailableError] * 3
    assert store.writes == [["x"] * 3, ["y"]]


def test_an_answer_that_nobody_waits_for_does_not_stop_the_others() -> None:
    store = Recorder()
    journal = Grouped(store)

    async def one_leaves() -> None:
        tasks = [asyncio.ensure_future(journal.append([name])) for name in "ab"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await tasks[1]

    asyncio.run(one_leaves())
    assert store.writes == [["a", "b"]]


@pytest.mark.parametrize("compression", list(settings.FILTERS))
@pytest.mark.parametrize("make", [SharedFile, WorkerFile])
def test_rows_come_back_as_they_were_written(make: type[SharedFile | WorkerFile], compression: str, tmp_path: Path) -> None:
    store = make(tmp_path, compression)
    written = [row(size) for size in (0, 10, BLOCK - 300, BLOCK, 3 * BLOCK, 1, 2)]
    store.append(written[:2])
    for one in written[2:]:
        store.append([one.decode()])
    assert list(store.rows()) == written
    assert audit.count_rows(str(tmp_path)) == len(written)
    store.close()
    assert audit.count(str(tmp_path))["by_type"] == {"MESSAGE_RECEIVED": len(written)}


def test_stream_ends_at_every_place_of_a_block(tmp_path: Path) -> None:
    store, length = WorkerFile(tmp_path, "lzf"), len(row())
    for size in (BLOCK - length - 1, BLOCK - length, BLOCK - 2 * length - 1, 0, BLOCK // 2, BLOCK // 2):
        store.append([row(size)])
        audit.count_rows(str(tmp_path))
    assert audit.count_rows(str(tmp_path)) == 6
    store.close()


def test_the_filter_of_v2_sees_the_text(tmp_path: Path) -> None:
    for compression in ("none", "lzf", "gzip-4"):
        store = WorkerFile(tmp_path / compression, compression)
        store.folder.mkdir()
        store.append([row(1000) for _ in range(600)])
        store.close()
    none, lzf, gzip = (sum(f.stat().st_size for f in (tmp_path / name).iterdir()) for name in ("none", "lzf", "gzip-4"))
    assert none > 4 * lzf > 4 * gzip


def test_a_write_that_fails_begins_a_new_file_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = WorkerFile(tmp_path, "lzf")
    store.append([row()])
    assert store.log is not None
    monkeypatch.setattr(store.log, "_seal", lambda: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(StoreUnavailableError, match="no space left"):
        store.append([row(2 * BLOCK)])
    store.append([row()])
    assert list(audit.count(str(tmp_path))["by_file"].values()) == [1, 1]
    store.close()


def test_a_fork_writes_a_file_of_its_own(tmp_path: Path) -> None:
    store = WorkerFile(tmp_path, "lzf")
    store.append([row()])
    child = os.fork()
    if child == 0:
        store.append([row()])
        os._exit(0)  # nothing is closed
    os.waitpid(child, 0)
    store.append([row()])
    store.close()
    assert sorted(audit.count(str(tmp_path))["by_file"].values()) == [1, 2]


def test_a_file_that_another_process_writes_is_refused_aloud(tmp_path: Path) -> None:
    store = SharedFile(tmp_path, "gzip-4")
    store.append([row()])
    hold = "import h5py, sys; f = h5py.File(sys.argv[1], 'a'); print('held', flush=True); sys.stdin.read(); f.close()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(StoreUnavailableError, match=r"events\.h5: .*lock"):
            store.append([row()])
        other.communicate()
    assert audit.count_rows(str(tmp_path)) == 1


def test_a_corrupt_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CorruptStoreError, match="no such folder"):
        audit.count_rows(str(tmp_path / "none"))
    for layout in (SharedFile, WorkerFile):
        folder = tmp_path / layout.__name__
        folder.mkdir()
        store = layout(folder, "lzf")
        store.append([row(1000) for _ in range(300)])
        store.close()
        path = next(folder.glob("*.h5"))
        whole = path.read_bytes()
        for size in (0, 100, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:size])
            with pytest.raises(CorruptStoreError, match=path.name):
                audit.count_rows(str(folder))


@pytest.mark.parametrize("part", [0.02, 0.1, 0.5, 0.9])
def test_a_cut_file_of_a_killed_worker_is_corrupt_too(part: float, tmp_path: Path) -> None:
    """Such a file still says that a writer has it, and HDF5 does not look at its length then."""
    child = os.fork()
    if child == 0:
        WorkerFile(tmp_path, "lzf").append([row(1000) for _ in range(300)])
        os._exit(0)
    os.waitpid(child, 0)
    assert audit.count_rows(str(tmp_path)) == 300
    path = next(tmp_path.glob("*.h5"))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(CorruptStoreError, match=path.name):
        audit.count_rows(str(tmp_path))


@pytest.mark.parametrize(
    ("place", "value", "problem"), [(0, 1, "0 are there"), (0, 10**9, "at most"), (1, 3, "2 are there"), (2, 7, "checksum")]
)
def test_a_file_that_says_what_it_does_not_hold_is_corrupt(place: int, value: int, problem: str, tmp_path: Path) -> None:
    store = WorkerFile(tmp_path, "lzf")
    store.append([row(), row()])
    store.close()
    with h5py.File(next(tmp_path.glob("*.h5")), "r+") as file:
        file["committed"][place] = value
    with pytest.raises(CorruptStoreError, match=problem):
        audit.count_rows(str(tmp_path))


def test_a_row_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    SharedFile(tmp_path, "gzip-4").append([(one := row()), one])
    with pytest.raises(CorruptStoreError, match="id of another row"):
        audit.count(str(tmp_path))


def test_both_paths_store_the_same_bytes_of_the_same_body() -> None:
    one, other = copies.v1_setup(), copies.v2_setup()
    for _ in range(3):
        copies.v1_path(one)
        copies.v2_path(other)
    assert one.stored() == other.stored() == one.body
    one.file.close()
    other.file.close()


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the kernel counts them on Linux only")
@pytest.mark.parametrize(("path", "kept"), [("v1", 4), ("v2", 3)])
def test_the_documents_chain_keeps_four_copies_and_v2_three(path: str, kept: int) -> None:
    command = [sys.executable, "-m", "fibench.systems.consultations.copies", path, "48"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    words = done.stdout.splitlines()[-1].split()
    assert float(words[2]) == pytest.approx(kept, abs=0.15)
    assert int(words[4]) > kept  # some are made within a step, and gone at its end
