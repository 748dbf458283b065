"""Benchmarks of fibench itself, runnable by anyone; the peers stand beside it in the same run."""
