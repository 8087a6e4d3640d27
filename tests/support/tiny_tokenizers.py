"""Tiny trained tokenizers of every family, written as Hugging Face directories.

::

    folder = write_tokenizer("sentencepiece-first", tmp_path)
    folder = write_tokenizer("byte-level", tmp_path, tokenizer_config={"add_bos_token": True})
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer, UnigramTrainer, WordPieceTrainer

Family = Literal[
    "byte-level",
    "sentencepiece-legacy",
    "sentencepiece-first",
    "sentencepiece-bare",
    "unigram",
    "wordpiece",
]
FAMILIES: tuple[Family, ...] = get_args(Family)

UNK, BOS, EOS, TURN = "<unk>", "<s>", "</s>", "<|turn|>"
SPECIALS = (UNK, BOS, EOS, TURN)
"""Ids 0 to 3 in every family."""

TEXTS = (
    "hello world, this is a small text about runtimes and other worlds",
    "the quick brown fox jumps over the lazy dog; naïve café — 5 + 7 = 12",
    "def add(left, right):\n    return left + right\n\n",
)


def write_tokenizer(
    family: Family,
    folder: Path,
    *,
    added: tuple[AddedToken, ...] = (),
    tokenizer_config: Mapping[str, Any] | None = None,
) -> Path:
    """Write `tokenizer.json` and `tokenizer_config.json`; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_str(_trained(family))
    tokenizer.add_tokens(list(added))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"bos_token": BOS, "eos_token": EOS, **(tokenizer_config or {})}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@cache
def _trained(family: Family) -> str:
    tokenizer = _untrained(family)
    specials = [AddedToken(text, special=True, normalized=False) for text in SPECIALS]
    if family == "unigram":
        tokenizer.train_from_iterator(
            TEXTS * 10,
            UnigramTrainer(
                vocab_size=120, special_tokens=specials, unk_token=UNK, show_progress=False
            ),
        )
        return str(tokenizer.to_str())
    if family == "wordpiece":
        tokenizer.train_from_iterator(
            TEXTS * 10,
            WordPieceTrainer(vocab_size=120, special_tokens=specials, show_progress=False),
        )
        return str(tokenizer.to_str())
    alphabet = pre_tokenizers.ByteLevel.alphabet() if family == "byte-level" else []
    spelled = [] if family == "byte-level" else [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = BpeTrainer(
        vocab_size=420,
        special_tokens=[*specials, *spelled],
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS * 10, trainer)
    files = json.loads(tokenizer.to_str())
    files["added_tokens"] = files["added_tokens"][: len(SPECIALS)]
    return json.dumps(files)


def _untrained(family: Family) -> Tokenizer:
    match family:
        case "byte-level":
            tokenizer = Tokenizer(models.BPE())
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            tokenizer.decoder = decoders.ByteLevel()
        case "unigram":
            tokenizer = Tokenizer(models.Unigram())
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
            tokenizer.decoder = decoders.Metaspace()
        case "wordpiece":
            tokenizer = Tokenizer(models.WordPiece({UNK: 0}, unk_token=UNK))
            tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
            tokenizer.decoder = decoders.WordPiece(cleanup=False)
        case _:
            tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token=UNK))
            _sentencepiece(tokenizer, family)
    return tokenizer


def _sentencepiece(tokenizer: Tokenizer, family: Family) -> None:
    spaces: list[Any] = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    match family:
        case "sentencepiece-legacy":  # Llama 2
            tokenizer.normalizer = normalizers.Sequence(
                [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
            )
            spaces.append(decoders.Strip(" ", 1, 0))
        case "sentencepiece-first":  # Mistral 7B v0.3
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
            spaces.append(decoders.Strip(" ", 1, 0))
        case _:  # Gemma
            tokenizer.normalizer = normalizers.Replace(" ", "▁")
            tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(" "), "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(spaces)
