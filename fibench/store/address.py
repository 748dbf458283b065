"""Words → where the store is: a file or a PostgreSQL server. Whatever is shown to people holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fibench.errors import UsageError

DEFAULT = "results/fibench.db"
VARIABLE = "FIBENCH_STORE"
FORMS = "give a file, sqlite:///file, or postgresql://user@host/database"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_SECRET = ("pass", "secret", "token", "key")


@dataclass(frozen=True, slots=True)
class Address:
    """`path` of a file, or `url` of a server; `shown` is safe to print, `secrets` must never be."""

    shown: str
    path: Path | None = None
    url: URL | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def parse(place: str | None, environ: Mapping[str, str]) -> Address:
    """The address meant by `place`, else by FIBENCH_STORE, else the default file; UsageError if it is none."""
    word = place or environ.get(VARIABLE) or DEFAULT
    scheme, separator, _ = word.partition("://")
    if not separator:
        return _plain(word)
    if scheme not in _SQLITE + _POSTGRESQL:
        raise UsageError(f"a store cannot be opened by '{scheme}://'", hint=FORMS)
    try:
        url = make_url(word)
    except (ArgumentError, ValueError):
        # From None: SQLAlchemy's message repeats the address with its password.
        raise UsageError(f"the store's address '{scheme}://…' cannot be understood", hint=FORMS) from None
    return _file(url) if scheme in _SQLITE else _server(url)


def _plain(word: str) -> Address:
    if word.split(":", 1)[0] in _SQLITE + _POSTGRESQL and ":" in word:
        raise UsageError(f"'{word.split(':', 1)[0]}:' of the store's address lacks its '//'", hint=FORMS)
    return Address(word, path=Path(word).expanduser())


def _file(url: URL) -> Address:
    if not url.database or url.database == ":memory:" or url.host:
        raise UsageError("the store's address names no file", hint="sqlite:///results/fibench.db, or just the file")
    if url.query:
        raise UsageError("the store's address has options that SQLite stores do not take", hint=FORMS)
    return Address(url.database, path=Path(url.database).expanduser())


def _server(url: URL) -> Address:
    query = {name: value if isinstance(value, str) else " ".join(value) for name, value in url.query.items()}
    secrets = [value for name, value in query.items() if any(word in name.lower() for word in _SECRET)]
    if url.password:
        secrets.append(url.password)
    shown = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Address(shown, url=url.set(drivername="postgresql+psycopg"), secrets=tuple(secrets))
