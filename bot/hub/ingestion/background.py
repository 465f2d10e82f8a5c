"""What makes a process one that stores and computes behind those that answer."""

from __future__ import annotations

import gc
import os

STORING, IMPORTING = 5, 19
"""How nice each is: look-ups go before records that were just submitted, and those before whole files."""

_SELDOM = (200_000, 50, 50)
"""A batch is tens of thousands of objects, and none of them garbage: looking through them takes a fifth of the time it takes to
prepare them.
"""


def work_behind(niceness: int) -> None:
    """For the rest of this process, leave the processor to others first, and seldom look for garbage."""
    os.nice(niceness)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
