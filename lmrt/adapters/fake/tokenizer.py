"""A tokenizer whose tokens are the bytes of UTF-8, followed by five control tokens."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from attrs import frozen

from lmrt.domain.models import Artifact
from lmrt.domain.prompts import PromptSection, literal_pattern
from lmrt.domain.text import utf8
from lmrt.ports.text import Tokenizer

BYTES = 256
CONTROL_TOKENS: Mapping[str, int] = MappingProxyType(
    {"<bos>": 256, "<eos>": 257, "<system>": 258, "<user>": 259, "<assistant>": 260}
)
VOCABULARY_SIZE = BYTES + len(CONTROL_TOKENS)
_BOS, _EOS = "<bos>", "<eos>"


@frozen
class FakeTokenizer:
    """`Tokenizer` over bytes: ids 0 to 255 are bytes, the rest control tokens.

    Attributes:
        adds_bos: Whether a text should start with `<bos>`.
    """

    adds_bos: bool = True

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        return VOCABULARY_SIZE

    @property
    def end_tokens(self) -> frozenset[int]:
        """Ids that end a turn or the text."""
        return frozenset({CONTROL_TOKENS[_EOS]})

    @property
    def bos_token(self) -> tuple[int, str] | None:
        """Id and text of the token that starts a text."""
        return CONTROL_TOKENS[_BOS], _BOS

    @property
    def eos_text(self) -> str:
        """The text of the end-of-sequence token."""
        return _EOS

    @property
    def puts_space_first(self) -> bool:
        """Whether the first word has a space of its own: it has not."""
        return False

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Text to id of the control tokens."""
        return CONTROL_TOKENS

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        """Return the token ids of a text, without any token added at its ends.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        return [token for section in sections for token in _encoded(section)]

    def token_bytes(self, token: int) -> bytes:
        """Return the byte that a token stands for; empty for a control token."""
        return bytes([token]) if 0 <= token < BYTES else b""


def _encoded(section: PromptSection) -> Iterator[int]:
    pattern = literal_pattern(CONTROL_TOKENS, section.text) if section.control else None
    end = 0
    for match in pattern.finditer(section.text) if pattern else ():
        yield from utf8(section.text[end : match.start()])
        yield CONTROL_TOKENS[match.group()]
        end = match.end()
    yield from utf8(section.text[end:])


@frozen
class FakeTokenizerFactory:
    """`TokenizerFactory` that gives every artifact the same tokenizer."""

    tokenizer: Tokenizer = FakeTokenizer()

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:  # noqa: ARG002 - the port's form
        """Return the tokenizer; no file is read."""
        return self.tokenizer
