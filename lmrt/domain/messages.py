"""What is said to a model and by it: messages made of content parts."""

from enum import StrEnum

from attrs import field, frozen


class Role(StrEnum):
    """Who speaks in a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Modality(StrEnum):
    """A kind of input that a model can take."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"


@frozen
class TextPart:
    """Plain text."""

    text: str


@frozen
class MediaUri:
    """Media by reference: a local path, a `file:`, `data:` or `http(s):` URI."""

    uri: str


@frozen
class MediaBytes:
    """Media by value.

    Attributes:
        data: The encoded file's bytes.
        media_type: Its MIME type where known, as `image/png`.
    """

    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str | None = None


MediaSource = MediaUri | MediaBytes


@frozen
class ImagePart:
    """One image, in its place among the other parts."""

    source: MediaSource


@frozen
class AudioPart:
    """One audio clip, in its place among the other parts."""

    source: MediaSource


@frozen
class ReasoningPart:
    """What the model thought before it answered, kept apart from the answer."""

    text: str


@frozen
class ToolCallPart:
    """A tool call that the model asks for.

    Attributes:
        id: Identifies the call within the conversation.
        name: The tool's name.
        arguments: The arguments as JSON text, as the model wrote them.
    """

    id: str
    name: str
    arguments: str


@frozen
class ToolResultPart:
    """What a tool returned.

    Attributes:
        call_id: The `ToolCallPart.id` that it answers.
        text: The result as text.
    """

    call_id: str
    text: str


ContentPart = TextPart | ImagePart | AudioPart | ReasoningPart | ToolCallPart | ToolResultPart


@frozen
class Message:
    """One turn of a conversation.

    Attributes:
        role: Who speaks.
        parts: What is said, in order.
    """

    role: Role
    parts: tuple[ContentPart, ...]

    @classmethod
    def system(cls, text: str) -> "Message":
        """Return a system instruction."""
        return cls(Role.SYSTEM, (TextPart(text),))

    @classmethod
    def user(cls, text: str) -> "Message":
        """Return a user's turn of plain text."""
        return cls(Role.USER, (TextPart(text),))

    @classmethod
    def assistant(cls, text: str) -> "Message":
        """Return an assistant's turn of plain text."""
        return cls(Role.ASSISTANT, (TextPart(text),))

    @property
    def text(self) -> str:
        """The text parts joined, without media, reasoning or tool calls."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


def modalities_of(messages: tuple[Message, ...]) -> frozenset[Modality]:
    """Return the kinds of input that the messages hold; text is always among them."""
    found = {Modality.TEXT}
    for message in messages:
        for part in message.parts:
            match part:
                case ImagePart():
                    found.add(Modality.IMAGE)
                case AudioPart():
                    found.add(Modality.AUDIO)
                case _:
                    pass
    return frozenset(found)
