"""The byte-level BPE tokenizer of `guide`, and the files that describe it."""

import json
from collections.abc import Iterable
from pathlib import Path

from attrs import field, frozen
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
SPECIALS = (END_OF_TEXT, TURN_START, TURN_END)

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


@frozen
class Codec:
    """A tokenizer and the ids of its special tokens.

    Attributes:
        tokenizer: The tokenizer itself.
    """

    tokenizer: Tokenizer = field(eq=False)

    @property
    def end_of_text(self) -> int:
        """Return the id of padding and beginning of sequence."""
        return self._special(END_OF_TEXT)

    @property
    def turn_start(self) -> int:
        """Return the id that opens a turn."""
        return self._special(TURN_START)

    @property
    def turn_end(self) -> int:
        """Return the id that closes a turn."""
        return self._special(TURN_END)

    @property
    def size(self) -> int:
        """Return the number of tokens."""
        return int(self.tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Return the tokens of ordinary text."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, special ones left out."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def merges(self) -> list[str]:
        """Return the merges, each as two tokens and a space."""
        model = json.loads(self.tokenizer.to_str())["model"]
        return [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]

    def _special(self, text: str) -> int:
        found = self.tokenizer.token_to_id(text)
        if found is None:
            raise ValueError(f"the tokenizer lacks `{text}`")
        return int(found)


def train_codec(texts: Iterable[str], size: int) -> Codec:
    """Train a tokenizer with GPT-2's pre-tokenization and the full byte alphabet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        show_progress=False,
        special_tokens=[AddedToken(text, special=True, normalized=False) for text in SPECIALS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return Codec(tokenizer)


def load_codec(folder: Path) -> Codec:
    """Read the tokenizer that `write_codec` wrote."""
    return Codec(Tokenizer.from_file(str(folder / "tokenizer.json")))


def write_codec(codec: Codec, folder: Path, context: int) -> None:
    """Write `tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja`."""
    folder.mkdir(parents=True, exist_ok=True)
    codec.tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    config = {
        "added_tokens_decoder": {
            str(codec.tokenizer.token_to_id(text)): {
                "content": text,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": True,
            }
            for text in SPECIALS
        },
        "add_bos_token": False,
        "add_prefix_space": False,
        "bos_token": END_OF_TEXT,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": TURN_END,
        "model_max_length": context,
        "pad_token": END_OF_TEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": None,
    }
    text = json.dumps(config, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
