"""The table of docs/planner.md: what the planner says of memory, beside what engines take.

::

    python -m benchmarks.memory               llama.cpp's dry run; seconds, nothing is allocated
    python -m benchmarks.memory --loads       loads on MLX and torch as well; minutes

Figures are MiB, the planner's first. The exit status counts the rows that are off.
"""

import argparse
import sys

from benchmarks.memory.dry import main as dry_runs
from benchmarks.memory.loads import main as loads


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; return the number of rows that are off."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--loads", action="store_true", help="load models on MLX and torch too")
    asked = parser.parse_args(arguments)
    off = dry_runs()
    if asked.loads:
        print()
        off += loads()
    return off


if __name__ == "__main__":
    sys.exit(main())
