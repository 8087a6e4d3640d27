"""Prompts to token ids, the same for every backend."""

from collections.abc import Sequence

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.prompts import prompt_sections, with_one_bos
from lmrt.ports.text import Tokenizer


def encode_prompt(pieces: Sequence[str], tokenizer: Tokenizer) -> tuple[int, ...]:
    """Return the token ids of a rendered conversation, or of raw text as one piece.

    They start with one beginning-of-sequence token where the model wants it, whether or not the
    template wrote it; else with what the template wrote.

    Args:
        pieces: What `TemplateRenderer.render` returned; control tokens in a single piece are meant.
        tokenizer: The model's tokenizer.

    Raises:
        ConfigurationError: The text holds half a character (`unreadable-input`).
    """
    _check_characters("".join(pieces))
    tokens = [
        token
        for section in prompt_sections(pieces, tokenizer.control_tokens)
        for token in tokenizer.encode(section.text, control=section.control)
    ]
    bos = tokenizer.bos_token
    return with_one_bos(tokens, None if bos is None else bos[0], wanted=tokenizer.adds_bos)


def _check_characters(text: str) -> None:
    """Refuse lone surrogates, which Python makes of bytes that are no text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"the prompt is not text: character {error.start + 1} of the rendered prompt is "
            f"`U+{ord(text[error.start]):04X}`, half of a surrogate pair",
            code="unreadable-input",
            context={"position": error.start},
            hint="give the prompt as UTF-8",
        ) from None
