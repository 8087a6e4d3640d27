"""Small tokenizers of well-known families, in the shape that their files have on the Hub.

::

    folder = write_family("llama-2", tmp_path)     # tokenizer.json and tokenizer_config.json
    file = write_gguf("llama-2", tmp_path / "x.gguf")  # the same vocabulary; in `tokenizer_gguf`

Normalizers, pre-tokenizers, decoders, post-processors and the flags of added tokens are those of
the families' own files; the vocabularies are trained on a few kilobytes of many scripts.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from tests.support.tokenizer_training import (
    byte_level_vocabulary,
    sentencepiece_vocabulary,
    unigram_vocabulary,
)

Json = dict[str, Any]

_GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LLAMA3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_WORDS = _LLAMA3_WORDS.replace(r"\p{N}{1,3}", r"\p{N}")


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


def _added(texts: Iterable[str], start: int = 0, **flags: bool) -> list[Json]:
    return [added(start + place, text, **flags) for place, text in enumerate(texts)]


def _file(model: Json, **parts: Any) -> Json:
    names = ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")
    file: Json = {"version": "1.0", "truncation": None, "padding": None}
    return {**file, **{name: parts.get(name) for name in names}, "model": model}


def _starting_with(text: str, token: int) -> Json:
    bos: Json = {"SpecialToken": {"id": text, "type_id": 0}}
    one, two = ({"Sequence": {"id": name, "type_id": kind}} for kind, name in enumerate("AB"))
    return {
        "type": "TemplateProcessing",
        "single": [bos, one],
        "pair": [bos, one, {"SpecialToken": {"id": text, "type_id": 1}}, two],
        "special_tokens": {text: {"id": text, "ids": [token], "tokens": [text]}},
    }


def _sequence(kind: str, parts: Sequence[Json]) -> Json:
    return {"type": "Sequence", kind: list(parts)}


# Byte-level vocabularies


def _byte_level(*, prefix: bool = False, trim: bool = True, regex: bool = False) -> Json:
    flags = {"add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}
    return {"type": "ByteLevel", **flags}


def _split(words: str) -> Json:
    pattern = {"Regex": words}
    return {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}


def _bpe(vocabulary: Mapping[str, int], merges: Sequence[Sequence[str]], **changes: Any) -> Json:
    plain = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
        "ignore_merges": False,
    }  # fmt: skip
    pairs = [list(pair) for pair in merges]
    return {**plain, "vocab": dict(vocabulary), "merges": pairs, **changes}


def _gpt2() -> TokenizerFamily:
    """Its one control token is the last of the vocabulary."""
    vocabulary, merges = byte_level_vocabulary(_GPT2_WORDS)
    end = len(vocabulary)
    vocabulary = {**vocabulary, "<|endoftext|>": end}
    file = _file(
        _bpe(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix=""),
        added_tokens=[added(end, "<|endoftext|>", normalized=True)],
        pre_tokenizer=_byte_level(regex=True),
        post_processor=_byte_level(trim=False, regex=True),
        decoder=_byte_level(regex=True),
    )
    texts = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    settings = {**texts, "add_prefix_space": False, "tokenizer_class": "GPT2Tokenizer"}
    return TokenizerFamily(file, settings, GgufForm("gpt2", "gpt-2"))


def _llama3() -> TokenizerFamily:
    vocabulary, merges = byte_level_vocabulary(_LLAMA3_WORDS)
    names = (
        "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
        "<|finetune_right_pad_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
        "<|eot_id|>", "<|python_tag|>",
    )  # fmt: skip
    tokens = _added(names, len(vocabulary))
    bos = _starting_with("<|begin_of_text|>", len(vocabulary))
    file = _file(
        _bpe(vocabulary, merges, ignore_merges=True),
        added_tokens=tokens,
        pre_tokenizer=_sequence("pretokenizers", [_split(_LLAMA3_WORDS), _byte_level()]),
        post_processor=_sequence("processors", [_byte_level(regex=True), bos]),
        decoder=_byte_level(regex=True),
    )
    settings = {
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
        "clean_up_tokenization_spaces": True,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    return TokenizerFamily(file, settings, GgufForm("gpt2", "llama-bpe", {"add_bos_token": True}))


def _qwen3() -> TokenizerFamily:
    """Its tool and reasoning marks are added tokens, but no control tokens."""
    vocabulary, merges = byte_level_vocabulary(_QWEN_WORDS)
    control = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|fim_pad|>")
    marks = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>",
             "</think>")  # fmt: skip
    tokens = _added(control, len(vocabulary))
    tokens += _added(marks, len(vocabulary) + len(control), special=False)
    file = _file(
        _bpe(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix=""),
        added_tokens=tokens,
        normalizer={"type": "NFC"},
        pre_tokenizer=_sequence("pretokenizers", [_split(_QWEN_WORDS), _byte_level(trim=False)]),
        post_processor=_byte_level(trim=False),
        decoder=_byte_level(trim=False),
    )
    settings = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "errors": "replace",
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    return TokenizerFamily(file, settings, GgufForm("gpt2", "qwen2", {"add_bos_token": False}))


def _smollm() -> TokenizerFamily:
    """GPT-2's words with every digit on its own."""
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>",
             "<jupyter_start>")  # fmt: skip
    vocabulary, merges = byte_level_vocabulary(_GPT2_WORDS, digits=True, first=names)
    file = _file(
        _bpe(vocabulary, merges),
        added_tokens=_added(names),
        pre_tokenizer=_sequence(
            "pretokenizers",
            [{"type": "Digits", "individual_digits": True}, _byte_level(regex=True)],
        ),
        decoder=_byte_level(regex=True),
    )
    settings = {
        "add_prefix_space": False,
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "GPT2Tokenizer",
    }
    return TokenizerFamily(file, settings, GgufForm("gpt2", "smollm", {"add_bos_token": False}))


