"""The child process of the deep probe: imports the engine and prints what it sees, as JSON."""

import json
import sys
from typing import Any

from lmrt.adapters.torch import engine
from lmrt.domain.errors import LoadFailed


def main() -> int:
    """Print the report; return the exit code."""
    try:
        engine.transformers()
    except LoadFailed as error:
        print(error.note, file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    from lmrt.adapters.torch.devices import visible_devices

    document = {
        "engine": engine.version(),
        "devices": [{"device": name, "label": _label(name)} for name in visible_devices()],
    }
    print(json.dumps(document))  # noqa: T201 - the parent reads it
    return 0


def _label(name: str) -> str:
    """Return what there is to say of a device, once it has computed something."""
    import torch

    device: Any = torch.device("mps" if name == "metal" else name)
    # A library of another machine, or a driver that is too old, only fails here.
    (torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)).sum().item()
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        title = torch.cuda.get_device_name(device)
        major, minor = torch.cuda.get_device_capability(device)
        return (
            f"{title}, compute capability {major}.{minor}, "
            f"{free >> 20:,} of {total >> 20:,} MiB free"
        )
    if device.type == "mps":
        return f"{torch.mps.recommended_max_memory() >> 20:,} MiB recommended at most"
    return f"{torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    sys.exit(main())
