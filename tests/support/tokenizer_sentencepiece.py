"""Families with SentencePiece vocabularies: Llama 2, Mistral, Phi-3, Gemma, and unigrams."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from tests.support.tokenizer_shapes import (
    GgufForm,
    Json,
    TokenizerFamily,
    added,
    added_tokens,
    bpe,
    sequence,
    starting_with,
    tokenizer_file,
)
from tests.support.tokenizer_training import sentencepiece_vocabulary, unigram_vocabulary

_SPACES: list[Json] = [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"},
    {"type": "Fuse"},
]
_STRIP: Json = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
_UNDERSCORES: Json = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
_LEGACY = sequence("normalizers", [{"type": "Prepend", "prepend": "▁"}, _UNDERSCORES])


def _sentencepiece_bpe(
    names: Sequence[str], user_defined: Sequence[str] = ()
) -> tuple[Json, tuple[float, ...]]:
    vocabulary, merges, scores = sentencepiece_vocabulary(tuple(names), tuple(user_defined))
    model = bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
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


def llama2() -> TokenizerFamily:
    """A space is put before every piece of text between control tokens."""
    names = ("<unk>", "<s>", "</s>")
    model, scores = _sentencepiece_bpe(names)
    file = tokenizer_file(
        model,
        added_tokens=added_tokens(names),
        normalizer=_LEGACY,
        post_processor=starting_with("<s>", 1),
        decoder=sequence("decoders", [*_SPACES, _STRIP]),
    )
    return TokenizerFamily(file, _llama_settings(), GgufForm("llama"), scores)


def mistral() -> TokenizerFamily:
    """A space is put before the first piece of text only, where no control token precedes it."""
    names = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]")
    model, scores = _sentencepiece_bpe(names)
    file = tokenizer_file(
        model,
        added_tokens=added_tokens(names),
        pre_tokenizer={
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False,
        },
        post_processor=starting_with("<s>", 1),
        decoder=sequence("decoders", [*_SPACES, _STRIP]),
    )  # fmt: skip
    return TokenizerFamily(file, _llama_settings(legacy=False), GgufForm("llama"), scores)


def phi3() -> TokenizerFamily:
    """Llama 2's vocabulary with control tokens that take the white space after them."""
    model, scores = _sentencepiece_bpe(("<unk>", "<s>", "</s>"))
    names = ("<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>")
    start = len(model["vocab"])
    file = tokenizer_file(
        model,
        added_tokens=[
            *added_tokens(("<unk>", "<s>")),
            added(2, "</s>", special=False, rstrip=True),
            added(start, names[0]),
            *added_tokens(names[1:], start + 1, rstrip=True),
        ],
        normalizer=_LEGACY,
        post_processor=None,
        decoder=sequence("decoders", [*_SPACES, _STRIP]),
    )
    settings = _llama_settings(add_bos_token=False, eos_token="<|endoftext|>", legacy=False)
    form = GgufForm("llama", settings={"add_bos_token": False}, name="Phi-3 Tiny")
    return TokenizerFamily(file, settings, form, scores)


def gemma() -> TokenizerFamily:
    """No space is put before a text; runs of spaces and lines are added tokens."""
    names = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<unused0>", "<start_of_turn>",
             "<end_of_turn>")  # fmt: skip
    runs = (*("\n" * count for count in (1, 2, 3, 4)), *("▁" * count for count in (2, 3, 4, 8)))
    model, scores = _sentencepiece_bpe(names, (*runs, "<table>"))
    file = tokenizer_file(
        model,
        added_tokens=[
            *added_tokens(names),
            *added_tokens((*runs, "<table>"), len(names), special=False),
        ],
        normalizer=_UNDERSCORES,
        pre_tokenizer={
            "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
            "invert": False,
        },
        post_processor=starting_with("<bos>", 2),
        decoder=sequence("decoders", _SPACES),
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


def gemma4() -> TokenizerFamily:
    """Gemma's pipeline; a GGUF has its merges in place of scores."""
    form = GgufForm("gemma4", "gemma4", {"add_space_prefix": False})
    return evolve(gemma(), gguf=form, scores=())


def unigram() -> TokenizerFamily:
    """T5's pipeline, less its table of compatible letters."""
    names = ("<pad>", "</s>", "<unk>", "<extra_id_0>")
    pieces = unigram_vocabulary(names)
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    file = tokenizer_file(
        {"type": "Unigram", "unk_id": 2, "vocab": [list(piece) for piece in pieces],
         "byte_fallback": False},
        added_tokens=added_tokens(names),
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
