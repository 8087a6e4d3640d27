"""A tokenizer whose tokens are the bytes of UTF-8, followed by five control tokens."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from attrs import frozen

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.models import Artifact
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
    def control_tokens(self) -> Mapping[str, int]:
        """Text to id of the control tokens."""
        return CONTROL_TOKENS

    def encode(self, text: str, *, control: bool) -> Sequence[int]:
        """Return the token ids of `text`, without any token added at its ends.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        if control:
            for literal, token in CONTROL_TOKENS.items():
                before, found, after = text.partition(literal)
                if found:
                    head = self.encode(before, control=True)
                    return [*head, token, *self.encode(after, control=True)]
        try:
            return list(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise ConfigurationError(
                f"the text holds half of a surrogate pair at character {error.start}",
                code="unreadable-input",
                context={"position": error.start},
            ) from None

    def token_bytes(self, token: int) -> bytes:
        """Return the byte that a token stands for; empty for a control token."""
        return bytes([token]) if 0 <= token < BYTES else b""


@frozen
class FakeTokenizerFactory:
    """`TokenizerFactory` that gives every artifact the same tokenizer."""

    tokenizer: Tokenizer = FakeTokenizer()

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:  # noqa: ARG002 - the port's form
        """Return the tokenizer; no file is read."""
        return self.tokenizer
