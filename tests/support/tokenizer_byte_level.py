"""Families with byte-level vocabularies: GPT-2, Llama 3, Qwen 3, SmolLM, Phi-4."""

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
from tests.support.tokenizer_training import byte_level_vocabulary

_GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LLAMA3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_WORDS = _LLAMA3_WORDS.replace(r"\p{N}{1,3}", r"\p{N}")


def _byte_level(*, prefix: bool = False, trim: bool = True, regex: bool = False) -> Json:
    flags = {"add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}
    return {"type": "ByteLevel", **flags}


def _split(words: str) -> Json:
    pattern = {"Regex": words}
    return {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}


def gpt2() -> TokenizerFamily:
    """Its one control token is the last of the vocabulary."""
    vocabulary, merges = byte_level_vocabulary(_GPT2_WORDS)
    end = len(vocabulary)
    vocabulary = {**vocabulary, "<|endoftext|>": end}
    file = tokenizer_file(
        bpe(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix=""),
        added_tokens=[added(end, "<|endoftext|>", normalized=True)],
        pre_tokenizer=_byte_level(regex=True),
        post_processor=_byte_level(trim=False, regex=True),
        decoder=_byte_level(regex=True),
    )
    texts = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    settings = {**texts, "add_prefix_space": False, "tokenizer_class": "GPT2Tokenizer"}
    return TokenizerFamily(file, settings, GgufForm("gpt2", "gpt-2"))


def llama3() -> TokenizerFamily:
    vocabulary, merges = byte_level_vocabulary(_LLAMA3_WORDS)
    names = (
        "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
        "<|finetune_right_pad_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
        "<|eot_id|>", "<|python_tag|>",
    )  # fmt: skip
    tokens = added_tokens(names, len(vocabulary))
    bos = starting_with("<|begin_of_text|>", len(vocabulary))
    file = tokenizer_file(
        bpe(vocabulary, merges, ignore_merges=True),
        added_tokens=tokens,
        pre_tokenizer=sequence("pretokenizers", [_split(_LLAMA3_WORDS), _byte_level()]),
        post_processor=sequence("processors", [_byte_level(regex=True), bos]),
        decoder=_byte_level(regex=True),
    )
    settings = {
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
        "clean_up_tokenization_spaces": True,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    return TokenizerFamily(file, settings, GgufForm("gpt2", "llama-bpe", {"add_bos_token": True}))


def qwen3() -> TokenizerFamily:
    """Its tool and reasoning marks are added tokens, but no control tokens."""
    vocabulary, merges = byte_level_vocabulary(_QWEN_WORDS)
    control = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|fim_pad|>")
    marks = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>",
             "</think>")  # fmt: skip
    tokens = added_tokens(control, len(vocabulary))
    tokens += added_tokens(marks, len(vocabulary) + len(control), special=False)
    file = tokenizer_file(
        bpe(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix=""),
        added_tokens=tokens,
        normalizer={"type": "NFC"},
        pre_tokenizer=sequence("pretokenizers", [_split(_QWEN_WORDS), _byte_level(trim=False)]),
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


def smollm() -> TokenizerFamily:
    """GPT-2's words with every digit on its own."""
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>",
             "<jupyter_start>")  # fmt: skip
    vocabulary, merges = byte_level_vocabulary(_GPT2_WORDS, digits=True, first=names)
    file = tokenizer_file(
        bpe(vocabulary, merges),
        added_tokens=added_tokens(names),
        pre_tokenizer=sequence(
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


def phi4() -> TokenizerFamily:
    """Its control tokens take the white space on both sides."""
    vocabulary, merges = byte_level_vocabulary(_LLAMA3_WORDS)
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|fim_prefix|>")
    file = tokenizer_file(
        bpe(vocabulary, merges),
        added_tokens=added_tokens(names, len(vocabulary), lstrip=True, rstrip=True),
        pre_tokenizer=sequence("pretokenizers", [_split(_LLAMA3_WORDS), _byte_level()]),
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
