"""Prompts to token ids, the same for every backend."""

from collections.abc import Sequence

from lmrt.domain.prompts import prompt_sections, with_one_bos
from lmrt.domain.text import utf8
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
    utf8("".join(pieces))  # told here, its place is that in the whole prompt
    tokens = tokenizer.encode(prompt_sections(pieces, tokenizer.control_tokens))
    bos = tokenizer.bos_token
    return with_one_bos(tokens, None if bos is None else bos[0], wanted=tokenizer.adds_bos)
