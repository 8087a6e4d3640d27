"""Several GPUs that hold one model together, each some of its layers.

A gang stands among the devices under the names of its members, joined by `+`: `cuda:0+cuda:1`.
Layers are dealt out in order: every card takes as many as fit, the last one the rest. The first
holds the token embedding too (where the backend keeps it on a card), the last the output head,
unless that is the embedding itself.
"""

from collections.abc import Iterator

from attrs import evolve, frozen

from lmrt.domain.machine import Accelerator, DeviceKind, Machine
from lmrt.domain.planning import kv_cache
from lmrt.domain.planning.memory import Load, head_bytes
from lmrt.domain.plans import SpreadLayers
from lmrt.domain.probes import BackendDevice, BackendProbe, Feature
from lmrt.domain.rejections import MemoryExceeded

JOINT = "+"


@frozen
class Dealt:
    """The layers of each card, and what the first card lacks that is too small, if any."""

    placement: SpreadLayers
    shortage: MemoryExceeded | None


def gang_device(probe: BackendProbe, devices: tuple[BackendDevice, ...]) -> BackendDevice | None:
    """Return the NVIDIA cards of a backend as one device, or None where it cannot join them."""
    cards = [device for device in devices if device.kind is DeviceKind.CUDA]
    if Feature.SEVERAL_DEVICES not in probe.features or len(cards) < 2:
        return None
    # One after the other, so that the slowest stands for all.
    slowest = min(cards, key=lambda card: card.efficiency)
    return evolve(
        slowest,
        device=JOINT.join(card.device for card in cards),
        dtypes=tuple(each for each in cards[0].dtypes if _all_offer(cards, each)),
        other_dtypes=cards[0].other_dtypes,
    )


def members(machine: Machine, name: str) -> tuple[Accelerator, ...]:
    """Return the cards that a gang's name joins; empty where one is missing, or for one alone."""
    parts = name.split(JOINT)
    found = [card for part in parts if (card := machine.accelerator(part)) is not None]
    whole = len(found) == len(parts) == len(set(parts)) > 1
    return tuple(found) if whole else ()


def joined(machine: Machine, name: str) -> Accelerator | None:
    """Return the accelerator of that name, the cards of a gang taken together."""
    cards = members(machine, name)
    if not cards:
        return machine.accelerator(name)
    free = [card.memory_free for card in cards]
    speeds = [card.memory_bandwidth for card in cards]
    rates = [card.arithmetic for card in cards]
    return Accelerator(
        device=name,
        kind=cards[0].kind,
        name=JOINT.join(card.name for card in cards),
        memory_total=sum(card.memory_total for card in cards),
        memory_free=None if None in free else sum(size or 0 for size in free),
        # One after the other, so that the slowest stands for all.
        memory_bandwidth=None if None in speeds else min(speed or 0.0 for speed in speeds),
        arithmetic=None if None in rates else min(rate or 0.0 for rate in rates),
    )


def deal(load: Load, rooms: tuple[tuple[str, int], ...]) -> Dealt:
    """Deal the layers out.

    Args:
        load: What is loaded.
        rooms: Name and usable bytes of each card, in order.
    """
    sizes = list(_layer_sizes(load))
    counts: list[tuple[str, int]] = []
    short: list[MemoryExceeded] = []
    for place, (name, room) in enumerate(rooms[:-1]):
        left = room - _beside_layers(load, place, len(rooms))
        if left < 0:
            short.append(MemoryExceeded(name, room - left, room))
        count = 0
        while sizes and sizes[0] <= left:
            left -= sizes.pop(0)
            count += 1
        counts.append((name, count))
    name, room = rooms[-1]
    counts.append((name, len(sizes)))
    needed = sum(sizes) + _beside_layers(load, len(rooms) - 1, len(rooms))
    if needed > room:
        short.append(MemoryExceeded(name, needed, room))
    return Dealt(SpreadLayers(tuple(counts)), short[0] if short else None)


def _all_offer(cards: list[BackendDevice], dtype: object) -> bool:
    return all(dtype in card.dtypes for card in cards)


def _layer_sizes(load: Load) -> Iterator[int]:
    for weights, shape in zip(load.sizing.layers, load.shape.layers, strict=True):
        yield weights + kv_cache.layer_bytes(shape, load.cache)


def _beside_layers(load: Load, place: int, cards: int) -> int:
    """Return what a card holds beside its layers: each its own buffers and runtime."""
    last = 0 if load.sizing.tied else load.sizing.head
    size = load.buffers + load.probe.device_overhead
    if place == 0:
        size += head_bytes(load) - last
    if place == cards - 1:
        size += last
    return size
