"""How and where a process ended, in words."""

from __future__ import annotations

import json
import os

from fibench.measure import ending

OWN = os.path.dirname(os.path.dirname(ending.__file__))
DUMP = f"""Fatal Python error: Segmentation fault

Current thread 0x00007f (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/home/me/project/crash.py", line 6 in crashes
  File "{OWN}/measure/block.py", line 50 in _nullary
"""


def test_codes_and_signals_have_names() -> None:
    assert ending.how(3) == "exited with code 3"
    assert ending.how(-11) == "was killed by SIGSEGV"
    assert ending.how(-99) == "was killed by signal 99"


def test_the_users_own_frame_is_named_not_the_librarys_nor_ours() -> None:
    assert ending.dumped(DUMP) == "/home/me/project/crash.py:6"


def test_a_stack_of_libraries_alone_names_none_for_a_hang_and_the_deepest_for_an_error() -> None:
    frames = [(json.__file__, 355), (os.__file__, 1)]
    assert ending.choose(frames) == f"{json.__file__}:355"
    assert ending.choose(frames, library=False) == ""
    assert ending.dumped("") == ""
