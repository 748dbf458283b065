"""Does h5py take a memoryview for a variable-length string? A script for a child process with limits.

Some combinations of buffer and type end the interpreter, so nobody asks this in a process that matters. One JSON
object is printed: {"supported": …, "reason": …}.
"""

from __future__ import annotations

import json
import resource
import tempfile
from pathlib import Path

import h5py

MEMORY = 4 << 30
CPU_SECONDS = 15


def main() -> None:
    """The document's three lines, then a look whether the text is really there."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    event = ('{"mensaje":"dolor agudo, náuseas"}' + "x" * 1000).encode()
    with tempfile.TemporaryDirectory(prefix="fibench-probe-") as folder, h5py.File(Path(folder) / "probe.h5", "w") as file:
        dataset = file.create_dataset("events", shape=(10,), dtype=h5py.special_dtype(vlen=str))
        try:
            dataset[0] = memoryview(event)
        except Exception as error:  # whatever it is, it is the answer
            answer = {"supported": False, "reason": f"{type(error).__name__}: {error}"}
        else:
            kept = dataset[0] == event
            answer = {"supported": kept, "reason": "" if kept else f"it stored {dataset[0]!r:.60}"}
    print(json.dumps(answer | {"h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version}))


if __name__ == "__main__":
    main()
