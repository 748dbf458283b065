"""asyncio's loop and uvloop under the same work. No policy is ever set: every loop comes from its own Runner.

What one call is, and what is inside the timing:
  gather-sleep   gather of `tasks` coroutines that sleep `sleep` seconds; the loop exists already
  run-sleep      the same, with creation and close of loop and Runner inside, as the document's `asyncio.run` has it
  call-soon      a chain of `messages` callbacks, each scheduling the next
  task-switch    `tasks` tasks that each give way (`sleep(0)`) `messages` / `tasks` times
  task-churn     `tasks` tasks that return at once: creation and end of a task
  tcp-echo       `messages` echoes of `size` bytes over `connections` connections; the server, a Protocol, runs on the
  tcp-streams    loop under test in a process of its own (tcp-streams: with StreamReader and StreamWriter), the client
                 is a raw socket client in the worker; see `echo_client`
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fibench.step import Step

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def open(params: dict[str, Any]) -> Step:
    """A Step for the workload; only the loop that is asked for gets imported."""
    workload = params["workload"]
    if workload.startswith("tcp-"):
        from fibench.operations.echo_client import open_echo

        return open_echo(params)
    factory = loop_factory(params["loop"])
    call, args = WORK[workload](params)
    if workload == "run-sleep":
        return Step(lambda: _run_once(factory, call, args), facts=lambda: {"loop": _named(factory)})
    runner = asyncio.Runner(loop_factory=factory)
    facts = {"loop": _name_of(runner.get_loop())}
    return Step(call, args, runner=runner, facts=lambda: facts, close=runner.close)


def loop_factory(name: str) -> LoopFactory:
    """What makes a loop of that name."""
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop
    return asyncio.new_event_loop


async def gather_sleep(tasks: int, sleep: float) -> int:
    """The document's `simulate_io_workload`; returns how many answered "ok"."""

    async def single_request() -> dict[str, str]:
        await asyncio.sleep(sleep)
        return {"status": "ok"}

    answers = await asyncio.gather(*[single_request() for _ in range(tasks)])
    return answers.count({"status": "ok"})


async def call_soon(messages: int) -> int:
    """One callback after the other, each scheduled by the one before."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()
    count = 0

    def turn() -> None:
        nonlocal count
        count += 1
        if count < messages:
            loop.call_soon(turn)
        else:
            done.set_result(count)

    loop.call_soon(turn)
    return await done


async def task_switch(tasks: int, messages: int) -> int:
    """Tasks that do nothing but give way to one another; returns the number of switches."""
    turns = max(1, messages // tasks)

    async def give_way() -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    return sum(await asyncio.gather(*[give_way() for _ in range(tasks)]))


async def task_churn(tasks: int) -> int:
    """Tasks that return at once; returns how many did."""

    async def nothing() -> int:
        return 1

    return sum(await asyncio.gather(*[nothing() for _ in range(tasks)]))


WORK: dict[str, Callable[[dict[str, Any]], tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "gather-sleep": lambda params: (gather_sleep, (params["tasks"], params["sleep"])),
    "run-sleep": lambda params: (gather_sleep, (params["tasks"], params["sleep"])),
    "call-soon": lambda params: (call_soon, (params["messages"],)),
    "task-switch": lambda params: (task_switch, (params["tasks"], params["messages"])),
    "task-churn": lambda params: (task_churn, (params["tasks"],)),
}
"""Workload → (coroutine function, its arguments)."""


def _run_once(factory: LoopFactory, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """`asyncio.run` with a loop of our choice and without a policy."""
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(call(*args))


def _named(factory: LoopFactory) -> str:
    loop = factory()
    loop.close()
    return _name_of(loop)


def _name_of(loop: asyncio.AbstractEventLoop) -> str:
    return f"{type(loop).__module__}.{type(loop).__qualname__}"
