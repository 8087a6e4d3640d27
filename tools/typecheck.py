"""Runs mypy and makes sure that it has seen every file.

A green run over nothing is worth nothing: the number of checked files that mypy reports must equal
the number of Python files in the checked folders.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDERS = ("lmrt", "tests", "guide", "benchmarks", "tools")


def main() -> int:
    """Return mypy's exit code, or 1 where it has not seen every file."""
    root = Path(__file__).resolve().parent.parent
    files = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    run = subprocess.run(  # noqa: S603 - the arguments are this file's own
        [sys.executable, "-m", "mypy", *FOLDERS],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(run.stdout + run.stderr)
    if run.returncode:
        return run.returncode
    match = re.search(r"in (\d+) source files", run.stdout)
    seen = int(match[1]) if match else 0
    if seen != len(files):
        sys.stdout.write(f"mypy saw {seen} files, but there are {len(files)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
