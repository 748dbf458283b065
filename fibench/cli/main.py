"""The command line. `fibench --help` imports typer and nothing of the stages."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import typer

from fibench import __version__
from fibench.cli import exits
from fibench.cli.commands import (
    claims, compare, doctor, gate, init, listing, planned, report, rm, run, runs, schema, show, tag, validate,
)  # fmt: skip
from fibench.errors import FibenchError

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
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return _code(app(words, standalone_mode=False))
    except FibenchError as error:
        if debug:
            raise
        from fibench.cli.console import complain

        complain(error)
        return error.exit_code
    except typer.Abort:
        return exits.INTERRUPTED
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` is not an error
        return exits.PASS
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


def _unexpected(error: Exception, debug: bool) -> int:
    """Usage errors of typer print themselves; anything else is our own bug, and says so."""
    if hasattr(error, "show") and hasattr(error, "exit_code"):
        error.show()
        return int(error.exit_code)
    if debug:
        raise error
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "?"
    print(f"error: fibench itself failed: {type(error).__name__}: {error} ({where})", file=sys.stderr)
    print("hint: run again with --debug for the traceback; what was measured is stored", file=sys.stderr)
    return exits.MEASUREMENT


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt
