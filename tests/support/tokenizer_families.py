"""Small tokenizers of well-known families, in the shape that their files have on the Hub.

::

    folder = write_family("llama-2", tmp_path)     # tokenizer.json and tokenizer_config.json
    file = write_gguf("llama-2", tmp_path / "x.gguf")  # the same vocabulary; in `tokenizer_gguf`

Normalizers, pre-tokenizers, decoders, post-processors and the flags of added tokens are those of
the families' own files; the vocabularies are trained on a few kilobytes of many scripts.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import tokenizer_byte_level, tokenizer_sentencepiece
from tests.support.tokenizer_shapes import TokenizerFamily, added

__all__ = ["NAMES", "TokenizerFamily", "added", "family", "write_family"]

_MAKERS: Mapping[str, Callable[[], TokenizerFamily]] = {
    "gpt-2": tokenizer_byte_level.gpt2,
    "llama-3": tokenizer_byte_level.llama3,
    "qwen-3": tokenizer_byte_level.qwen3,
    "smollm": tokenizer_byte_level.smollm,
    "phi-4": tokenizer_byte_level.phi4,
    "llama-2": tokenizer_sentencepiece.llama2,
    "mistral": tokenizer_sentencepiece.mistral,
    "phi-3": tokenizer_sentencepiece.phi3,
    "gemma": tokenizer_sentencepiece.gemma,
    "gemma-4": tokenizer_sentencepiece.gemma4,
    "unigram": tokenizer_sentencepiece.unigram,
}
NAMES = tuple(_MAKERS)


@cache
def family(name: str) -> TokenizerFamily:
    """Return the family of that name, one of `NAMES`; the same one every time."""
    return _MAKERS[name]()


def write_family(name: str, folder: Path, **settings: Any) -> Path:
    """Write `tokenizer.json` and `tokenizer_config.json`; return the folder.

    Args:
        name: One of `NAMES`.
        folder: Made where missing.
        settings: Other values of `tokenizer_config.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = family(name)
    (folder / "tokenizer.json").write_text(json.dumps(found.file), "utf-8")
    config = {**found.settings, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return folder
