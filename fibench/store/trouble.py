"""Database errors → one line what, where, and what to do. Codes decide, not wording: messages change with versions."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

from fibench.errors import StoreError
from fibench.store.address import Address

_ELSEWHERE = "give another place with --store or FIBENCH_STORE"
_SPACE = "free some space, or " + _ELSEWHERE
_RIGHTS = "allow writing to the file and its folder, or " + _ELSEWHERE
_TWICE = ("the run or case is already stored", "every run, case and generation is added once")
_GONE = ("the run is not in the store (any more)", "it was removed while it was being measured")

SQLITE = {
    sqlite3.SQLITE_BUSY: ("locked by another process", "wait until it is done, or end it; then try again"),
    sqlite3.SQLITE_LOCKED: ("locked by another process", "wait until it is done, or end it; then try again"),
    sqlite3.SQLITE_PERM: ("no permission to open the file", _RIGHTS),
    sqlite3.SQLITE_READONLY: ("cannot be written", _RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check that it is a file, and the rights of its folder"),
    sqlite3.SQLITE_FULL: ("the disk is full", _SPACE),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "check its space and health, or " + _ELSEWHERE),
    sqlite3.SQLITE_PROTOCOL: ("file locks do not work here", "a store needs a local disk: " + _ELSEWHERE),
    sqlite3.SQLITE_NOTADB: ("not an SQLite database", _ELSEWHERE),
    sqlite3.SQLITE_CORRUPT: ("damaged", f"save what is readable with 'sqlite3 FILE .recover', or {_ELSEWHERE}"),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _TWICE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: _GONE,
}
"""By extended code first, then by primary code (the low byte)."""

POSTGRESQL = {
    "23505": _TWICE,
    "23503": _GONE,
    "25006": ("opened for reading only", "the server is a standby, or this command only reads"),
    "28": ("the server refuses this user", "check user and password in the address, or ~/.pgpass"),
    "3D": ("the server has no such database", "create it first: createdb NAME"),
    "3F": ("the user has no schema to create tables in", "GRANT CREATE, or give another user in the address"),
    "42501": ("the user has no rights there", "GRANT them, or give another user in the address"),
    "53100": ("the server's disk is full", _SPACE),
    "53300": ("the server has no connection left", "try again later, or raise max_connections"),
    "55P03": ("locked by another process", "wait until it is done, or end it; then try again"),
    "57P": ("the server is starting, stopping, or closed the connection", "try again"),
    "08": ("the connection to the server failed", "check that it runs and that the address is right"),
}
"""By SQLSTATE or its beginning; the longest that fits wins."""

_PASSING = ("40001", "40P01")  # serialization failure, deadlock: the server asks for another attempt


def passing(error: Exception) -> bool:
    """True for an error that another attempt may not meet: a lock, a deadlock."""
    code = _code(error)
    if isinstance(code, int):
        return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
    return code in _PASSING


def translate(error: Exception, address: Address) -> StoreError:
    """The error in our words; secrets of the address are cut out of whatever a driver says."""
    what, hint = _words(error, address)
    return StoreError(what, where=address.shown, hint=hint)


def _words(error: Exception, address: Address) -> tuple[str, str]:
    if isinstance(error, OSError):
        return _file(error)
    code = _code(error)
    if isinstance(code, int):
        known = SQLITE.get(code) or SQLITE.get(code & 0xFF)
    else:
        fitting = [known for known in POSTGRESQL if code.startswith(known)]
        known = POSTGRESQL[max(fitting, key=len)] if fitting else None
    return known or (
        f"the database says: {_said(error, address)}",
        "check that the store is whole and reachable; if it is, please report this",
    )


def _file(error: OSError) -> tuple[str, str]:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full", _SPACE
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "cannot be written", _RIGHTS
    return f"cannot be opened ({error.strerror})", "check the path, or " + _ELSEWHERE


def _code(error: Exception) -> int | str:
    """SQLite's extended result code, or PostgreSQL's SQLSTATE ("08" when no connection came about), else ""."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    state = getattr(cause, "sqlstate", None)
    return state or _unconnected(str(cause))


def _unconnected(said: str) -> str:
    """libpq gives no code before a connection exists, only words; these are stable since version 14."""
    words = {
        "password authentication failed": "28P01", "no password supplied": "28P01", "no pg_hba.conf entry": "28000",
        "role ": "28000", "database ": "3D000", "starting up": "57P03", "too many": "53300",
    }  # fmt: skip
    if "connection" not in said:
        return ""
    _, marked, reason = said.partition("FATAL: ")
    return next((code for word, code in words.items() if word in (reason if marked else said)), "08006")


def _said(error: Exception, address: Address) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    said = lines[0]
    for secret in address.secrets:
        said = said.replace(secret, "***")
    return said
