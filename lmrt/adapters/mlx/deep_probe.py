"""The child process of the deep probe: imports the engine and prints what it sees, as JSON."""

import json
import sys

from lmrt.adapters.mlx import engine
from lmrt.domain.errors import LoadFailed


def main() -> int:
    """Print the report; return the exit code."""
    try:
        found = engine.api()
    except LoadFailed as error:
        print(error.note, file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    core = found.core
    metal = bool(core.metal.is_available())
    # The smallest computation there is, since a library of another machine only fails here
    with core.stream(core.gpu if metal else core.cpu):
        core.eval(core.ones((2, 2)) @ core.ones((2, 2)))
    document = {
        "engine": found.version,
        "devices": ["metal", "cpu"] if metal else ["cpu"],
        "device": {f"device {name}": str(value) for name, value in core.device_info().items()},
    }
    print(json.dumps(document))  # noqa: T201 - the parent reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
