"""The document of a machine: what a plan for it depends on, so that one can be made elsewhere."""

from collections.abc import Iterator
from typing import Any

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.payloads import JsonObject
from lmrt.domain.probes import (
    Availability,
    Available,
    BackendDevice,
    BackendProbe,
    Unavailable,
)
from lmrt.domain.surroundings import Surroundings
from lmrt.wire.documents import document, read_document
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "machine"

_TYPES: dict[type, str] = {Available: "available", Unavailable: "unavailable"}


def machine_payload(surroundings: Surroundings) -> JsonObject:
    """Return the document of a machine and the probes of its backends."""
    return document(KIND, _CONVERTER.unstructure(surroundings))


def machine_from_payload(payload: Any) -> Surroundings:
    """Return the machine of a document.

    Raises:
        ConfigurationError: It is no machine document, or its figures make no sense
            (`invalid-document`).
    """
    found = read_document(_CONVERTER, payload, KIND, Surroundings)
    problems = [*_machine_problems(found), *_probe_problems(found), *_correction_problems(found)]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigurationError(
            f"this is no {KIND} document: {problems[0]}{more}",
            code="invalid-document",
            context={"kind": KIND, "problems": problems},
        )
    return found


def _machine_problems(found: Surroundings) -> Iterator[str]:
    machine = found.machine
    place = "$.machine"
    if machine.processor.physical_cores < 1:
        yield f"must be at least 1 @ {place}.processor.physical_cores"
    yield from _memory(place, machine.memory_total, machine.memory_free, machine.memory_bandwidth)
    for name in ("thread_bandwidth", "arithmetic", "thread_arithmetic"):
        yield from _positive(f"{place}.{name}", getattr(machine, name))
    for number, gpu in enumerate(machine.accelerators):
        here = f"{place}.accelerators[{number}]"
        yield from _memory(here, gpu.memory_total, gpu.memory_free, gpu.memory_bandwidth)
        yield from _positive(f"{here}.arithmetic", gpu.arithmetic)
    yield from _twice([gpu.device for gpu in machine.accelerators], f"{place}.accelerators")


def _memory(place: str, total: int, free: int | None, bandwidth: float | None) -> Iterator[str]:
    if total < 0:
        yield f"must not be negative @ {place}.memory_total"
    if free is not None and not 0 <= free <= max(total, 0):
        yield f"must be from 0 to `memory_total` @ {place}.memory_free"
    yield from _positive(f"{place}.memory_bandwidth", bandwidth)


def _positive(place: str, value: float | None) -> Iterator[str]:
    if value is not None and not 0 < value < float("inf"):
        yield f"must be above 0 @ {place}"


def _probe_problems(found: Surroundings) -> Iterator[str]:
    for number, probe in enumerate(found.probes):
        place = f"$.probes[{number}]"
        yield from (f"{problem} @ {place}" for problem in _figures(probe))
        yield from _twice([device.device for device in probe.devices], f"{place}.devices")
    yield from _twice([probe.backend for probe in found.probes], "$.probes")


def _figures(probe: BackendProbe) -> Iterator[str]:
    for name in ("context_rounding", "max_sequences"):
        if getattr(probe, name) < 1:
            yield f"`{name}` must be at least 1"
    for name in ("overhead", "device_overhead"):
        if getattr(probe, name) < 0:
            yield f"`{name}` must not be negative"
    if not all(0 <= device.efficiency <= 1 for device in probe.devices):
        yield "`efficiency` of a device must be from 0 to 1"
    if not all(_sensible(device) for device in probe.devices):
        yield "shares and seconds of a device must not be negative"


def _sensible(device: BackendDevice) -> bool:
    shares = (share for one in device.speeds for share in (one.reading, one.lone, one.batched))
    own = (device.attention, device.layer_seconds, device.thread_seconds)
    return all(0 <= value < float("inf") for value in (*own, *shares))


def _correction_problems(found: Surroundings) -> Iterator[str]:
    for number, each in enumerate(found.corrections):
        for name in ("prefill", "decode"):
            yield from _positive(f"$.corrections[{number}].{name}", getattr(each, name))


def _twice(names: list[str], place: str) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"`{name}` stands there twice @ {place}"


def _converter() -> Any:
    made = strict_converter()
    register_union(made, Availability, "type", _TYPES.__getitem__)
    return made


_CONVERTER = _converter()
