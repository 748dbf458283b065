"""The documented exit codes; a command returns one of these and nothing else."""

from __future__ import annotations

PASS = 0
FAILED = 1
USAGE = 2
UNDECIDED = 3
MEASUREMENT = 4
INTERRUPTED = 130
