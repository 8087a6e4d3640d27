"""A short name for a machine, so that what was measured on one is not taken for another's."""

import hashlib

from lmrt.domain.machine import Machine


def fingerprint(machine: Machine) -> str:
    """Return 16 hexadecimal digits that tell a machine from others.

    What is free at the moment and what was measured do not count; memory counts in whole GiB.
    """
    processor = machine.processor
    parts: list[object] = [
        machine.system,
        machine.architecture,
        processor.name,
        processor.physical_cores,
        processor.logical_cores,
        machine.memory_total >> 30,
    ]
    for gpu in machine.accelerators:
        parts += [gpu.device, gpu.name, gpu.memory_total >> 30, gpu.driver]
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
