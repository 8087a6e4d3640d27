"""Stand-ins for the headers of shards that are not read, since all together take too much.

Of such a shard the bytes of its tensors are known exactly. How they spread over the layers is not:
they are dealt out so that all layers become as large as can be, which is how they are in all but a
few layers of the models that are so large. Their types follow those of the shards that were read.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lmrt.adapters.safetensors.header import DTYPE_BITS, Tensor
from lmrt.adapters.safetensors.places import in_layer, weight_bytes

_KINDS = 4
"""Kinds of tensors that a stand-in has at most, the most frequent ones."""

Kind = tuple[str, str]
"""Dtype, and the last part of a tensor's name, which tells weights from scales."""


def stand_ins(
    known: Sequence[Tensor], unread: Mapping[str, int], layers: int
) -> dict[str, dict[str, object]]:
    """Return the header of each shard that was not read.

    Args:
        known: The tensors of those that were, at least one.
        unread: Bytes of the tensors in each of the others.
        layers: Of the model, at least one.
    """
    kinds = _kinds(known)
    wanted = _levelled(weight_bytes(known, layers).layers, sum(unread.values()))
    waiting = [(layer, size) for layer, size in enumerate(wanted) if size]
    found: dict[str, dict[str, object]] = {}
    for number, (name, room) in enumerate(unread.items()):
        entries: dict[str, object] = {}
        at = 0
        while at < room:
            layer, size = waiting.pop()
            piece = min(size, room - at)
            if piece < size:
                waiting.append((layer, size - piece))
            prefix = f"model.layers.{layer}.unread{number}"
            for key, dtype, part in _pieces(prefix, piece, kinds):
                elements = 8 * part // DTYPE_BITS[dtype]
                entries[key] = {
                    "dtype": dtype,
                    "shape": [elements],
                    "data_offsets": [at, at + part],
                }
                at += part
        found[name] = entries
    return found


def packed(entries: Mapping[str, object]) -> bytes:
    """Return a header as it stands in a file."""
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


def _kinds(known: Sequence[Tensor]) -> list[tuple[Kind, float]]:
    """Return the share of the bytes that each kind of tensor has, the largest first."""
    sizes: Counter[Kind] = Counter()
    for tensor in [tensor for tensor in known if in_layer(tensor.name)] or known:
        sizes[tensor.dtype, tensor.name.rpartition(".")[2]] += tensor.size
    largest = sizes.most_common(_KINDS)
    total = sum(size for _, size in largest)
    return [(kind, size / total) for kind, size in largest if size]


def _levelled(sizes: Sequence[int], more: int) -> list[int]:
    """Return how much each layer gets, so that the smallest ones become as large as can be."""
    order = sorted(range(len(sizes)), key=lambda layer: sizes[layer])
    rising, spare = 1, more
    while rising < len(order):
        step = rising * (sizes[order[rising]] - sizes[order[rising - 1]])
        if step > spare:
            break
        spare -= step
        rising += 1
    level, rest = divmod(spare, rising)
    level += sizes[order[rising - 1]]
    result = [0] * len(sizes)
    for position, layer in enumerate(order[:rising]):
        result[layer] = level - sizes[layer] + (position < rest)
    return result


def _pieces(
    prefix: str, size: int, kinds: Sequence[tuple[Kind, float]]
) -> Iterator[tuple[str, str, int]]:
    """Yield tensors that have so many bytes together: name, dtype, bytes."""
    left = size
    for (dtype, last), share in kinds:
        bits = DTYPE_BITS[dtype]
        unit = bits // 8 if bits % 8 == 0 else bits // 2
        part = min(round(size * share), left) // unit * unit
        if part:
            yield f"{prefix}.{dtype}.{last}", dtype, part
            left -= part
    if left:
        yield f"{prefix}.rest", "I8", left
