"""A server's command line and environment: {name} filled in, everything else left alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from fibench.traffic.errors import EngineError

_NAME = re.compile(r"\{\{\{(?P<inner>[A-Za-z_]\w*)\}\}\}|\{\{(?P<literal>[A-Za-z_]\w*)\}\}|(?<!\$)\{(?P<name>[A-Za-z_]\w*)\}")


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values in place of {name}; {{name}} stands for {name} itself; JSON's braces and the shell's ${name} stay.

    EngineError for a {name} that is not among the values.
    """

    def one(found: re.Match[str]) -> str:
        if found["literal"]:
            return "{" + found["literal"] + "}"
        name = found["inner"] or found["name"]
        if name not in values:
            known = ", ".join(f"{{{known}}}" for known in sorted(values))
            raise EngineError(
                f"unknown {{{name}}} in {_short(text)}", f"known are {known}; {{{{{name}}}}} if it is meant literally"
            )
        return "{" + str(values[name]) + "}" if found["inner"] else str(values[name])

    return _NAME.sub(one, text)


def words(command: Sequence[str] | str, values: Mapping[str, object]) -> list[str]:
    """The command's words, filled; a text is split as a shell would, but no shell runs it."""
    try:
        split = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        raise EngineError(f"server command {_short(str(command))}: {error}", "a quotation mark is missing") from None
    operators = {"|", "||", "&&", ";", "&", ">", "<", ">>", "2>&1"} & set(split) if isinstance(command, str) else set()
    if operators:
        raise EngineError(
            f"server command has a bare {min(operators)}", "no shell runs it: say sh -c '…', or give a list of words"
        )
    if not split or not split[0]:
        raise EngineError("the server command is empty", "say what starts the server")
    return [fill(word, values) for word in split]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
