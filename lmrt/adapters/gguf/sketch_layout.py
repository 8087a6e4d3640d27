"""What the header of one file teaches about those of its variants."""

import struct
from collections.abc import Mapping, Sequence

from attrs import frozen

from lmrt.adapters.gguf.metadata import ARRAY, TEXT
from lmrt.adapters.gguf.sketch_header import Walk

_LONGEST_HEAD = 2**16
_SLACK = 512
"""Bytes that keys may take more than in the first file, such as where an importance matrix was."""
_NEAR = 2048
"""Bytes that are rather fetched than left out between two spans."""
_PART_PAIRS = 8
"""Pairs that a further part of a split model has at most; llama.cpp writes three."""
_PART_KEYS = 256
_TENSOR = 72
"""Bytes of one tensor's entry, rather too many."""


@frozen
class Layout:
    """Where a header has its long arrays.

    Attributes:
        lengths: Bytes of each array of texts, by key and number of texts.
        head: Bytes from the file's start to the first of them, and some more.
        mark: What stands right before its first text.
        spans: What was read behind it; offsets from its first text.
    """

    lengths: Mapping[tuple[str, int], int]
    head: int
    mark: bytes
    spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, walk: Walk) -> "Layout | None":
        """Return the layout of a header, or None where it has nothing to teach."""
        if not walk.jumps or walk.jumps[0].start > _LONGEST_HEAD:
            return None
        first = walk.jumps[0]
        ends = [end for start, end in walk.skips if start >= first.start and end - start > _NEAR]
        starts = [start for start, end in walk.skips if start > first.start and end - start > _NEAR]
        spans = zip(ends, [*starts, walk.at], strict=True)
        return cls(
            lengths={(jump.key, jump.count): jump.end - jump.start for jump in walk.jumps},
            head=first.start + _SLACK,
            mark=first.key.encode() + struct.pack("<IIQ", ARRAY, TEXT, first.count),
            spans=[(start - first.start, end - first.start + _SLACK) for start, end in spans],
        )

    def others(self, head: bytes) -> list[tuple[int, int]]:
        """Return what to fetch of another file, the beginning of which is given."""
        at = head.find(self.mark)
        if at >= 0:
            base = at + len(self.mark)
            return [(base + start, base + end) for start, end in self.spans]
        if len(head) < 24:
            return []
        tensors, pairs = struct.unpack_from("<QQ", head, 8)
        end = 24 + _PART_KEYS + tensors * _TENSOR
        return [(len(head), end)] if pairs <= _PART_PAIRS and end > len(head) else []
