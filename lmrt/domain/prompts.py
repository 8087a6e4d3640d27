"""A rendered prompt on its way to token ids: what is control, what is ordinary text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from itertools import groupby

from attrs import frozen

from lmrt.domain.errors import ConfigurationError


@frozen
class PromptSection:
    """A part of a prompt that is encoded in one go.

    Attributes:
        text: The text, not empty.
        control: Whether control tokens in it are meant; else their letters are ordinary text.
    """

    text: str
    control: bool


_STRUCTURE = re.compile(r"<\|.*\|>|<｜.*｜>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]")  # noqa: RUF001


def looks_structural(token: str) -> bool:
    """Return whether a token shapes a conversation by its looks.

    Some vocabularies do not declare all of their control tokens as such.
    """
    return _STRUCTURE.fullmatch(token) is not None


def template_missing(model: str) -> ConfigurationError:
    """Return the error for a model without a chat template that is to answer a conversation."""
    return ConfigurationError(
        f"`{model}` has no chat template",
        code="template-missing",
        context={"model": model},
        note="it is probably a base model, which continues text but does not answer",
        hint="`--raw` gives it the text as it is; or choose an instruct model",
    )


class _Kind(Enum):
    TEXT = auto()
    CONTROL_TOKEN = auto()
    CONTENT_LITERAL = auto()


@frozen
class _Span:
    text: str
    kind: _Kind


def literal_pattern(literals: Iterable[str], text: str) -> "re.Pattern[str] | None":
    """Return a pattern of those literals that occur in `text`, or None where none does.

    Where one literal begins another, the pattern takes the longer one.
    """
    present = sorted({word for word in literals if word and word in text}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, present))) if present else None


def prompt_sections(
    pieces: Sequence[str], control_literals: Iterable[str]
) -> tuple[PromptSection, ...]:
    """Return the sections of a rendered prompt, as tokenizers take them; joined, they are it.

    A literal that came from content is in one section with the ordinary text around it, up to the
    next control token on either side. There every tokenizer cuts the text anyway, so the token
    ids can be those of the same text in which the literal never had a meaning.

    Args:
        pieces: The renderer's pieces; those at odd places are literals from content.
        control_literals: The texts of the tokenizer's control tokens.
    """
    if len(pieces) < 2:
        return tuple(PromptSection(piece, control=True) for piece in pieces if piece)
    runs: list[PromptSection] = []
    for written, group in groupby(
        _spans(pieces, control_literals), key=lambda span: span.kind is _Kind.CONTROL_TOKEN
    ):
        spans = list(group)
        harmless = all(span.kind is not _Kind.CONTENT_LITERAL for span in spans)
        text = "".join(span.text for span in spans)
        runs.append(PromptSection(text, control=written or harmless))
    return tuple(
        PromptSection("".join(run.text for run in group), control=control)
        for control, group in groupby(runs, key=lambda run: run.control)
    )


def _spans(pieces: Sequence[str], control_literals: Iterable[str]) -> Iterator[_Span]:
    pattern = literal_pattern(control_literals, "\n".join(pieces[::2]))
    for place, piece in enumerate(pieces):
        kind = _Kind.CONTENT_LITERAL if place % 2 else _Kind.TEXT
        end = 0
        for match in pattern.finditer(piece) if pattern and kind is _Kind.TEXT else ():
            if match.start() > end:
                yield _Span(piece[end : match.start()], kind)
            yield _Span(match.group(), _Kind.CONTROL_TOKEN)
            end = match.end()
        if end < len(piece):
            yield _Span(piece[end:], kind)


def with_one_bos(tokens: Sequence[int], bos: int | None, *, wanted: bool) -> tuple[int, ...]:
    """Return the tokens, preceded by `bos` where it is wanted and they do not start with it.

    Chat templates often write the token themselves; a second one changes the answers.

    Args:
        tokens: The prompt's token ids.
        bos: The token that starts a text, or None where the vocabulary has none.
        wanted: Whether the model wants its text to start with it.
    """
    ids = tuple(tokens)
    if bos is None or not wanted or ids[:1] == (bos,):
        return ids
    return (bos, *ids)
