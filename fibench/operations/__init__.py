"""The child halves of the kinds: what runs inside a worker process.

One file per kind, each with `open(params: dict) -> Step`. A worker must start in milliseconds, dozens of times a
run, so these modules import the standard library, `fibench.step` and the system under test, and nothing else.
"""
