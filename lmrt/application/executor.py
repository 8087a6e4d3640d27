"""Executes prompts on a loaded runtime."""

from collections.abc import Callable, Sequence

from lmrt.application.answer import Answer
from lmrt.application.recording import SpeedRecorder, recording
from lmrt.application.rendering import EncodedPrompt, encode_messages
from lmrt.application.runtime import LoadedRuntime
from lmrt.application.strictness import strict_notice
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.generation import DEFAULT_GENERATION, GenerationConfig
from lmrt.domain.messages import Message
from lmrt.domain.responses import (
    Finished,
    FinishReason,
    NoticeRaised,
    PromptResponse,
    Started,
    StreamEvent,
    TextDelta,
)
from lmrt.domain.sampling import sampling_settings
from lmrt.domain.sequences import SequenceRequest
from lmrt.ports.machine import Clock
from lmrt.ports.sink import StreamSink
from lmrt.ports.speed import SpeedLedger
from lmrt.ports.text import TemplateRenderer


class RuntimeExecutor:
    """Renders, tokenizes, generates and assembles; keeps no state between prompts.

    Args:
        renderer: Renders conversations.
        clock: Measures answers.
        ledger: Keeps how fast they were, of those that ran alone; None for nowhere.
    """

    def __init__(
        self, *, renderer: TemplateRenderer, clock: Clock, ledger: SpeedLedger | None = None
    ) -> None:
        self._renderer = renderer
        self._clock = clock
        self._recorder = None if ledger is None else SpeedRecorder(ledger)

    def execute(
        self,
        runtime: LoadedRuntime,
        messages: Sequence[Message],
        generation: GenerationConfig,
        *,
        sink: StreamSink | None = None,
        strict: bool = False,
        load_seconds: float = 0.0,
    ) -> PromptResponse:
        """Answer a conversation that ends with the user's turn.

        Args:
            runtime: Where to run.
            messages: The conversation, the system instruction first.
            generation: The caller's settings; the model's own fill the gaps.
            sink: Told of every event as it happens.
            strict: Raise in place of a notice.
            load_seconds: What the load for this prompt took, for the timings.

        Raises:
            ConfigurationError: The prompt is empty or too long, or a setting cannot be met.
            GenerationFailed: The template or the engine failed.
        """
        config = generation.over(runtime.model.generation_defaults).over(DEFAULT_GENERATION)
        prompt = encode_messages(self._renderer, runtime, messages, config)
        if strict and prompt.notices:
            raise strict_notice(prompt.notices[0])
        tell = sink.on_event if sink is not None else _ignore
        tell(Started(runtime.plan))
        notices = (*runtime.plan.notices, *prompt.notices)
        for notice in notices:
            tell(NoticeRaised(notice))
        with recording(self._recorder) as record:
            answer = self._generate(runtime, prompt, config, lambda text: tell(TextDelta(text)))
        response = PromptResponse(
            text=answer.text,
            message=Message.assistant(answer.text),
            finish_reason=answer.finish_reason or FinishReason.CANCELLED,
            usage=answer.usage,
            timings=answer.timings(load_seconds),
            plan=runtime.plan,
            notices=notices,
            logprobs=answer.logprobs if config.logprobs is not None else None,
        )
        tell(Finished(response))
        if config.logprobs is None and config.constraint is None:
            record(runtime.plan, response.timings)
        return response

    def _generate(
        self,
        runtime: LoadedRuntime,
        prompt: EncodedPrompt,
        config: GenerationConfig,
        emit: Callable[[str], None],
    ) -> Answer:
        answer = Answer(
            tokenizer=runtime.tokenizer,
            prompt_tokens=len(prompt.tokens),
            stops=config.stop or (),
            end_tokens=runtime.tokenizer.end_tokens,
            clock=self._clock,
            emit=emit,
            # Raw text goes on where it stopped: there the space belongs to it
            spare_space=runtime.tokenizer.puts_space_first and not config.raw,
        )
        stream = runtime.scheduler.submit(
            SequenceRequest(
                tokens=prompt.tokens,
                sampling=sampling_settings(config),
                end_tokens=runtime.tokenizer.end_tokens,
                max_tokens=config.max_tokens,
                logprobs=config.logprobs,
                constraint=config.constraint,
            )
        )
        try:
            for event in stream:
                answer.take(event)
                if answer.finish_reason is not None:
                    break
        except GenerationFailed as error:
            raise _keeping(error, answer.text) from error
        finally:
            stream.cancel()
        return answer


def _keeping(error: GenerationFailed, text: str) -> GenerationFailed:
    """Return the error of one answer, with what was said; the engine's is that of all who wait."""
    return GenerationFailed(
        error.message,
        code=error.code,
        context={**error.context, "text": text},
        note=error.note,
        hint=error.hint,
    )


def _ignore(_event: StreamEvent) -> None:
    """Take an event that nobody listens for."""
