"""Which part of the model a tensor belongs to, by its name."""

import re
from collections.abc import Sequence

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


def weight_bytes(tensors: Sequence[Tensor], layers: int) -> WeightBytes:
    """Return where the bytes are."""
    blocks = [0] * layers
    places = {"input": 0, "output": 0, "other": 0}
    for tensor in tensors:
        layer = _LAYER.search(tensor.name)
        if _BESIDE.search(tensor.name):
            places["other"] += tensor.size
        elif layer is None:
            places[_place(tensor.name)] += tensor.size
        elif (number := int(layer[1])) < layers:
            blocks[number] += tensor.size
        else:
            places["other"] += tensor.size
    return WeightBytes(tuple(blocks), **places)


def in_layer(name: str) -> bool:
    """Return whether a tensor belongs to one of the repeating layers."""
    return _LAYER.search(name) is not None and not _BESIDE.search(name)


def in_language_model(name: str) -> bool:
    """Return whether a tensor belongs to the language model, not to a part beside it."""
    return not _BESIDE.search(name)


def _place(name: str) -> str:
    if _INPUT.search(name):
        return "input"
    return "output" if _OUTPUT.search(name) else "other"
