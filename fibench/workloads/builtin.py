"""The built-in kinds: data, not imports."""

GROUP = "fibench.workloads"
BUILTIN = {
    "python": "fibench.workloads.python:KIND",
    "command": "fibench.workloads.command:KIND",
    "event-loop": "fibench.workloads.event_loop:KIND",
    "json": "fibench.workloads.json_codec:KIND",
    "hdf5": "fibench.workloads.hdf5:KIND",
    "http": "fibench.workloads.http:KIND",
    "workers": "fibench.workloads.workers:KIND",
}
"""Kind name → "module:attribute" of its parent half."""

PLANNED = {
    "llm": "LLM streaming",
    "buffers": "adaptive buffers",
    "e2e": "the end-to-end pipeline",
}
"""Kinds of the design that are not built yet, so that a user gets a clear answer instead of "unknown"."""
