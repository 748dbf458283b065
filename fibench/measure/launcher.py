"""The parent's end of a worker process: tasks out, answers in, with a deadline on every answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fibench
from fibench.errors import MeasurementError
from fibench.measure import ending, marker
from fibench.measure.nursery import Nursery

ROOT = str(Path(fibench.__file__).resolve().parent.parent)
POLL = 0.5
"""Seconds between two looks at whether the worker lives: a child that it left behind may hold its pipe open."""
_CODE = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; import fibench; del sys.path[0]; "
    "from fibench.worker import main; main({commands}, {answers}, {mark})"
)


class VariantFailedError(MeasurementError):
    """A variant did something that ends its measurement; `number` is None when it is not known which one it was."""

    def __init__(
        self, message: str, number: int | None, *, where: str | None = None, detail: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.number = number
        self.detail = detail


class Worker:
    """A fresh process (new address layout, hash seed and environment size) that serves one generation."""

    def __init__(self, nursery: Nursery, *, python: str | None, env: Mapping[str, str], seed: int, show: bool) -> None:
        commands_out, self._commands = os.pipe()
        self._answers, answers_in = os.pipe()
        self._mark = os.memfd_create("fibench-mark")
        os.lseek(self._mark, marker.STACK, os.SEEK_SET)
        self.output = tempfile.TemporaryFile(dir=nursery.folder)  # noqa: SIM115  # unnamed: gone with the worker
        code = _CODE.format(root=ROOT, commands=commands_out, answers=answers_in, mark=self._mark)
        layout = {"PYTHONHASHSEED": str(seed % 2**32), "FIBENCH_PAD": "x" * (seed % 4096)}
        try:
            self._process = subprocess.Popen(
                [python or sys.executable, *(["-P"] if python is None else []), "-c", code],
                pass_fds=(commands_out, answers_in, self._mark),
                stdin=subprocess.DEVNULL,
                stdout=2 if show else self.output,  # stdout is for data, whatever a target prints
                stderr=None if show else self.output,
                env=nursery.environment({**layout, **env}),
                start_new_session=True,
            )
        except OSError as error:
            for descriptor in (self._commands, self._answers, self._mark):
                os.close(descriptor)
            self.output.close()
            hint = "name an interpreter that is there: python: /usr/bin/python3"
            raise VariantFailedError(f"cannot start {python or sys.executable}: {error.strerror}", 0, hint=hint) from error
        finally:
            os.close(commands_out)
            os.close(answers_in)
        self._rest = b""

    def ask(self, task: dict[str, Any], timeout: float) -> Any:
        """Send a task and wait for its answer; VariantFailedError says what went wrong and with which variant."""
        try:
            data = memoryview(json.dumps(task).encode() + b"\n")
            while data:
                data = data[os.write(self._commands, data) :]
        except BrokenPipeError:
            raise self._died() from None
        answer = json.loads(self._line(time.monotonic() + timeout, timeout))
        if "failed" in answer:
            raise self._failed(answer["failed"])
        if self._forked:
            raise self._ended("")
        return answer["ok"]

    @property
    def _forked(self) -> bool:
        return marker.forked(self._mark)

    def running(self) -> int | None:
        """The number of the variant that ran last."""
        return marker.running(self._mark)[0]

    def end(self) -> None:
        """Kill the worker and its process group; the session's sweep finds whoever left the group."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        for descriptor in (self._commands, self._answers, self._mark):
            os.close(descriptor)
        self.output.close()

    def printed(self) -> str:
        """The last of what the worker's targets printed, for messages (at most 4 KiB)."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), 4096, max(0, size - 4096)).decode("utf-8", "replace").strip()

    def _line(self, deadline: float, timeout: float) -> bytes:
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._answers], [], [], min(POLL, left))
            if not ready and left == 0.0:
                raise self._silent(timeout)
            if not ready and self._process.poll() is None:
                continue
            part = os.read(self._answers, 1 << 20) if ready else b""
            if not part:
                raise self._died()
            parts.append(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _failed(self, report: dict[str, Any]) -> VariantFailedError:
        """What the worker said of its target."""
        if "ended" in report:
            return self._ended(report["ended"])
        own = report["type"] == "EngineError"  # a sentence of ours, not an accident of the target's
        message = report["message"] if own else f"{report['type']} in {report['doing']}: {report['message']}"
        hint = report.get("hint") or ("" if own else "--debug shows the whole traceback")
        return VariantFailedError(message, self.running(), where=report["where"], detail=report["traceback"], hint=hint)

    def _died(self) -> VariantFailedError:
        try:
            return self._ended(ending.how(self._process.wait(1.0)))
        except subprocess.TimeoutExpired:
            return self._ended("closed the pipe on which it answers fibench")

    def _ended(self, how: str) -> VariantFailedError:
        hint = "--debug shows all that it prints"
        if self._forked:
            how = "forked and returned in both processes"
            hint = "end the child inside the target, with os._exit()"
        last = "".join(filter(str.isprintable, (self.printed().splitlines() or [""])[-1][:160]))
        said = f" ({last})" if last and not self._forked else ""
        stack = marker.stack(self._mark)
        where = ending.dumped(stack)
        return VariantFailedError(f"its process {how}{said}", self.running(), where=where, detail=stack, hint=hint)

    def _silent(self, timeout: float) -> VariantFailedError:
        """Ask whoever hangs for its stack: `faulthandler` answers even from the middle of a C function."""
        _, pid = marker.running(self._mark)
        try:  # only the one that hangs: several stacks in one place would garble each other
            os.kill(pid or self._process.pid, signal.SIGUSR1)
        except ProcessLookupError:
            return self._died()
        end, stack, before = time.monotonic() + POLL, "", None
        while (not stack or stack != before) and time.monotonic() < end:  # it is written line by line
            time.sleep(0.03)
            before, stack = stack, marker.stack(self._mark)
        hint = "give it more time with measure: {timeout: 5 min}, if it is only slow"
        message = f"no answer within {timeout:.3g} s (measure.timeout)"
        return VariantFailedError(message, self.running(), where=ending.dumped(stack), detail=stack, hint=hint)
