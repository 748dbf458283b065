"""The numbers of the load engine, and its peers' beside them: throughput, pacing, a stall, stamps, memory, capacity.

`make bench-load` prints them on your machine; `python -m benchmarks.load --list` says what the parts are.
"""
