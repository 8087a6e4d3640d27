"""Messages in the form that chat templates expect."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lmrt.domain.messages import (
    AudioPart,
    ContentPart,
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

Turn = dict[str, Any]
"""One message of a template: `role`, `content` and, where there are any, further keys."""


def texts_of(messages: Sequence[Message]) -> Iterator[str]:
    """Yield every text in the messages that reaches the template."""
    for message in messages:
        yield message.text
        for part in message.parts:
            match part:
                case ReasoningPart(text):
                    yield text
                case ToolResultPart(call_id, text):
                    yield from (call_id, text)
                case ToolCallPart(identity, name, arguments):
                    yield from (identity, name, arguments)
                case TextPart() | ImagePart() | AudioPart():
                    pass


def conversation(messages: Sequence[Message], hide: Callable[[str], str]) -> list[Turn]:
    """Return the messages as Hugging Face's templates expect them.

    Args:
        messages: The conversation.
        hide: Applied to every text.
    """
    return [turn for message in messages for turn in _turns(message, hide)]


def _turns(message: Message, hide: Callable[[str], str]) -> Iterator[Turn]:
    others: list[ContentPart] = []
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            yield {
                "role": message.role.value,
                "content": hide(part.text),
                "tool_call_id": hide(part.call_id),
            }
        else:
            others.append(part)
    if others or not message.parts:
        yield _turn(Message(message.role, tuple(others)), hide)


def _turn(message: Message, hide: Callable[[str], str]) -> Turn:
    reasoning = "".join(part.text for part in message.parts if isinstance(part, ReasoningPart))
    # Templates know it by either name
    turn: Turn = {"thinking": hide(reasoning)} if reasoning else {}
    turn |= {"role": message.role.value, "content": _content(message, hide)}
    if reasoning:
        turn["reasoning_content"] = hide(reasoning)
    calls = [_call(part, hide) for part in message.parts if isinstance(part, ToolCallPart)]
    if calls:
        turn["tool_calls"] = calls
    return turn


def _content(message: Message, hide: Callable[[str], str]) -> str | list[Turn]:
    if not any(isinstance(part, ImagePart | AudioPart) for part in message.parts):
        return hide(message.text)
    items: list[Turn] = []
    for part in message.parts:
        match part:
            case TextPart(text):
                items.append({"type": "text", "text": hide(text)})
            case ImagePart():
                items.append({"type": "image"})
            case AudioPart():
                items.append({"type": "audio"})
            case _:
                pass
    return items


def _call(part: ToolCallPart, hide: Callable[[str], str]) -> Turn:
    text = hide(part.arguments)
    try:
        arguments = json.loads(text)
    except ValueError:  # what the model wrote need not be JSON
        arguments = text
    return {
        "type": "function",
        "id": hide(part.id),
        "function": {"name": hide(part.name), "arguments": arguments},
    }
