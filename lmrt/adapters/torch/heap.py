"""Giving memory that was freed back to the system."""

import ctypes
from functools import cache
from typing import Any


def trim() -> None:
    """Let the C library return what it keeps for later; it does nothing where there is no way to.

    Rounding leaves rounded matrices among temporary ones of several times their size, and glibc
    would keep the gaps: three times the model's size in all.
    """
    found = _malloc_trim()
    if found is not None:
        found(0)


@cache
def _malloc_trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
