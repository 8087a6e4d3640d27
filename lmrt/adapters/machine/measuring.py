"""Measures main memory and arithmetic, as a program of its own: `measuring.py THREADS BYTES`.

In a child, so that the libraries behind numpy take one thread each and nothing stays in memory.
Reading is the sum of products of an array with itself, by one thread and by all at once, each on a
part of its own; arithmetic is a product of matrices in f32. Of several runs the best counts: it is
what the machine can do when nobody else wants it.
"""

import json
import math
import mmap
import os
import sys
import time
from collections.abc import Callable
from threading import Thread

for _library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

_SECONDS = 0.15
"""For each of the four figures."""

_SIDE = 512
_TICK = 1e-9


def main(threads: int, size: int) -> None:
    """Print one object with the figures.

    Args:
        threads: Most threads.
        size: Bytes to read through; several times the processor's cache.
    """
    import numpy as np

    # Asked of the system at once where it can do that: page by page takes seconds on some.
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_POPULATE", 0)
    data = np.frombuffer(mmap.mmap(-1, size, flags=flags), dtype=np.float32)
    data[:: mmap.PAGESIZE // 4] = 1
    parts = np.array_split(data, threads)
    left = [np.ones((_SIDE, _SIDE), dtype=np.float32) for _ in range(threads)]
    right, product = left[0].copy(), [matrix.copy() for matrix in left]

    def read(part: int) -> None:
        parts[part].dot(parts[part])

    def multiply(part: int) -> None:
        np.matmul(left[part], right, out=product[part])

    operations = 2 * _SIDE**3
    found = {
        "thread_bandwidth": data.nbytes / _best(lambda: _timed(lambda _: data.dot(data), 0)),
        "memory_bandwidth": data.nbytes / _best(lambda: _together(read, threads)),
        "thread_arithmetic": operations / _best(lambda: _timed(multiply, 0)),
        "arithmetic": threads * operations / _best(lambda: _together(multiply, threads)),
    }
    # All cores reach at least what one does, also where others kept them busy meanwhile.
    found["memory_bandwidth"] = max(found["memory_bandwidth"], found["thread_bandwidth"])
    found["arithmetic"] = max(found["arithmetic"], found["thread_arithmetic"])
    sys.stdout.write(json.dumps(found) + "\n")


def _best(run: Callable[[], float]) -> float:
    run()
    fastest, end = math.inf, time.perf_counter() + _SECONDS
    while True:
        fastest = min(fastest, run())
        if time.perf_counter() >= end:
            return fastest


def _timed(work: Callable[[int], object], part: int) -> float:
    """Return the processor time that a piece of work takes.

    On a machine that does other things too, that is what it would take alone.
    """
    began = time.thread_time()
    work(part)
    return max(time.thread_time() - began, _TICK)


def _together(work: Callable[[int], object], threads: int) -> float:
    """Return the processor time of the thread that takes longest."""
    taken = [0.0] * threads

    def run(part: int) -> None:
        taken[part] = _timed(work, part)

    others = [Thread(target=run, args=(part,)) for part in range(1, threads)]
    for other in others:
        other.start()
    run(0)
    for other in others:
        other.join()
    return max(taken)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