def _phi4() -> TokenizerFamily:
    """Its control tokens take the white space on both sides."""
    vocabulary, merges = byte_level_vocabulary(_LLAMA3_WORDS)
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|fim_prefix|>")
    file = _file(
        _bpe(vocabulary, merges),
        added_tokens=_added(names, len(vocabulary), lstrip=True, rstrip=True),
        pre_tokenizer=_sequence("pretokenizers", [_split(_LLAMA3_WORDS), _byte_level()]),
        post_processor=_byte_level(trim=False, regex=True),
        decoder=_byte_level(regex=True),
    )
    settings = {
        "add_prefix_space": False,
        "bos_token": "<|endoftext|>",
        "eos_token": "<|im_end|>",
        "tokenizer_class": "GPT2Tokenizer",
    }
    return TokenizerFamily(file, settings, gguf=None)


# SentencePiece vocabularies


_SPACES: list[Json] = [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"},
    {"type": "Fuse"},
]
_STRIP: Json = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
_UNDERSCORES: Json = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
_LEGACY = _sequence("normalizers", [{"type": "Prepend", "prepend": "▁"}, _UNDERSCORES])


def _sentencepiece_bpe(
    names: Sequence[str], user_defined: Sequence[str] = ()
) -> tuple[Json, tuple[float, ...]]:
    vocabulary, merges, scores = sentencepiece_vocabulary(tuple(names), tuple(user_defined))
    model = _bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    return model, scores


def _llama_settings(**changes: Any) -> Json:
    settings = {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<s>",
        "clean_up_tokenization_spaces": False,
        "eos_token": "</s>",
        "legacy": True,
        "sp_model_kwargs": {},
        "tokenizer_class": "LlamaTokenizer",
        "unk_token": "<unk>",
        "use_default_system_prompt": False,
    }
    return {**settings, **changes}


