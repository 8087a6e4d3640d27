"""How long `rt models list` takes over 500 model directories.

    python -m benchmarks.listing [directories]

Writes real models to a temporary folder (small ones: what counts is how many files, tensors and
tokens there are): half of them Hugging Face directories of 28 layers, half GGUFs of 28 layers with
a vocabulary of 32,000 tokens. Every directory is a copy, so that each has to be compared with all
others of its kind. Prints the first run of the command, which reads every header, and the median of
the runs after it, which look whether anything has changed.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attrs import frozen

from tests.support.tiny_models import TinyModel, write_gguf, write_hf

LIMIT = 1.0
RUNS = 5
_LAYERS = 28
_VOCABULARY = 32_000


def write(root: Path, count: int) -> None:
    """Write the directories, each with files of its own."""
    small = TinyModel(layers=_LAYERS, hidden=32, feed_forward=32, vocabulary=300, dtype="F16")
    first_hf = write_hf(small, root / "org-0" / "model-0")
    wide = TinyModel(layers=_LAYERS, hidden=32, feed_forward=32, vocabulary=_VOCABULARY)
    first_gguf = write_gguf(wide, root / "org-1" / "model-1" / "model-F32.gguf").parent
    for number in range(2, count):
        place = root / f"org-{number % 10}" / f"model-{number}"
        shutil.copytree(first_gguf if number % 2 else first_hf, place)


@frozen
class Taken:
    """What a run took: seconds on the clock, and seconds of processor time."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s ({self.processor:.2f} s of processor time)"


def listing(root: Path, home: Path) -> Taken:
    """Return what the command takes."""
    rt = shutil.which("rt", path=str(sys.prefix) + "/bin") or "rt"
    command = [rt, "models", "list", "--models-dir", str(root)]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
    }
    start, used = time.perf_counter(), _processor()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return Taken(time.perf_counter() - start, _processor() - used)


def _processor() -> float:
    """Return the processor time of all children so far; a busy machine lengthens the clock's."""
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def main(count: int = 500) -> int:
    """Print the times beside the limit; return 1 if listing again takes longer."""
    with tempfile.TemporaryDirectory() as folder:
        home, root = Path(folder) / "home", Path(folder) / "models"
        home.mkdir()
        write(root, count)
        first = listing(root, home)
        runs = [listing(root, home) for _ in range(RUNS)]
    again = Taken(
        statistics.median(run.clock for run in runs),
        statistics.median(run.processor for run in runs),
    )
    print(f"rt models list, {count} directories: first {first}, again {again}, limit {LIMIT:.2f} s")
    return int(again.clock > LIMIT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
