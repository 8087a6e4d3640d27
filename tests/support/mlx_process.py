"""Loads a directory on MLX and prints what it answers, as a program of its own.

`python -m tests.support.mlx_process FOLDER [without-torch] [left-open]`: it prints the answer's
tokens, the limit of open files before and after, and whether torch was imported, as JSON.
"""

import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)


def main(folder: Path, *, without_torch: bool, left_open: bool) -> None:
    if without_torch:
        # What an import finds where the package is not installed
        sys.modules["torch"] = None  # type: ignore[assignment]
    from lmrt.adapters.mlx import mlx_backend
    from tests.support.mlx_plans import mlx_plan
    from tests.support.sequences import request, run

    def work() -> list[int]:
        model = mlx_backend().load(mlx_plan(folder), folder)
        tokens = run(model, request(PROMPT)).tokens
        if left_open:
            kept.append(model)
        else:
            model.close()
        return tokens

    kept: list[object] = []
    # The engine would make 2048 of it
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (1500, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    tokens = ThreadPoolExecutor(1).submit(work).result()
    after = resource.getrlimit(resource.RLIMIT_NOFILE)
    torch = sys.modules.get("torch") is not None
    print(json.dumps({"tokens": tokens, "before": before, "after": after, "torch": torch}))


if __name__ == "__main__":
    options = sys.argv[2:]
    main(
        Path(sys.argv[1]),
        without_torch="without-torch" in options,
        left_open="left-open" in options,
    )
