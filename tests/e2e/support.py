"""Runs `rt` as a user does: a process of its own, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

RT = shutil.which("rt", path=str(Path(sys.executable).parent)) or "rt"

NO_HUB = "http://127.0.0.1:9"
"""Where nothing listens."""


def environment(home: Path, **extra: str) -> dict[str, str]:
    """Return an environment with nothing of the tester's own settings, and without the real Hub."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    config = str(home / ".config")
    own = {"HOME": str(home), "XDG_CONFIG_HOME": config, "HF_ENDPOINT": NO_HUB}
    return {**kept, **own, **extra}


def rt(
    *arguments: str,
    home: Path,
    stdin: str | bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> "subprocess.CompletedProcess[str]":
    """Run `rt` with arguments in `home` and return what it wrote, decoded."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    run = subprocess.run(
        [RT, *arguments],
        cwd=home,
        env=environment(home, **(env or {})),
        input=data,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return subprocess.CompletedProcess(
        run.args, run.returncode, run.stdout.decode(), run.stderr.decode()
    )