def _llama2() -> TokenizerFamily:
    """A space is put before every piece of text between control tokens."""
    names = ("<unk>", "<s>", "</s>")
    model, scores = _sentencepiece_bpe(names)
    file = _file(
        model,
        added_tokens=_added(names),
        normalizer=_LEGACY,
        post_processor=_starting_with("<s>", 1),
        decoder=_sequence("decoders", [*_SPACES, _STRIP]),
    )
    return TokenizerFamily(file, _llama_settings(), GgufForm("llama"), scores)


def _mistral() -> TokenizerFamily:
    """A space is put before the first piece of text only, where no control token precedes it."""
    names = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]")
    model, scores = _sentencepiece_bpe(names)
    file = _file(
        model,
        added_tokens=_added(names),
        pre_tokenizer={
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False,
        },
        post_processor=_starting_with("<s>", 1),
        decoder=_sequence("decoders", [*_SPACES, _STRIP]),
    )  # fmt: skip
    return TokenizerFamily(file, _llama_settings(legacy=False), GgufForm("llama"), scores)


def _phi3() -> TokenizerFamily:
    """Llama 2's vocabulary with control tokens that take the white space after them."""
    model, scores = _sentencepiece_bpe(("<unk>", "<s>", "</s>"))
    names = ("<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>")
    start = len(model["vocab"])
    file = _file(
        model,
        added_tokens=[
            *_added(("<unk>", "<s>")),
            added(2, "</s>", special=False, rstrip=True),
            added(start, names[0]),
            *_added(names[1:], start + 1, rstrip=True),
        ],
        normalizer=_LEGACY,
        post_processor=None,
        decoder=_sequence("decoders", [*_SPACES, _STRIP]),
    )
    settings = _llama_settings(add_bos_token=False, eos_token="<|endoftext|>", legacy=False)
    form = GgufForm("llama", settings={"add_bos_token": False}, name="Phi-3 Tiny")
    return TokenizerFamily(file, settings, form, scores)


def _gemma() -> TokenizerFamily:
    """No space is put before a text; runs of spaces and lines are added tokens."""
    names = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<unused0>", "<start_of_turn>",
             "<end_of_turn>")  # fmt: skip
    runs = (*("\n" * count for count in (1, 2, 3, 4)), *("▁" * count for count in (2, 3, 4, 8)))
    model, scores = _sentencepiece_bpe(names, (*runs, "<table>"))
    file = _file(
        model,
        added_tokens=[
            *_added(names),
            *_added((*runs, "<table>"), len(names), special=False),
        ],
        normalizer=_UNDERSCORES,
        pre_tokenizer={
            "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
            "invert": False,
        },
        post_processor=_starting_with("<bos>", 2),
        decoder=_sequence("decoders", _SPACES),
    )  # fmt: skip
    settings = {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "GemmaTokenizer",
    }
    return TokenizerFamily(
        file, settings, GgufForm("llama", settings={"add_space_prefix": False}), scores
    )


def _unigram() -> TokenizerFamily:
    """T5's pipeline, less its table of compatible letters."""
    names = ("<pad>", "</s>", "<unk>", "<extra_id_0>")
    pieces = unigram_vocabulary(names)
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    file = _file(
        {"type": "Unigram", "unk_id": 2, "vocab": [list(piece) for piece in pieces],
         "byte_fallback": False},
        added_tokens=_added(names),
        pre_tokenizer=space,
        decoder=space,
    )  # fmt: skip
    settings = {
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    return TokenizerFamily(
        file,
        settings,
        GgufForm("t5", settings={"add_space_prefix": True}),
        tuple(score for _, score in pieces),
    )


_MAKERS: Mapping[str, Callable[[], TokenizerFamily]] = {
    "gpt-2": _gpt2,
    "llama-3": _llama3,
    "qwen-3": _qwen3,
    "smollm": _smollm,
    "phi-4": _phi4,
    "llama-2": _llama2,
    "mistral": _mistral,
    "phi-3": _phi3,
    "gemma": _gemma,
    "unigram": _unigram,
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
