"""The parts that `tokenizer.json` files are made of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

Json = dict[str, Any]


@frozen
class GgufForm:
    """How a GGUF of the family says what its tokenizer is.

    Attributes:
        model: `tokenizer.ggml.model`.
        pre: `tokenizer.ggml.pre`, or None.
        settings: Further keys below `tokenizer.ggml.`.
        name: `general.name`; the engine takes some flags of tokens from it.
    """

    model: str
    pre: str | None = None
    settings: Mapping[str, bool] = field(factory=dict)
    name: str = "tiny"


@frozen
class TokenizerFamily:
    """A family's files.

    Attributes:
        file: The object of `tokenizer.json`.
        settings: The object of `tokenizer_config.json`.
        gguf: Its form as GGUF, or None where there is none.
        scores: The score of each token of a SentencePiece vocabulary, by id; empty for others.
    """

    file: Json = field(repr=False)
    settings: Json
    gguf: GgufForm | None
    scores: tuple[float, ...] = field(default=(), repr=False)


def added(token: int, content: str, *, special: bool = True, **flags: bool) -> Json:
    """Return an entry of `added_tokens`."""
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": token, "content": content, **plain, "special": special, **flags}


def added_tokens(texts: Iterable[str], start: int = 0, **flags: bool) -> list[Json]:
    return [added(start + place, text, **flags) for place, text in enumerate(texts)]


def tokenizer_file(model: Json, **parts: Any) -> Json:
    names = ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")
    file: Json = {"version": "1.0", "truncation": None, "padding": None}
    return {**file, **{name: parts.get(name) for name in names}, "model": model}


def starting_with(text: str, token: int) -> Json:
    bos: Json = {"SpecialToken": {"id": text, "type_id": 0}}
    one, two = ({"Sequence": {"id": name, "type_id": kind}} for kind, name in enumerate("AB"))
    return {
        "type": "TemplateProcessing",
        "single": [bos, one],
        "pair": [bos, one, {"SpecialToken": {"id": text, "type_id": 1}}, two],
        "special_tokens": {text: {"id": text, "ids": [token], "tokens": [text]}},
    }


def sequence(kind: str, parts: Sequence[Json]) -> Json:
    return {"type": "Sequence", kind: list(parts)}


def bpe(vocabulary: Mapping[str, int], merges: Sequence[Sequence[str]], **changes: Any) -> Json:
    plain = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
        "ignore_merges": False,
    }  # fmt: skip
    pairs = [list(pair) for pair in merges]
    return {**plain, "vocab": dict(vocabulary), "merges": pairs, **changes}
