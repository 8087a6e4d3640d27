"""The architecture's sizes from a GGUF's metadata."""

from collections.abc import Sequence

from attrs import frozen

from lmrt.adapters.gguf.header import Header, Tensor
from lmrt.adapters.gguf.metadata import Metadata
from lmrt.adapters.gguf.recurrent import attends_beside, recurrent_state, without_attention
from lmrt.adapters.gguf.sliding import windows
from lmrt.domain.files import malformed_file
from lmrt.domain.models import (
    ArchitectureShape,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)

MAX_LAYERS = 4096
_GEMMA3N_OWN_CACHE = 20
"""Gemma 3n: later layers read the caches of earlier ones (llama.cpp's `n_layer_kv_from_start`)."""

_GEMMA3N_STREAMS, _GEMMA3N_LAYER_INPUT = 4, 256
"""Gemma 3n: llama.cpp's `n_altup` and `n_embd_altup`, which files need not name."""


@frozen
class _Sizes:
    """What the layers are built from; the sequences have one entry for each layer."""

    architecture: str
    layers: int
    hidden: int
    heads: Sequence[int]
    kv_heads: Sequence[int]
    feed_forward: Sequence[int]

    @property
    def query_heads(self) -> int:
        return max(self.heads, default=0)


def architecture_shape(
    header: Header, architecture: str, tensors: Sequence[Tensor]
) -> ArchitectureShape:
    """Return the shape.

    Args:
        header: Of the first file, which has the metadata.
        architecture: Its `general.architecture`.
        tensors: Of all files.

    Raises:
        LoadFailed: A size is missing, out of range or contradicts another (`malformed-file`).
    """
    metadata = header.metadata
    sizes = _sizes(header, architecture)
    experts = metadata.count(f"{architecture}.expert_count") or 0
    used = metadata.count(f"{architecture}.expert_used_count") or 0
    feed_forward = max(sizes.feed_forward, default=0)
    if not feed_forward:
        feed_forward = metadata.count(f"{architecture}.expert_feed_forward_length") or 0
    return ArchitectureShape(
        layers=_layers(metadata, sizes),
        hidden_size=sizes.hidden,
        heads=sizes.query_heads,
        feed_forward_size=feed_forward,
        vocabulary_size=_vocabulary(metadata, architecture, tensors),
        experts=experts,
        experts_used=used,
        parameters=sum(tensor.elements for tensor in tensors),
        carried=_carried(metadata, sizes),
    )


def _carried(metadata: Metadata, sizes: _Sizes) -> int:
    arch = sizes.architecture
    an_input = metadata.count(f"{arch}.embedding_length_per_layer_input")
    if arch != "gemma3n":
        return (an_input or 0) * sizes.layers
    # Of every stream, what a layer finds and what it predicts are live together.
    streams = 2 * _GEMMA3N_STREAMS * sizes.hidden
    return streams + (an_input or _GEMMA3N_LAYER_INPUT) * sizes.layers


def _sizes(header: Header, architecture: str) -> _Sizes:
    metadata = header.metadata
    layers = _required(header, f"{architecture}.block_count")
    hidden = _required(header, f"{architecture}.embedding_length")
    if layers > MAX_LAYERS:
        raise metadata.wrong(f"{architecture}.block_count", f"{layers:,} layers")
    heads = _per_layer(metadata, f"{architecture}.attention.head_count", layers, (0,) * layers)
    return _Sizes(
        architecture=architecture,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=_per_layer(metadata, f"{architecture}.attention.head_count_kv", layers, heads),
        feed_forward=_per_layer(
            metadata, f"{architecture}.feed_forward_length", layers, (0,) * layers
        ),
    )


def _required(header: Header, key: str) -> int:
    value = header.metadata.count(key)
    if not value:
        raise malformed_file(header.path, f"does not tell `{key}`", key=key)
    return value


def _per_layer(
    metadata: Metadata, key: str, layers: int, default: Sequence[int]
) -> tuple[int, ...]:
    match metadata.counts(key):
        case None:
            return tuple(default)
        case int(value):
            return (value,) * layers
        case values:
            if len(values) < layers:
                raise metadata.wrong(key, f"{len(values)} values for {layers} layers")
            return values[:layers]


def _layers(metadata: Metadata, sizes: _Sizes) -> tuple[LayerShape, ...]:
    arch = sizes.architecture
    recurrent = without_attention(metadata, arch, sizes.kv_heads)
    state = recurrent_state(metadata, arch, sizes.hidden, sizes.query_heads)
    own_cache = _layers_with_own_cache(metadata, sizes)
    window = windows(metadata, arch, sizes.layers)
    latent = _latent(metadata, arch)
    result: list[LayerShape] = []
    for layer in range(sizes.layers):
        if layer >= own_cache:
            result.append(RecurrentState(0))
        elif recurrent[layer]:
            # Nemotron-H has layers of a feed-forward block alone, marked by its size.
            plain = arch.startswith("nemotron_h") and sizes.feed_forward[layer] > 0
            result.append(RecurrentState(0) if plain else state)
        elif latent is not None:
            result.append(latent)
        else:
            attention = _attention(metadata, sizes, layer, window[layer])
            if attends_beside(arch) and isinstance(attention, FullAttention):
                result.append(AttentionBesideState(attention, state))
            else:
                result.append(attention)
    return tuple(result)


def _layers_with_own_cache(metadata: Metadata, sizes: _Sizes) -> int:
    arch = sizes.architecture
    shared = metadata.count(f"{arch}.attention.shared_kv_layers") or 0
    # Layers that only predict further tokens are loaded but not run.
    predicting = metadata.count(f"{arch}.nextn_predict_layers") or 0
    own = sizes.layers - shared - predicting
    return min(own, _GEMMA3N_OWN_CACHE) if arch == "gemma3n" else own


def _latent(metadata: Metadata, arch: str) -> LatentAttention | None:
    rank = metadata.count(f"{arch}.attention.kv_lora_rank")
    # Without this key llama.cpp decompresses and caches whole heads (older conversions).
    if not rank or not metadata.count(f"{arch}.attention.key_length_mla"):
        return None
    rope = metadata.count(f"{arch}.rope.dimension_count")
    if rope is None:
        rope = (metadata.count(f"{arch}.attention.key_length") or rank) - rank
    return LatentAttention(rank=rank, rope_size=max(rope, 0))


def _attention(
    metadata: Metadata, sizes: _Sizes, layer: int, window: int
) -> FullAttention | SlidingAttention:
    arch, kv_heads = sizes.architecture, sizes.kv_heads[layer]
    default = sizes.hidden // (sizes.heads[0] or sizes.query_heads or 1)

    def length(name: str) -> int:
        full = metadata.count(f"{arch}.attention.{name}")
        own = metadata.count(f"{arch}.attention.{name}_swa") if window else None
        return own or full or default

    key, value = length("key_length"), length("value_length")
    if window:
        return SlidingAttention(kv_heads, key, value, window)
    return FullAttention(kv_heads, key, value)


def _vocabulary(metadata: Metadata, architecture: str, tensors: Sequence[Tensor]) -> int:
    tokens = metadata.length("tokenizer.ggml.tokens")
    if tokens is None:
        tokens = metadata.count(f"{architecture}.vocab_size")
    if tokens is None:
        rows = (tensor.rows for tensor in tensors if tensor.name == "token_embd.weight")
        tokens = next(rows, 0)
    return tokens
