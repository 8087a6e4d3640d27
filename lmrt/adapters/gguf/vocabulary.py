"""What a vocabulary must not hold, since llama.cpp ends the process there."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.gguf.metadata import Metadata
from lmrt.adapters.gguf.reader import opened

_TOKENS = "tokenizer.ggml.tokens"
_BYTES = tuple(f"<0x{byte:02X}>".encode() for byte in range(256))


def check_vocabulary(path: Path) -> None:
    """Check the token list of a GGUF file, where it has one.

    It looks at every token, which takes longer than all the rest of a header: only a file that
    is about to be loaded is worth it.

    Raises:
        LoadFailed: The file is malformed, a token is in it twice, or a SentencePiece vocabulary
            cannot spell every byte (`malformed-file`).
        ConfigurationError: It may not be read (`unreadable-input`).
    """
    with opened(path) as header:
        metadata = header.metadata
        tokens = metadata.texts(_TOKENS)
        if tokens is None:
            return
        # The engine reads a text up to its first zero
        read = [token.partition(b"\0")[0] for token in tokens]
        if len(set(read)) < len(read):
            _refuse_repeated(metadata, read)
        if metadata.text("tokenizer.ggml.model") == "llama":
            _refuse_unspelled(metadata, frozenset(read))


def _refuse_repeated(metadata: Metadata, tokens: Sequence[bytes]) -> None:
    counts = Counter(tokens)
    counts.pop(b"", None)  # the engine gives each a name of its own
    for text, count in counts.most_common(1):
        if count > 1:
            shown = text[:40].decode("utf-8", "replace")
            raise metadata.wrong(_TOKENS, f"the token `{shown}` {count} times")


def _refuse_unspelled(metadata: Metadata, tokens: frozenset[bytes]) -> None:
    missing = [byte for byte, text in enumerate(_BYTES) if tokens.isdisjoint((text, bytes([byte])))]
    if missing:
        shown = f"{len(missing)} bytes, the first of them {missing[0]:02X}"
        raise metadata.wrong(_TOKENS, f"no token for {shown},")
