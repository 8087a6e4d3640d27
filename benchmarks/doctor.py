"""How long `rt doctor` takes, with every engine that is installed and without torch.

The limit is what the project promises without torch. The processor's time stands beside the wall
clock's, since a machine that does other things makes only the latter longer.

    python -m benchmarks.doctor
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

RUNS = 5
LIMIT = 5.0


def _run(rt: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that it took, by the clock and of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([rt, "doctor"], check=True, capture_output=True, env=environment)
    elapsed = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _without_torch(folder: Path) -> str:
    """Return a `PYTHONPATH` with a torch of a version that no backend takes."""
    (folder / "torch").mkdir()
    (folder / "torch" / "__init__.py").touch()
    told = folder / "torch-1.0.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Name: torch\nVersion: 1.0.0\n")
    return str(folder)


def main() -> int:
    """Print the table; return the number of figures over their limit."""
    rt = shutil.which("rt", path=str(sys.prefix) + "/bin") or "rt"
    over = 0
    print(f"{'rt doctor':<16} {'median':>9} {'processor':>10} {'limit':>8}   (of {RUNS} runs)")
    with tempfile.TemporaryDirectory() as folder:
        hidden = {**os.environ, "PYTHONPATH": _without_torch(Path(folder))}
        rows: tuple[tuple[str, Mapping[str, str], float | None], ...] = (
            ("without torch", hidden, LIMIT),
            ("all engines", os.environ, None),
        )
        for name, environment, limit in rows:
            _run(rt, environment)  # measures the machine and fills the disk's cache
            runs = [_run(rt, environment) for _ in range(RUNS)]
            wall = statistics.median(run[0] for run in runs)
            used = statistics.median(run[1] for run in runs)
            over += limit is not None and wall > limit
            verdict = (
                "" if limit is None else f"{limit:>6.1f} s  {'ok' if wall <= limit else 'OVER'}"
            )
            print(f"{name:<16} {wall:>7.2f} s {used:>8.2f} s {verdict}")
    return over


if __name__ == "__main__":
    sys.exit(main())
