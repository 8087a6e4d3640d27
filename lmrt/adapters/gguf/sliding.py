"""Which layers attend to a window only.

A GGUF tells the window's size, but most do not tell which layers have it: llama.cpp knows that for
each architecture. The table follows its `load_arch_hparams` (src/models/*.cpp). An architecture
that is not in it has full attention throughout even where the file names a window, as llama.cpp
then allocates (`llama` for Mistral 7B v0.1, `phi3`).
"""

from attrs import frozen

from lmrt.adapters.gguf.metadata import Metadata


@frozen
class Family:
    """How one architecture alternates.

    Attributes:
        period: One layer in so many has full attention, the others the window.
        full_first: Whether that is the first of them; else the last.
        window: Tokens, where the file does not tell; None for no window then.
    """

    period: int
    full_first: bool = False
    window: int | None = None


FAMILIES = {
    "afmoe": Family(4),
    "cohere2": Family(4),
    "exaone-moe": Family(4, window=128),
    "exaone4": Family(4),
    "gemma-embedding": Family(6),
    "gemma2": Family(2, window=4096),
    "gemma3": Family(6),
    "gemma3n": Family(5),
    "gpt-oss": Family(2),
    "llama4": Family(4, window=8192),
    "olmo2": Family(4),
    "plamo3": Family(8),
    "smallthinker": Family(4, full_first=True),
}


def windows(metadata: Metadata, architecture: str, layers: int) -> tuple[int, ...]:
    """Return each layer's window in tokens, 0 for full attention."""
    family = FAMILIES.get(architecture)
    window = metadata.count(f"{architecture}.attention.sliding_window")
    if window is None and family is not None:
        window = family.window
    key = f"{architecture}.attention.sliding_window_pattern"
    pattern = metadata.counts(key)
    if isinstance(pattern, tuple) and len(pattern) < layers:
        raise metadata.wrong(key, f"{len(pattern)} values for {layers} layers")
    if not window or (family is None and pattern is None):
        return (0,) * layers
    if isinstance(pattern, tuple):
        return tuple(window if sliding else 0 for sliding in pattern[:layers])
    period = family.period if pattern is None and family is not None else pattern
    full_at = 0 if family is not None and family.full_first else (period or 0) - 1
    return tuple(0 if period and layer % period == full_at else window for layer in range(layers))
