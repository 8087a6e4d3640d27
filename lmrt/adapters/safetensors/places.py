"""Which part of the model a tensor belongs to, by its name."""

import re
from collections.abc import Sequence
from functools import lru_cache

from lmrt.adapters.safetensors.header import Tensor
from lmrt.domain.models import WeightBytes

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d{1,9})\.")
_INPUT = re.compile(r"(?:^|\.)(?:embed_tokens\w*|wte|wpe|embed_in|word_embeddings|embeddings?)\.")
_OUTPUT = re.compile(
    r"(?:^|\.)(?:lm_head|embed_out)\.|^(?:\w+\.)*(?:norm|norm_f|ln_f|final_layer_?norm)\.\w+$"
)
_BESIDE = re.compile(
    r"(?:^|[._])(?:vision|visual|audio|image|multi_modal|mm|mtp|encoder)(?:[._]|$)"
)
"""Parts beside the language model: encoders, projectors, extra prediction layers."""

_NAMES = 4096
"""Names that are remembered: models of a family name their tensors alike."""


def weight_bytes(tensors: Sequence[Tensor], layers: int) -> WeightBytes:
    """Return where the bytes are."""
    blocks = [0] * layers
    places = {"input": 0, "output": 0, "other": 0}
    for tensor in tensors:
        place = _place(tensor.name)
        if isinstance(place, str):
            places[place] += tensor.size
        elif place < layers:
            blocks[place] += tensor.size
        else:
            places["other"] += tensor.size
    return WeightBytes(tuple(blocks), **places)


def in_layer(name: str) -> bool:
    """Return whether a tensor belongs to one of the repeating layers."""
    return _LAYER.search(name) is not None and not _BESIDE.search(name)


@lru_cache(maxsize=_NAMES)
def in_language_model(name: str) -> bool:
    """Return whether a tensor belongs to the language model, not to a part beside it."""
    return not _BESIDE.search(name)


@lru_cache(maxsize=_NAMES)
def _place(name: str) -> int | str:
    """Return the layer that a tensor belongs to, or which other part of the model."""
    if _BESIDE.search(name):
        return "other"
    if layer := _LAYER.search(name):
        return int(layer[1])
    if _INPUT.search(name):
        return "input"
    return "output" if _OUTPUT.search(name) else "other"
