"""How long a user waits: `import lmrt`, `rt --help`, and the first token of a cold `rt prompt`.

Each figure is the median of several runs, beside that of an empty Python process in the same run,
because machines differ and are noisy; the limit is what the project promises on a desktop machine.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

RUNS = 9


def _whole(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def _first_byte(command: Sequence[str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        elapsed = time.perf_counter() - started
        process.stdout.read()
    return elapsed


def _median(measure: Callable[[Sequence[str]], float], command: Sequence[str]) -> float:
    measure(command)
    return statistics.median(measure(command) for _ in range(RUNS))


def main() -> int:
    """Print the table; return the number of figures over their limit."""
    rt = shutil.which("rt", path=str(sys.prefix) + "/bin") or "rt"
    rows: list[tuple[str, Callable[[Sequence[str]], float], list[str], float | None]] = [
        ("python, empty", _whole, [sys.executable, "-c", "pass"], None),
        ("import lmrt", _whole, [sys.executable, "-c", "import lmrt"], 0.1),
        ("rt --help", _whole, [rt, "--help"], 0.25),
        ("rt prompt, first token", _first_byte, [rt, "prompt", "What is lmrt?"], 0.6),
    ]
    over = 0
    print(f"{'start-up':<24} {'median':>9} {'limit':>8}   (of {RUNS} runs)")
    for name, measure, command, limit in rows:
        median = _median(measure, command)
        over += limit is not None and median > limit
        verdict = "" if limit is None else f"{limit:>6.2f} s  {'ok' if median <= limit else 'OVER'}"
        print(f"{name:<24} {median:>7.3f} s {verdict}")
    return over


if __name__ == "__main__":
    sys.exit(main())
