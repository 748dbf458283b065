"""Kind `command`: any command line: wall time, CPU time and peak memory of every execution."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Strict
from fibench.workloads.kind import Kind

SHELL_WORDS = ("|", "||", "&&", ";", "&", ">", ">>", "<", "<<")


class Params(Strict):
    """A string is split as a shell would, but no shell runs it; `shell: true` gives it to /bin/sh."""

    command: str | Annotated[tuple[str | int | float, ...], Field(min_length=1)]
    cwd: str = "."
    env: dict[str, str] = {}
    stdin: str | None = None
    stdout: Literal["file", "null"] = "file"
    """Into a temporary file, or to /dev/null: some programs notice that (grep stops at its first match there)."""
    exit_codes: tuple[int, ...] = (0,)
    shell: bool = False
    values: dict[str, str] = {}

    @model_validator(mode="after")
    def _no_shell_words(self) -> Params:
        words = _unquoted(self.command) if isinstance(self.command, str) and not self.shell else ()
        shell = next((word for word in words if word in SHELL_WORDS), None)
        if shell:
            raise ValueError(f"no shell runs this command, so '{shell}' would be an argument: say shell: true")
        return self


def _unquoted(command: str) -> list[str]:
    """The words of a command line with their quotes on: a quoted "|" is an argument, a bare one is a pipe."""
    lexer = shlex.shlex(command, posix=False)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError as error:
        raise ValueError(f"the command cannot be split into words: {error}") from error


class CommandKind(Kind):
    """The parent half: `{name}` in the command is replaced by the matrix value of that name."""

    name = "command"
    about = "any command line: wall, CPU and peak memory of each execution"
    Params = Params
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall", about="from spawn to exit"),
        "cpu": Metric("cpu", about="user + system time of the command and the children it waited for"),
        "spawn_floor": Metric("spawn_floor", about="starting and ending a process that does nothing, right afterwards"),
        "peak_memory": Metric("peak_memory", "B", about="largest resident set of the command (maxrss, wait4)"),
    }
    operation = "fibench.operations.command:open"
    per_round = True

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """Matrix keys fill `{name}` in the command; one that appears nowhere is a mistake."""
        command = params.get("command", "")
        text = command if isinstance(command, str) else " ".join(map(str, command))
        unused = [name for name in free if "{" + name + "}" not in text + str(params.get("env", {}))]
        if unused:
            raise ValueError(f"'{unused[0]}' is used nowhere: write {{{unused[0]}}} in the command")
        return (
            {**params, "values": {**params.get("values", {}), **{name: str(value) for name, value in free.items()}}}
            if free
            else dict(params)
        )

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Two commands are not expected to print the same."""
        return False

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """Say where peak memory is only the launcher's own size."""
        for generation in record.generations[:1]:
            floors = generation.facts.get("variants", {}).values()
            floor = max((facts.get("memory_floor", 0) for facts in floors), default=0)
            for name, metrics in result.summaries.items():
                peak = metrics.get("peak_memory")
                if peak and peak.median and floor and peak.median <= floor * 1.02:
                    text = f"{name} needs no more than the {floor / 2**20:.1f} MiB that a process is started with"
                    yield Note("memory-floor", text, "its peak memory is an upper bound", record.case.title)


KIND = CommandKind()
