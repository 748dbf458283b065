"""Any callable: import it, run its setup, hand it over."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from fibench.step import Step


CO_COROUTINE = 0x80
"""`inspect.CO_COROUTINE`; importing inspect costs a worker 5 ms."""


def open(params: dict[str, Any]) -> Step:
    """Resolve target and setup; a coroutine function gets an event loop of its own."""
    target = resolve(params["target"])
    kwargs, args = dict(params.get("kwargs") or {}), tuple(params.get("args") or ())
    if params.get("setup"):
        args = (_set_up(resolve(params["setup"]), kwargs), *args)
        kwargs = {}
    runner = None
    if is_async(target):
        import asyncio

        runner = asyncio.Runner()
    call = functools.partial(target, **kwargs) if kwargs else target
    return Step(call, args, runner=runner, close=runner.close if runner else lambda: None)


def resolve(address: str) -> Any:
    """The object at "package.module:name.attribute"."""
    module, _, names = address.partition(":")
    found: Any = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    if not callable(found):
        raise TypeError(f"{address} is a {type(found).__name__}, not a callable")
    return found


def is_async(target: Any) -> bool:
    """True for coroutine functions and for objects whose `__call__` is one."""
    while hasattr(target, "func"):
        target = target.func  # functools.partial
    for found in (target, getattr(type(target), "__call__", None)):
        code = getattr(getattr(found, "__func__", found), "__code__", None)
        if code is not None and code.co_flags & CO_COROUTINE:
            return True
    return False


def _set_up(setup: Any, kwargs: dict[str, Any]) -> Any:
    if is_async(setup):
        import asyncio

        return asyncio.run(setup(**kwargs))
    return setup(**kwargs)
