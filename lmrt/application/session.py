"""A conversation over one loaded runtime."""

from pathlib import Path
from typing import Protocol, Self

from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import ContentPart, Message, Role, TextPart
from lmrt.domain.responses import PromptResponse
from lmrt.domain.transcripts import Transcript
from lmrt.ports.sink import StreamSink
from lmrt.ports.transcripts import TranscriptStore


class Prompter(Protocol):
    """Answers one turn; `RuntimeClient.prompt_parts`."""

    def __call__(
        self,
        parts: list[ContentPart],
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None = None,
        system_prompt: str = ...,
        history: list[Message] | None = None,
        sink: StreamSink | None = None,
    ) -> PromptResponse:
        """Answer a turn."""
        ...


class ChatSession:
    """A reusable conversation; made by `RuntimeClient.session`.

    A turn is added to the conversation when its answer is complete; one that fails or is
    interrupted leaves the conversation as it was.

    Attributes:
        name: The session's label.
        system_prompt: Its system instruction.
        autosave_path: Where the transcript is written after every turn, or None.
    """

    def __init__(
        self,
        prompter: Prompter,
        store: TranscriptStore,
        transcript: Transcript,
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None,
        autosave_path: Path | None,
    ) -> None:
        self.name = transcript.name
        self.system_prompt = transcript.system_prompt
        self.autosave_path = autosave_path
        self._prompter = prompter
        self._store = store
        self._messages = list(transcript.messages)
        self._runtime_config = runtime_config
        self._generation_config = generation_config

    @classmethod
    def open(
        cls,
        prompter: Prompter,
        store: TranscriptStore,
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None,
        session_name: str,
        system_prompt: str,
        messages: list[Message] | None,
        autosave_path: Path | None,
    ) -> Self:
        """Return a new session, or the one that lies at `autosave_path` already.

        Raises:
            ConfigurationError: `messages` are given although a transcript lies there already
                (`transcript-exists`), or the file is no transcript (`invalid-transcript`).
        """
        kept = store.load(autosave_path) if autosave_path is not None else None
        if kept is not None and messages is not None:
            raise ConfigurationError(
                f"a transcript lies at `{autosave_path}` already",
                code="transcript-exists",
                context={"path": str(autosave_path)},
                hint="leave `messages` out to go on with it, or choose another `autosave_path`",
            )
        transcript = kept or Transcript(session_name, system_prompt, tuple(messages or ()))
        return cls(
            prompter,
            store,
            transcript,
            runtime_config=runtime_config,
            generation_config=generation_config,
            autosave_path=autosave_path,
        )

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turns so far, the system instruction not among them."""
        return tuple(self._messages)

    def prompt(self, text: str, *, sink: StreamSink | None = None) -> PromptResponse:
        """Say something and return the answer; see `RuntimeClient.prompt`."""
        return self.prompt_parts([TextPart(text)], sink=sink)

    def prompt_parts(
        self, parts: list[ContentPart], *, sink: StreamSink | None = None
    ) -> PromptResponse:
        """Say something made of parts and return the answer; see `RuntimeClient.prompt_parts`."""
        response = self._prompter(
            parts,
            runtime_config=self._runtime_config,
            generation_config=self._generation_config,
            system_prompt=self.system_prompt,
            history=list(self._messages),
            sink=sink,
        )
        self._messages += [Message(Role.USER, tuple(parts)), response.message]
        self._autosave()
        return response

    def reset(self) -> None:
        """Forget every turn; the autosaved transcript becomes empty too."""
        self._messages.clear()
        self._autosave()

    def save(self, path: Path) -> None:
        """Write the transcript to `path`, whole or not at all."""
        self._store.save(path, self._transcript())

    def _autosave(self) -> None:
        if self.autosave_path is not None:
            self.save(self.autosave_path)

    def _transcript(self) -> Transcript:
        return Transcript(
            name=self.name,
            system_prompt=self.system_prompt,
            messages=tuple(self._messages),
            model_reference=self._runtime_config.model_reference,
        )
