"""The families of `tokenizer_families` as GGUF files that hold a vocabulary and no weights."""

from pathlib import Path
from typing import Any

import gguf

from tests.support.tokenizer_families import NAMES, TokenizerFamily, family

_SCORED = ("llama", "t5")


GGUF_NAMES = tuple(name for name in NAMES if family(name).gguf is not None)
"""Names of the families that have a GGUF form."""


def write_gguf(which: str | TokenizerFamily, path: Path, **changes: Any) -> Path:
    """Write a family's vocabulary, as llama.cpp's converter does; return the path.

    Args:
        which: The family, or its name.
        path: The file, its folder made where missing.
        changes: Other values of keys below `tokenizer.ggml.`; None leaves a key out.
    """
    found = family(which) if isinstance(which, str) else which
    form = found.gguf
    assert form is not None, which
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(form.name)
    writer.add_tokenizer_model(form.model)
    if form.pre is not None:
        writer.add_tokenizer_pre(form.pre)
    _add_tokens(writer, found)
    for key, value in {**_ends(found), **form.settings, **changes}.items():
        if isinstance(value, bool):
            writer.add_bool(f"tokenizer.ggml.{key}", value)
        elif value is not None:
            writer.add_uint32(f"tokenizer.ggml.{key}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def _texts(found: TokenizerFamily) -> list[str]:
    vocabulary = found.file["model"]["vocab"]
    if isinstance(vocabulary, list):
        return [text for text, _ in vocabulary]
    texts = {token: text for text, token in vocabulary.items()}
    texts |= {entry["id"]: entry["content"] for entry in found.file["added_tokens"]}
    return [texts[token] for token in range(len(texts))]


def _ends(found: TokenizerFamily) -> dict[str, int]:
    texts = _texts(found)
    named = {key: found.settings.get(f"{key}_token") for key in ("bos", "eos")}
    named["unknown"] = found.settings.get("unk_token")
    return {f"{key}_token_id": texts.index(text) for key, text in named.items() if text}


def _add_tokens(writer: Any, found: TokenizerFamily) -> None:
    assert found.gguf is not None
    texts, sentencepiece = _texts(found), found.gguf.model != "gpt2"
    kinds = [gguf.TokenType.NORMAL] * len(texts)
    for token, text in enumerate(texts):
        if sentencepiece and len(text) == 6 and text.startswith("<0x"):
            kinds[token] = gguf.TokenType.BYTE
    for entry in found.file["added_tokens"]:
        special, token = entry["special"], entry["id"]
        kinds[token] = gguf.TokenType.CONTROL if special else gguf.TokenType.USER_DEFINED
        if not special:
            texts[token] = texts[token].replace("▁", " ")
    if sentencepiece and "<unk>" in texts:
        kinds[texts.index("<unk>")] = gguf.TokenType.UNKNOWN
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    if found.gguf.model in _SCORED:
        rest = [-1000.0] * (len(texts) - len(found.scores))
        writer.add_token_scores([*found.scores, *rest])
    else:
        merges = found.file["model"]["merges"]
        writer.add_token_merges([" ".join(pair) for pair in merges])
