"""Words → where the store is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fibench.errors import UsageError
from fibench.store import open_store
from fibench.store.address import parse


@pytest.mark.parametrize(
    ("place", "environ", "path"),
    [
        (None, {}, "results/fibench.db"),
        (None, {"FIBENCH_STORE": ""}, "results/fibench.db"),
        (None, {"FIBENCH_STORE": "else.db"}, "else.db"),
        ("mine.db", {"FIBENCH_STORE": "else.db"}, "mine.db"),
        ("sqlite:///a/b.db", {}, "a/b.db"),
        ("sqlite:////tmp/b.db", {}, "/tmp/b.db"),
        ("odd name?#%20:.db", {}, "odd name?#%20:.db"),
    ],
)
def test_a_file_is_meant_by(place, environ, path):
    assert parse(place, environ).path == Path(path)


def test_a_home_folder_is_expanded():
    assert parse("~/x.db", {}).path == Path.home() / "x.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg(scheme):
    address = parse(f"{scheme}://me:secret@host:5433/db?sslmode=require", {})
    assert address.path is None
    assert address.url.drivername == "postgresql+psycopg"
    assert address.url.query == {"sslmode": "require"}
    assert address.url.password == "secret"


def test_what_is_shown_of_a_server_has_no_secret():
    address = parse("postgresql://me:hunter2@host/db?password=hunter3&sslpassword=hunter4", {})
    assert address.shown == "postgresql://me:***@host/db"
    assert set(address.secrets) == {"hunter2", "hunter3", "hunter4"}
    assert "hunter" not in repr(address)


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("mysql://me:hunter2@host/db", "cannot be opened by 'mysql://'"),
        ("postgresql+asyncpg://me:hunter2@host/db", "cannot be opened by 'postgresql+asyncpg://'"),
        ("postgresql://me:hunter2@host:port/db", "cannot be understood"),
        ("postgresql:me:hunter2@host/db", "lacks its '//'"),
        ("sqlite:x.db", "lacks its '//'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://x.db", "names no file"),
        ("sqlite:///x.db?mode=ro", "options"),
    ],
)
def test_an_address_that_is_none_is_a_usage_error_without_secrets(place, complaint):
    with pytest.raises(UsageError) as caught:
        open_store(place)
    assert complaint in str(caught.value)
    assert "hint:" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nothing_said_means_results_under_the_current_folder_and_creates_it_silently(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIBENCH_STORE", raising=False)
    with open_store() as store:
        assert store.where == "results/fibench.db"
    assert (tmp_path / "results" / "fibench.db").is_file()
    assert capsys.readouterr() == ("", "")


def test_names_that_mean_something_in_urls_are_plain_file_names(tmp_path):
    with open_store(tmp_path / "a?mode=ro#%20 ü.db"):
        pass
    assert (tmp_path / "a?mode=ro#%20 ü.db").is_file()
