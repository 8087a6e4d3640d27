"""Small vocabularies, trained on a few kilobytes of many scripts."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer, UnigramTrainer

Merges = tuple[tuple[str, str], ...]

_TEXTS = (
    "Grüße aus Köln, wie geht es dir? Où est la bibliothèque? ¿Dónde está el niño pequeño?",
    "Hello world! I'm sure that's what they'll say, isn't it? We've got 12 of 345, he'd said.",
    "東京は日本の首都です。 今日は天気がいいですね。 한국어도 조금 있습니다. 你好，世界！",  # noqa: RUF001
    "Привет, мир! Как дела? مرحبا بالعالم، كيف حالك؟ שלום עולם",
    "def add(left, right):\n    return left + right\n\n\nclass Llama:\n\tname = 'llama'\n",
    "👋🏽 hello 🦙 llama 👩‍👩‍👧 family ❤️ heart cafe\u0301 naïve co\u0308operate",
    "  two spaces,    four spaces,\t\ttabs\n\n\nand lines\r\nwith returns  \n",
)
_SIZE = 640
_SPACES = ("▁▁", "▁▁▁▁", "▁▁▁▁▁▁▁▁")


@cache
def corpus() -> tuple[str, ...]:
    """Return the texts."""
    license_text = (Path(__file__).parents[2] / "LICENSE").read_text("utf-8")
    return (*_TEXTS * 3, license_text)


@cache
def byte_level_vocabulary(
    words: str, *, digits: bool = False, first: tuple[str, ...] = ()
) -> tuple[dict[str, int], Merges]:
    """Return vocabulary and merges of byte-level BPE.

    Args:
        words: The pattern of what is never merged across.
        digits: Whether each digit stands alone.
        first: Tokens with the first ids.
    """
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(words), "isolated")
    bytes_of = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alone = [pre_tokenizers.Digits(individual_digits=True)] if digits else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*alone, split, bytes_of])
    model = _trained(tokenizer, sorted(pre_tokenizers.ByteLevel.alphabet()), first)
    return model["vocab"], _pairs(model)


@cache
def sentencepiece_vocabulary(
    control: tuple[str, ...], user_defined: tuple[str, ...]
) -> tuple[dict[str, int], Merges, tuple[float, ...]]:
    """Return vocabulary, merges and scores of SentencePiece's BPE with byte tokens.

    The order is SentencePiece's: control tokens, user-defined ones, bytes, merged pieces with
    scores that fall from 0, and single letters.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    model = _trained(tokenizer, [], ())
    letters = Counter("".join(corpus()).replace(" ", "▁"))
    merged = [piece for piece in model["vocab"] if len(piece) > 1]
    pieces = [piece for piece in (*_SPACES, *merged) if piece not in user_defined]
    pieces += [letter for letter, _ in letters.most_common() if letter not in user_defined]
    head = [*control, *user_defined, *(f"<0x{byte:02X}>" for byte in range(256))]
    vocabulary = {piece: token for token, piece in enumerate((*head, *pieces))}
    scores = [0.0] * len(head) + [-float(rank) for rank in range(len(pieces))]
    spelled = set(head) - set(user_defined)
    return vocabulary, _all_merges(vocabulary, scores, spelled), tuple(scores)


def _all_merges(vocabulary: dict[str, int], scores: Sequence[float], never: set[str]) -> Merges:
    """Return every pair that makes a piece, best scores first, as transformers converts scores."""
    pairs = [
        (-scores[token], vocabulary[piece[:cut]], vocabulary[piece[cut:]])
        for piece, token in vocabulary.items()
        if piece not in never
        for cut in range(1, len(piece))
        if {piece[:cut], piece[cut:]} <= vocabulary.keys() - never
    ]
    texts = list(vocabulary)
    return tuple((texts[left], texts[right]) for _, left, right in sorted(pairs))


@cache
def unigram_vocabulary(first: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Return pieces and scores of a unigram vocabulary; `first` have the first ids."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    trainer = UnigramTrainer(
        vocab_size=_SIZE, special_tokens=list(first), unk_token=first[2], show_progress=False
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    return tuple((text, score) for text, score in vocabulary)


def _trained(tokenizer: Tokenizer, alphabet: list[str], first: Iterable[str]) -> dict[str, Any]:
    trainer = BpeTrainer(
        vocab_size=_SIZE,
        special_tokens=list(first),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return model


def _pairs(model: dict[str, Any]) -> Merges:
    return tuple((left, right) for left, right in model["merges"])
