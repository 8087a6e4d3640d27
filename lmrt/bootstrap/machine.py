"""The machine at hand, and what is kept of how fast it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.ports.machine import MachineProbe

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmrt.ports.speed import SpeedLedger


def machine_probe(*, measure: bool = False) -> MachineProbe:
    """Return the probe of this machine.

    Args:
        measure: Whether to measure how fast it is where nobody did before, which takes 2 seconds;
            else it tells what was measured, if anything.
    """
    from lmrt.adapters.filesystem import atomic_write
    from lmrt.adapters.machine import (
        MeasuredMachineProbe,
        SystemMachineProbe,
        measure_in_child,
    )

    return MeasuredMachineProbe(
        probe=SystemMachineProbe(),
        path=cache_folder() / "machine.json",
        write=atomic_write,
        measure=measure_in_child if measure else None,
    )


def speed_ledger(tell: "Callable[[str], None]") -> "SpeedLedger":
    """Return the ledger of this user's runs; `tell` is told what is wrong with it, once."""
    from lmrt.adapters.ledger import FileSpeedLedger

    return FileSpeedLedger(cache_folder() / "speeds.jsonl", tell)


def cache_folder() -> Path:
    """Return the folder of what can be made anew."""
    from platformdirs import user_cache_path

    return user_cache_path("lmrt", appauthor=False)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises OSError where that is not possible."""
    from lmrt.adapters.filesystem import atomic_write

    atomic_write(path, data)
