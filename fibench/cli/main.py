"""The command line. `fibench --help` imports typer and nothing of the stages."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from typing import Any

import typer

from fibench import __version__
from fibench.cli import exits
from fibench.cli.commands import (
    claims,
    compare,
    doctor,
    gate,
    init,
    listing,
    planned,
    report,
    rm,
    run,
    runs,
    schema,
    show,
    tag,
    validate,
)  # fmt: skip
from fibench.errors import FibenchError, UsageError

AT_ONCE = 1.0
"""Seconds within which a second signal is an echo of the first."""

app = typer.Typer(
    name="fibench",
    help="Benchmarks that say what is true: V1 against V2, interleaved, with a verdict you can trust.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, module in {
    "run": run, "compare": compare, "gate": gate, "claims": claims, "report": report, "list": listing, "show": show,
    "runs": runs, "tag": tag, "rm": rm, "validate": validate, "schema": schema, "init": init, "doctor": doctor,
}.items():  # fmt: skip
    app.command(name)(module.command)
planned.register(app)


@app.callback(invoke_without_command=True)
def options(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks and what targets print (anywhere on the line)."),
) -> None:
    """Benchmarks that say what is true: V1 against V2, interleaved, with a verdict you can trust."""
    if version:
        print(f"fibench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(entry(sys.argv[1:]))


def entry(words: list[str]) -> int:
    """Words in, exit code out; every problem ends in one or two lines unless --debug was given."""
    debug, words = _take_debug(words)
    stop = _Stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        return _code(app(words, standalone_mode=False))
    except FibenchError as error:
        return _known(error, debug)
    except (typer.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except SystemExit as left:  # typer's answer to `--help | head`, and to --show-completion
        return left.code if isinstance(left.code, int) and not isinstance(left.__context__, BrokenPipeError) else exits.PASS
    except Exception as error:
        return _unexpected(error, debug)


def debugging() -> bool:
    """True when --debug was given."""
    return os.environ.get("FIBENCH_DEBUG") == "1"


def _take_debug(words: list[str]) -> tuple[bool, list[str]]:
    if "--debug" in words:
        os.environ["FIBENCH_DEBUG"] = "1"
    return debugging(), [word for word in words if word != "--debug"]


def _code(result: Any) -> int:
    return result if isinstance(result, int) else exits.PASS


def _known(error: FibenchError, debug: bool) -> int:
    from fibench.cli.console import complain

    if debug:
        traceback.print_exception(error)
    complain(error)
    return error.exit_code


def _unexpected(error: Exception, debug: bool) -> int:
    """Wrong words on the command line, in our form; anything else is our own bug, and says so."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        return _misused(error)
    if debug:
        traceback.print_exception(error)
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "?"
    print(f"error: fibench itself failed: {type(error).__name__}: {error} ({where})", file=sys.stderr)
    print("hint: run again with --debug for the traceback; what was measured is stored", file=sys.stderr)
    return exits.MEASUREMENT


def _misused(error: Any) -> int:
    """typer's own errors: no such command, option or value."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    path = error.ctx.command_path if getattr(error, "ctx", None) else "fibench"
    from fibench.cli.console import complain

    complain(UsageError(error.format_message(), hint=f"{path} --help shows what it takes"))
    return int(error.exit_code)


class _Stop:
    """Ctrl-C, SIGTERM, SIGHUP. The first ends the run in good order; `timeout` and terminals send two at once, so one
    within a second means the same; one after that ends fibench where it stands (the guard cleans up)."""

    def __init__(self) -> None:
        self.first = 0.0

    def __call__(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        if not self.first:
            self.first = now
            raise KeyboardInterrupt
        if now - self.first > AT_ONCE:
            if os.isatty(2):
                os.write(2, b"\x1b[?25h\n")  # the live view had hidden the cursor
            os._exit(exits.INTERRUPTED)
