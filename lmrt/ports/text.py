"""Tokenizers and chat templates: everything above token ids, the same for every backend."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lmrt.domain.messages import Message
from lmrt.domain.models import Artifact, ResolvedModel
from lmrt.domain.prompts import PromptSection


class Tokenizer(Protocol):
    """Text to token ids and back; safe to use from any thread."""

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        ...

    @property
    def end_tokens(self) -> frozenset[int]:
        """Ids that end a turn or the text."""
        ...

    @property
    def bos_token(self) -> tuple[int, str] | None:
        """Id and text of the token that starts a text, or None where there is none."""
        ...

    @property
    def eos_text(self) -> str:
        """The text of the end-of-sequence token, empty where there is none."""
        ...

    @property
    def adds_bos(self) -> bool:
        """Whether the model wants its text to start with `bos_token`."""
        ...

    @property
    def puts_space_first(self) -> bool:
        """Whether the first word of a text is spelled with a space that is not the text's own.

        So it is in vocabularies that mark the start of words (`▁word` of SentencePiece): an answer
        begins with such a space too, unless it continues a word.
        """
        ...

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Text to id of the tokens that structure a conversation and must not come from content."""
        ...

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        """Return the token ids of a text, without any token added at its ends.

        Args:
            sections: The text in parts. Control tokens are recognised in control sections; in the
                others their letters are encoded as ordinary text, exactly as if they never had a
                meaning. A section that is not control reaches from a control token, or the
                start, to a control token, or the end.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        ...

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that a token stands for; empty for a control token."""
        ...


class TokenizerFactory(Protocol):
    """Opens the tokenizer of an artifact."""

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:
        """Return the tokenizer of the artifact whose files lie under `root`.

        Raises:
            LoadFailed: Its files are malformed (`malformed-file`).
        """
        ...


class TemplateRenderer(Protocol):
    """Renders a conversation with the model's own chat template."""

    def render(
        self, model: ResolvedModel, tokenizer: Tokenizer, messages: Sequence[Message]
    ) -> "Sequence[str]":
        """Return the prompt, ready for the assistant's turn, cut where content needs care.

        Returns:
            Pieces that join to the whole text. Pieces at odd places (1, 3, …) are literals of
            control tokens that came from the messages' content, to be encoded as ordinary text.

        Raises:
            GenerationFailed: The template failed (`template-failed`).
        """
        ...
