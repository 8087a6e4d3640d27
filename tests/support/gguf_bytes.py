"""GGUF headers written byte by byte, so that they can lie.

::

    file = GgufBytes().pair("general.architecture", "llama").tensor("token_embd.weight", (4,))
    path.write_bytes(file.build())
"""

import struct
from typing import Any

from attrs import define, field

U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)
_LAYOUTS = "BbHhIif?  Qqd"


def text(value: str | bytes) -> bytes:
    """Return a text as it stands in the file: length, then bytes."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def scalar(kind: int, value: Any) -> bytes:
    """Return a number as it stands in the file."""
    return struct.pack("<" + _LAYOUTS[kind], value)


@define
class GgufBytes:
    """A GGUF in the making; `pairs_claimed` and `tensors_claimed` replace the true counts."""

    magic: bytes = b"GGUF"
    version: int = 3
    alignment: int = 32
    pairs: list[bytes] = field(factory=list)
    tensors: list[bytes] = field(factory=list)
    data: bytes = b""
    pairs_claimed: int | None = None
    tensors_claimed: int | None = None

    def raw_pair(self, key: str | bytes, kind: int, value: bytes) -> "GgufBytes":
        """Add a pair whose value is given as bytes."""
        self.pairs.append(text(key) + struct.pack("<I", kind) + value)
        return self

    def pair(self, key: str, value: str | bool | int | float | list[Any]) -> "GgufBytes":
        """Add a pair of the type that converters use for such a value."""
        if isinstance(value, list):
            kind = _kind(value[0]) if value else U32
            items = b"".join(_encoded(kind, item) for item in value)
            return self.raw_pair(key, ARRAY, struct.pack("<IQ", kind, len(value)) + items)
        kind = _kind(value)
        return self.raw_pair(key, kind, _encoded(kind, value))

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        kind: int = 0,
        offset: int | None = None,
        size: int | None = None,
    ) -> "GgufBytes":
        """Add a tensor of zeros; by default 32-bit numbers right behind the one before."""
        if size is None:
            size = 4
            for side in shape:
                size *= side
        start = len(self.data) if offset is None else offset
        dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        self.tensors.append(text(name) + dimensions + struct.pack("<IQ", kind, start))
        self.data += bytes(-(-size // self.alignment) * self.alignment)
        return self

    def build(self) -> bytes:
        """Return the file's bytes."""
        tensors = len(self.tensors) if self.tensors_claimed is None else self.tensors_claimed
        pairs = len(self.pairs) if self.pairs_claimed is None else self.pairs_claimed
        head = self.magic + struct.pack("<IQQ", self.version, tensors, pairs)
        head += b"".join(self.pairs) + b"".join(self.tensors)
        padding = -len(head) % self.alignment if self.tensors else 0
        return head + bytes(padding) + self.data


def _kind(value: object) -> int:
    match value:
        case bool():
            return BOOL
        case int():
            return U32 if value >= 0 else I32
        case float():
            return F32
        case _:
            return TEXT


def _encoded(kind: int, value: Any) -> bytes:
    return text(value) if kind == TEXT else scalar(kind, value)


def llama(**changes: Any) -> GgufBytes:
    """Return a small, sound Llama model; `changes` set further keys, or remove them with None.

    The keys are written without the architecture: `block_count=3`, `general__name="x"`.
    """
    return architecture("llama", **changes)


def architecture(name: str, **changes: Any) -> GgufBytes:
    """Return a small model of any architecture, with one tensor a layer; see `llama`."""
    values: dict[str, Any] = {
        "block_count": 2,
        "embedding_length": 64,
        "context_length": 512,
        "feed_forward_length": 128,
        "attention__head_count": 4,
        "attention__head_count_kv": 2,
        **changes,
    }
    result = GgufBytes().pair("general.architecture", name)
    for key, value in values.items():
        dotted = key.replace("__", ".")
        root = dotted.partition(".")[0]
        full = dotted if root in ("general", "tokenizer", "split", "clip") else f"{name}.{dotted}"
        if value is not None:
            result.pair(full, value)
    result.tensor("token_embd.weight", (64, 8))
    layers = values["block_count"]
    for layer in range(min(layers, 100) if isinstance(layers, int) else 0):
        result.tensor(f"blk.{layer}.attn_norm.weight", (64,))
    return result.tensor("output_norm.weight", (64,)).tensor("rope_freqs.weight", (8,))
