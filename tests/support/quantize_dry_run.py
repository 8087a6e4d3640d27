"""Asks llama.cpp which type it would store each tensor in; run as a program, for its log.

Reads `[[path, mix], ...]` as JSON from stdin, the paths those of 16-bit files; writes for each one
object of the tensors' types by name. Nothing is read but headers, and nothing is written.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LINE = re.compile(
    r"^\[ *\d+/ *\d+\] +(\S+) +- \[.*?\], type = +(\w+), size = [^(\n]*(?:\((\w+)\))?",
    re.MULTILINE,
)


def chosen_types(asked: Sequence[tuple[Path, str]]) -> list[dict[str, str]]:
    """Return the types of each file's tensors in a mix.

    Raises:
        subprocess.CalledProcessError: The engine refuses a file.
    """
    run = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([[str(path), mix] for path, mix in asked]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, str]] = json.loads(run.stdout)
    return found


def main() -> None:
    """Answer one request."""
    from llama_cpp import llama_cpp as api

    lines: list[str] = []

    @api.llama_log_callback  # type: ignore[untyped-decorator]
    def keep(_level: int, text: bytes, _data: Any) -> None:
        lines.append(text.decode("utf-8", "replace"))

    answers = []
    api.llama_log_set(keep, None)
    api.llama_backend_init()
    for path, mix in json.load(sys.stdin):
        lines.clear()
        params = api.llama_model_quantize_default_params()
        params.dry_run, params.nthread = True, 1
        params.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{mix}")
        if api.llama_model_quantize(path.encode(), b"/dev/null", params):
            raise SystemExit("".join(lines)[-1000:])
        found = _LINE.findall("".join(lines))
        answers.append({name: (new or stored).upper() for name, stored, new in found})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
