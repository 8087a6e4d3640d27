"""Writes the machine documents of `tests/fixtures/machines` from `sources.toml`.

::

    python -m tests.golden.machines

The machine itself comes from the published figures; what each backend can do there comes from the
backends' own probes, given the installation that `sources.toml` describes. Recorded machines are
left alone.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from lmrt.adapters.machine.apple import apple_gpu
from lmrt.adapters.machine.published import nvidia_arithmetic
from lmrt.domain.machine import Accelerator, DeviceKind, Machine, Processor
from lmrt.domain.surroundings import Surroundings
from lmrt.wire.machine import machine_from_payload, machine_payload
from tests.golden.installations import llama_cpp_probe, mlx_probe, torch_probe

FOLDER = Path(__file__).parents[1] / "fixtures" / "machines"
SOURCES = FOLDER / "sources.toml"

Described = Mapping[str, Any]


def sources() -> dict[str, Described]:
    """Return the description of every machine by name, those that are like another filled in."""
    read = tomllib.loads(SOURCES.read_text("utf-8"))
    return {name: {**read.get(entry.get("like"), {}), **entry} for name, entry in read.items()}


def saved(name: str) -> Surroundings:
    """Return the machine of a document."""
    return machine_from_payload(json.loads((FOLDER / f"{name}.json").read_text("utf-8")))


def surroundings(entry: Described) -> Surroundings:
    """Return a synthetic machine with its probes."""
    machine = _machine(entry)
    installed, here = entry["installed"], (machine.system, machine.architecture)
    capabilities = [tuple(_value(card, "capability")) for card in entry.get("cards", ())]
    probes = (
        llama_cpp_probe(installed.get("llama_cpp"), len(capabilities)),
        mlx_probe(installed.get("mlx"), *here, torch="torch" in installed),
        torch_probe(installed.get("torch"), capabilities),
    )
    return Surroundings(machine, probes)


def _machine(entry: Described) -> Machine:
    figures = entry["figures"]
    cores = _value(figures, "cores")
    total, free = _value(figures, "memory_total"), _value(figures, "memory_free")
    bandwidth = _value(figures, "memory_bandwidth")
    gpus = tuple(_cards(entry))
    if entry["system"] == "Darwin":
        told = {"hw.optional.arm64": "1", "machdep.cpu.brand_string": entry["processor"]}
        gpus = tuple(
            evolve(gpu, memory_bandwidth=bandwidth) for gpu in apple_gpu(told, total, free)
        )
    return Machine(
        system=entry["system"],
        architecture=entry["architecture"],
        processor=Processor(entry["processor"], cores, _value(figures, "threads") or cores),
        memory_total=total,
        memory_free=free,
        accelerators=gpus,
        memory_bandwidth=bandwidth,
    )


def _cards(entry: Described) -> Iterator[Accelerator]:
    for number, card in enumerate(entry.get("cards", ())):
        yield Accelerator(
            device=f"cuda:{number}",
            kind=DeviceKind.CUDA,
            name=card["name"],
            memory_total=_value(card, "memory_total"),
            memory_free=_value(card, "memory_free"),
            memory_bandwidth=_value(card, "memory_bandwidth"),
            arithmetic=nvidia_arithmetic(card["name"]),
        )


def _value(figures: Described, name: str) -> Any:
    figure = figures.get(name)
    return None if figure is None else figure["value"]


def main() -> None:
    """Write every synthetic machine."""
    for name, entry in sources().items():
        if entry["kind"] == "synthetic":
            text = json.dumps(machine_payload(surroundings(entry)), indent=1, ensure_ascii=False)
            (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
