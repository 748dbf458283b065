"""From a case to raw blocks: fresh worker processes, interleaved blocks, nothing judged.

Parent side: session.py (one case), plan.py (pure decisions), launcher.py (workers), nursery.py (nothing stays behind).
Child side (standard library only): bench.py, block.py (the timed loop), ring.py (one process per variant), outcome.py.
"""
