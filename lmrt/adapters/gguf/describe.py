"""From the headers of a GGUF's parts to a described artifact."""

import re
from collections import Counter
from collections.abc import Sequence

from lmrt.adapters.gguf.header import Header, Tensor
from lmrt.adapters.gguf.metadata import Metadata
from lmrt.adapters.gguf.shape import architecture_shape
from lmrt.adapters.gguf.tensor_types import FILE_TYPES
from lmrt.domain.describe import architecture_name, model_generation
from lmrt.domain.files import malformed_file
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Modality
from lmrt.domain.models import (
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    DescribedArtifact,
    LocalSource,
    Quantization,
    WeightBytes,
)

_BLOCK = re.compile(r"blk\.(\d{1,9})\.")
_INPUT = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
_OUTPUT = ("output", "cls")
OTHER_KINDS = frozenset({"adapter", "mmproj", "imatrix", "vocab"})
"""Values of `general.type` of files that hold no language model."""
PROJECTOR = "clip"
"""The `general.architecture` of projectors for images and audio."""


def is_model(header: Header) -> bool:
    """Return whether the file holds a language model: no projector, adapter or statistics."""
    metadata = header.metadata
    if metadata.text("general.architecture") == PROJECTOR:
        return False
    return metadata.text("general.type") not in OTHER_KINDS


def describe(parts: Sequence[Header]) -> DescribedArtifact:
    """Return the artifact that the files are parts of.

    Args:
        parts: The headers of all files in their order, usable still.

    Raises:
        LoadFailed: They lack a size or contradict themselves (`malformed-file`).
    """
    first = parts[0]
    key = "general.architecture"
    architecture = architecture_name(first.path, key, first.metadata.text(key))
    tensors = [tensor for part in parts for tensor in part.tensors]
    if not tensors:
        raise malformed_file(first.path, "holds no tensors")
    shape = architecture_shape(first, architecture, tensors)
    artifact = Artifact(
        id=first.path.name,
        format=ArtifactFormat.GGUF,
        architecture=architecture,
        quantization=_quantization(first.metadata, tensors),
        files=tuple(ArtifactFile(part.path.name, part.file_size) for part in parts),
        weights=_weights(first, tensors, len(shape.layers)),
        source=LocalSource(first.path.parent),
    )
    return DescribedArtifact(
        artifact=artifact,
        name=first.metadata.text("general.name") or None,
        shape=shape,
        modalities=frozenset({Modality.TEXT}),
        trained_context=first.metadata.count(f"{architecture}.context_length") or None,
        chat_template=first.metadata.text("tokenizer.chat_template") or None,
        generation_defaults=_generation(first, architecture),
        licence=first.metadata.text("general.license") or None,
    )


def _quantization(metadata: Metadata, tensors: Sequence[Tensor]) -> Quantization:
    name = FILE_TYPES.get(metadata.count("general.file_type") or 0)
    if name is None or "general.file_type" not in metadata:
        sizes: Counter[str] = Counter()
        for tensor in tensors:
            sizes[tensor.type.name] += tensor.size
        name = sizes.most_common(1)[0][0]
    stored = sum(tensor.size for tensor in tensors)
    return Quantization(name, 8 * stored / sum(tensor.elements for tensor in tensors))


def _weights(header: Header, tensors: Sequence[Tensor], layers: int) -> WeightBytes:
    blocks = [0] * layers
    places = {"input": 0, "output": 0, "other": 0}
    for tensor in tensors:
        match = _BLOCK.match(tensor.name)
        if match is None:
            places[_place(tensor.name)] += tensor.size
        elif (layer := int(match[1])) < layers:
            blocks[layer] += tensor.size
        else:
            what = f"holds tensor `{tensor.name}`, but has {layers} layers only"
            raise malformed_file(header.path, what)
    return WeightBytes(tuple(blocks), **places)


def _place(name: str) -> str:
    if name.startswith(_INPUT):
        return "input"
    return "output" if name.startswith(_OUTPUT) else "other"


def _generation(header: Header, architecture: str) -> GenerationConfig:
    metadata, prefix = header.metadata, "general.sampling."
    temperature = _decimal(metadata.number(prefix + "temp"))
    top_k = metadata.integer(prefix + "top_k")
    window = metadata.integer(prefix + "penalty_last_n")
    if window == -1:
        window = metadata.count(f"{architecture}.context_length")
    return model_generation(
        header.path,
        (
            # llama.cpp takes any temperature up to 0 as greedy and any top-k up to 0 as off.
            (prefix + "temp", "temperature", None if temperature is None else max(temperature, 0)),
            (prefix + "top_k", "top_k", None if top_k is None else max(top_k, 0)),
            (prefix + "top_p", "top_p", _decimal(metadata.number(prefix + "top_p"))),
            (prefix + "min_p", "min_p", _decimal(metadata.number(prefix + "min_p"))),
            (
                prefix + "penalty_repeat",
                "repetition_penalty",
                _decimal(metadata.number(prefix + "penalty_repeat")),
            ),
            (prefix + "penalty_last_n", "penalty_window", window),
        ),
    )


def _decimal(value: float | None) -> float | None:
    """Return a 32-bit number as it was written: 0.8, not 0.800000011920929."""
    return None if value is None else float(f"{value:.7g}")
