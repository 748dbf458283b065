"""The parent's end of a worker process: tasks out, answers in, with a deadline on every answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fibench
from fibench.errors import MeasurementError
from fibench.measure.nursery import Nursery

ROOT = str(Path(fibench.__file__).resolve().parent.parent)
_CODE = (
    "import sys; sys.path.insert(0, {root!r}); import fibench; del sys.path[0]; "
    "from fibench.worker import main; main({commands}, {answers}, {mark})"
)


class VariantFailedError(MeasurementError):
    """A variant did something that ends its measurement; `number` is None when it is not known which one it was."""

    def __init__(self, message: str, number: int | None, *, where: str | None = None, detail: str = "") -> None:
        super().__init__(message, where=where)
        self.number = number
        self.detail = detail


class Worker:
    """A fresh process (new address layout, hash seed and environment size) that serves one generation."""

    def __init__(self, nursery: Nursery, *, python: str | None, env: Mapping[str, str], seed: int, show: bool) -> None:
        commands_out, self._commands = os.pipe()
        self._answers, answers_in = os.pipe()
        self._mark = os.memfd_create("fibench-mark")
        self.output = (nursery.folder / f"output-{seed:08x}").open("w+b")
        code = _CODE.format(root=ROOT, commands=commands_out, answers=answers_in, mark=self._mark)
        layout = {"PYTHONHASHSEED": str(seed % 2**32), "FIBENCH_PAD": "x" * (seed % 4096)}
        try:
            self._process = subprocess.Popen(
                [python or sys.executable, *(["-P"] if python is None else []), "-c", code],
                pass_fds=(commands_out, answers_in, self._mark),
                stdin=subprocess.DEVNULL,
                stdout=None if show else self.output,
                stderr=None if show else self.output,
                env=nursery.environment({**layout, **env}),
                start_new_session=True,
            )
        except OSError as error:
            raise MeasurementError(f"cannot start {python or sys.executable}: {error.strerror}") from error
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
            report = answer["failed"]
            raise VariantFailedError(
                f"{report['type']} in {report['doing']}: {report['message']}",
                self.running(),
                where=report["where"],
                detail=report["traceback"],
            )
        return answer["ok"]

    def running(self) -> int | None:
        """The number of the variant that ran last."""
        mark = os.pread(self._mark, 2, 0)
        return mark[0] if mark else None

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
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise VariantFailedError(f"no answer within {timeout:g} s (measure.timeout)", self.running())
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise self._died()
            parts.append(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _died(self) -> VariantFailedError:
        code = self._process.wait()
        mark = os.pread(self._mark, 2, 0)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        if mark[1:] == b"\1":
            how = "forked and returned in both processes; a target must not outlive its own fork"
        last = self.printed().splitlines()[-1:] or [""]
        said = f" ({last[0][:160]})" if last[0] else ""
        return VariantFailedError(f"the worker process {how}{said}", mark[0] if mark else None)
