"""The engine's batch structure over arrays of ours."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np


class Batch:
    """The tokens that one `llama_decode` computes.

    Attributes:
        struct: The engine's structure, to be passed by value.
        capacity: Most tokens that it holds.
        size: Tokens that it holds.
    """

    def __init__(self, api: Any, capacity: int, sequences: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._outputs = np.zeros(capacity, np.int8)
        self._owner_counts = np.ones(capacity, np.int32)
        self._ids = np.arange(sequences, dtype=np.int32)
        self._id_addresses = [
            self._ids.ctypes.data + number * self._ids.itemsize for number in range(sequences)
        ]
        self._owners = np.zeros(capacity, np.uintp)
        self.struct = api.llama_batch(
            token=_pointer(self._tokens, ctypes.c_int32),
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._owner_counts, ctypes.c_int32),
            seq_id=_pointer(self._owners, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self._outputs, ctypes.c_int8),
        )

    def clear(self) -> None:
        """Take every token out."""
        self.size = 0
        self.struct.n_tokens = 0

    def add(self, token: int, position: int, sequence: int) -> int:
        """Add one token whose logits are wanted; return the index of the logits."""
        place = self.size
        self._tokens[place] = token
        self._positions[place] = position
        self._owners[place] = self._id_addresses[sequence]
        self._outputs[place] = 1
        self.size = self.struct.n_tokens = place + 1
        return place

    def add_prompt(
        self, tokens: Sequence[int], position: int, sequence: int, *, wanted: bool
    ) -> int:
        """Add tokens that follow each other from `position` on.

        Returns:
            The index of the last one's logits, which are computed only where they are `wanted`.
        """
        start, end = self.size, self.size + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = np.arange(position, position + len(tokens))
        self._owners[start:end] = self._id_addresses[sequence]
        self._outputs[start:end] = 0
        self._outputs[end - 1] = wanted
        self.size = self.struct.n_tokens = end
        return end - 1


def _pointer(array: Any, kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
