"""A chat session as it is kept."""

from attrs import field, frozen

from lmrt.domain.messages import Message


@frozen
class Transcript:
    """One conversation.

    Attributes:
        name: The session's label.
        system_prompt: Its system instruction, empty for none.
        messages: The turns, the system instruction not among them.
        model_reference: The model of the last turn, or None before the first.
    """

    name: str
    system_prompt: str
    messages: tuple[Message, ...] = field(repr=lambda turns: f"<{len(turns)} turns>")
    model_reference: str | None = None
