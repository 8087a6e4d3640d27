"""The KV cache: one pool of cells a layer, which all sequences share."""

from typing import Any

import torch

from lmrt.adapters.torch.step import Step


class Stopped(Exception):  # noqa: N818 - a signal, no error
    """The forward pass was given up between two layers: nobody waits for it any more."""


class PoolCache:
    """Takes the place of the engine's own cache in a forward pass.

    It has only what the engine's text decoders call: a model that asks for more cannot be run
    here, and fails while it is loaded.

    Args:
        cells: Cells of each layer.
        sequences: Sequence ids, from 0.
        device: Where inputs go; a layer's cells are where the layer is.

    Attributes:
        step: What is being computed.
        stop: Whether to give the forward pass up.
        owned: Whether a sequence holds a cell, (sequences, cells).
        positions: The position of the token in each cell, (cells).
        keys: One tensor a layer, (1, heads, cells, head size), made by the first forward pass.
        values: As `keys`.
    """

    is_compileable = False

    def __init__(self, cells: int, sequences: int, device: torch.device) -> None:
        self.step: Step | None = None
        self.stop = False
        self.owned = torch.zeros(sequences, cells, dtype=torch.bool, device=device)
        self.positions = torch.zeros(cells, dtype=torch.int64, device=device)
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self._cells = {device: self.positions[:0]}
        self._top = 0
        self._spoiled = torch.zeros_like(self.positions, dtype=torch.bool)
        self._true = torch.ones((), dtype=torch.bool, device=device)

    def begin(self, step: Step) -> None:
        """Take note of what the next forward pass computes."""
        self.step, self._top = step, step.top
        self._cells = {step.inputs.device: step.cells}
        self.owned.index_put_((step.slots, step.cells), self._true)
        self.positions.index_copy_(0, step.cells, step.positions)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int, **_unused: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store a layer's new keys and values; return those of the cells in use."""
        if self.stop:
            raise Stopped
        if layer_idx == len(self.keys):
            self._allocate(keys, values)
        if layer_idx == len(self.keys) - 1:
            self._note_spoiled(keys)
        all_keys, all_values = self.keys[layer_idx], self.values[layer_idx]
        cells = self._cells.get(keys.device)
        if cells is None:
            cells = self._cells[keys.device] = self._computed().cells.to(keys.device)
        # What a mask hides still meets a weight of 0, which makes NaN of NaN.
        all_keys.index_copy_(2, cells, keys.nan_to_num())
        all_values.index_copy_(2, cells, values.nan_to_num())
        return all_keys[:, :, : self._top], all_values[:, :, : self._top]

    def get_query_offset(self, layer_idx: int = 0) -> int:  # noqa: ARG002 - the engine's
        """Return nothing of use: `masks` looks at the step itself."""
        return 0

    def get_mask_sizes(self, rows: int, layer_idx: int) -> tuple[int, "PoolCache"]:  # noqa: ARG002
        """Return the cells in use, and this cache, which the engine hands on to `masks`."""
        return self._top, self

    def spoil(self, logits: torch.Tensor, rows: torch.Tensor) -> None:
        """Make logits NaN whose sequence looked at cells that came out of NaN.

        A token whose values are no numbers in one layer has none in the later ones either, so the
        keys of the last layer tell.

        Args:
            logits: (some rows of the step under way, vocabulary).
            rows: Which rows these are.
        """
        seen = self.owned[self._computed().slots[rows]] & self._spoiled
        logits.masked_fill_(seen.any(dim=1, keepdim=True), torch.nan)

    def own(self, sequence: int, cells: list[int], *, owned: bool) -> None:
        """Give cells to a sequence, or take them away."""
        self.owned[sequence, cells] = owned

    def set_stop(self, stop: bool) -> None:
        """Give the forward pass up, or let it go on; from any thread."""
        self.stop = stop

    def close(self) -> None:
        """Drop the tensors of all layers."""
        self.keys.clear()
        self.values.clear()

    def _computed(self) -> Step:
        assert self.step is not None  # noqa: S101 - `begin` comes first
        return self.step

    def _note_spoiled(self, keys: torch.Tensor) -> None:
        bad = ~keys.isfinite().all(dim=3).all(dim=1)[0]
        self._spoiled.index_copy_(0, self._computed().cells, bad.to(self._spoiled.device))

    def _allocate(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        cells = self.positions.shape[0]
        for pool, new in ((self.keys, keys), (self.values, values)):
            pool.append(new.new_zeros(1, new.shape[1], cells, new.shape[3]))
