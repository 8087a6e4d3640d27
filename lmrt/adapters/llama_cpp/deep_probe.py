"""The child process of the deep probe: imports the engine and prints what it sees, as JSON."""

import json
import sys

from lmrt.adapters.llama_cpp import engine
from lmrt.adapters.llama_cpp.devices import engine_devices
from lmrt.domain.errors import LoadFailed


def main() -> int:
    """Print the report; return the exit code."""
    try:
        api = engine.api()
    except LoadFailed as error:
        print(error.note, file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    devices = [
        {
            "engine_name": found.name,
            "device": found.device,
            "kind": found.kind,
            "name": found.description,
            "total": found.memory_total,
            "free": found.memory_free,
        }
        for found in engine_devices()
    ]
    document = {
        "engine": f"llama.cpp {api.llama_version().decode()}",
        "devices": devices,
        "system": api.llama_print_system_info().decode("utf-8", "replace").strip(" |"),
    }
    print(json.dumps(document))  # noqa: T201 - the parent reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
