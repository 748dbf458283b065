"""Any callable: import it, run its setup, hand it over."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from fibench.step import Step

CO_COROUTINE = 0x80
"""`inspect.CO_COROUTINE`; importing inspect costs a worker 5 ms."""

LARGEST_SOURCE = 1 << 24
"""Bytes of a source file that its checksum covers."""


class NotACallableError(TypeError):
    """What stands at the address cannot be called."""


class NoSuchTargetError(LookupError):
    """There is nothing at the address."""


def open(params: dict[str, Any]) -> Step:
    """Resolve target and setup; a coroutine function gets an event loop of its own, and an async setup runs in it."""
    target = resolve(params["target"])
    runner = None
    if is_async(target):
        import asyncio

        runner = asyncio.Runner()
    kwargs, args = dict(params.get("kwargs") or {}), tuple(params.get("args") or ())
    if params.get("setup"):
        args = (_set_up(resolve(params["setup"]), kwargs, runner), *args)
        kwargs = {}

    def outcome() -> object:
        value = runner.run(target(*args, **kwargs)) if runner else target(*args, **kwargs)
        if type(value).__name__ == "coroutine":
            value.close()
            raise TypeError(f"{params['target']} returns a coroutine that nobody awaits: make it an 'async def'")
        return value

    facts = {key: value for key, value in (("place", _place(target)), ("source", _source(target))) if value}
    close = runner.close if runner else lambda: None
    return Step(target, args, kwargs, runner=runner, outcome=outcome, close=close, facts=lambda: facts)


def resolve(address: str) -> Any:
    """The object at "package.module:name.attribute"; what is missing is named with its nearest neighbour."""
    module, _, names = address.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # a module of the user's that imports one that is missing
        folder = importlib.import_module(error.name.rpartition(".")[0]).__path__ if "." in error.name else sys.path
        near = _nearest(error.name.rpartition(".")[2], (name for one in folder for name in _modules(one)))
        raise NoSuchTargetError(f"{address}: there is no module '{error.name}'{near}") from None
    for name in names.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            near = _nearest(name, (known for known in dir(found) if not known.startswith("__")))
            file = getattr(sys.modules[module], "__file__", None) or module
            raise NoSuchTargetError(f"{address}: {file} has no '{name}'{near}") from None
    if not callable(found):
        raise NotACallableError(f"{address} is a {type(found).__name__}, not a callable")
    return found


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, set(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _modules(folder: str) -> Iterator[str]:
    """Names that can be imported from a folder."""
    if os.path.isdir(folder):
        for entry in os.scandir(folder):
            if entry.name.endswith(".py") or entry.is_dir():
                yield entry.name.removesuffix(".py")


def _place(target: Any) -> str:
    """Where a callable is defined, as far as it says."""
    while isinstance(target, functools.partial):
        target = target.func
    code = getattr(getattr(target, "__func__", target), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def _source(target: Any) -> str:
    """A checksum of the file that defines the target: an edit must not be mixed into what was measured before."""
    file = _place(target).rpartition(":")[0]
    try:
        descriptor = os.open(file, os.O_RDONLY)  # `open` is this module's own, and pathlib costs a worker 6 ms
    except OSError:
        return ""
    try:
        return f"{zlib.crc32(os.read(descriptor, LARGEST_SOURCE)):08x}"
    finally:
        os.close(descriptor)


def is_async(target: Any) -> bool:
    """True for coroutine functions and for objects whose `__call__` is one."""
    while isinstance(target, functools.partial):
        target = target.func
    for found in (target, getattr(type(target), "__call__", None)):  # noqa: B004  # its code is wanted
        code = getattr(getattr(found, "__func__", found), "__code__", None)
        if code is not None and code.co_flags & CO_COROUTINE:
            return True
    return False


def _set_up(setup: Any, kwargs: dict[str, Any], runner: Any) -> Any:
    if not is_async(setup):
        return setup(**kwargs)
    if runner is not None:
        return runner.run(setup(**kwargs))  # what it connects belongs to the loop that will use it
    import asyncio

    return asyncio.run(setup(**kwargs))
