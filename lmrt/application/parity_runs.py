"""What a parity check asks of one loaded backend: greedy answers, then rows of logits."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from attrs import evolve, frozen

from lmrt.application.rendering import EncodedPrompt, encode_messages
from lmrt.application.runtime import LoadedRuntime
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.generation import DEFAULT_GENERATION, DEFAULT_SYSTEM_PROMPT
from lmrt.domain.messages import Message
from lmrt.domain.parity.precision import precision_of
from lmrt.domain.parity.report import BackendRun
from lmrt.domain.parity.request import ParityRequest
from lmrt.domain.parity.traces import Trace
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import EndReason, SequenceEnded, SequenceRequest, TokenSampled
from lmrt.ports.backend import LoadedModel
from lmrt.ports.machine import Clock
from lmrt.ports.text import TemplateRenderer

Tokens = tuple[int, ...]
Told = Callable[[str], None]


@frozen
class Answers:
    """What one backend made of all prompts.

    Attributes:
        config: The configuration that it is loaded with.
        run: Its summary.
        traces: One a prompt.
    """

    config: RuntimeConfig
    run: BackendRun
    traces: tuple[Trace, ...]


@frozen
class _Drawn:
    """The tokens of an answer, why there are no more, and the seconds after the first of them."""

    tokens: Tokens
    ended: EndReason
    seconds: float


def answer_all(
    runtime: LoadedRuntime,
    config: RuntimeConfig,
    request: ParityRequest,
    renderer: TemplateRenderer,
    clock: Clock,
    tell: Told,
) -> Answers:
    """Answer every prompt greedily, one after the other.

    Args:
        runtime: Where.
        config: What it was loaded with.
        request: The prompts.
        renderer: Renders them.
        clock: Measures the answers.
        tell: Told what is being done.

    Raises:
        ConfigurationError: A prompt is empty or too long.
        GenerationFailed: The template or the engine failed.
    """
    prompts: list[EncodedPrompt] = []
    drawn: list[_Drawn] = []
    for number, text in enumerate(request.prompts, start=1):
        tell(f"{runtime.plan.backend}: prompt {number} of {len(request.prompts)}")
        prompts.append(_encode(renderer, runtime, text))
        drawn.append(_draw(runtime, prompts[-1].tokens, request.max_tokens, clock))
    traces = tuple(
        Trace(prompt.text, prompt.tokens, answer.tokens, answer.ended)
        for prompt, answer in zip(prompts, drawn, strict=True)
    )
    return Answers(config, _summary(runtime, prompts, drawn), traces)


def rows_after(
    runtime: LoadedRuntime, texts: Iterable[Tokens], tell: Told
) -> Mapping[Tokens, Sequence[float]]:
    """Return the logits of the token after each of the texts, in 32 bits."""
    rows: dict[Tokens, Sequence[float]] = {}
    for tokens in texts:
        tell(f"{runtime.plan.backend}: logits {len(rows) + 1}")
        rows[tokens] = runtime.scheduler.run(partial(_row, tokens))
    return rows


def _row(tokens: Tokens, model: LoadedModel) -> Sequence[float]:
    return array("f", model.logits(tokens))


def _encode(renderer: TemplateRenderer, runtime: LoadedRuntime, text: str) -> EncodedPrompt:
    """Render and tokenize a prompt as `rt prompt` does; raw where the model has no template."""
    messages = (Message.system(DEFAULT_SYSTEM_PROMPT), Message.user(text))
    config = evolve(DEFAULT_GENERATION, raw=runtime.model.chat_template is None)
    return encode_messages(renderer, runtime, messages, config)


def _draw(runtime: LoadedRuntime, prompt: Tokens, most: int, clock: Clock) -> _Drawn:
    asked = SequenceRequest(
        tokens=prompt,
        sampling=GREEDY,
        end_tokens=runtime.tokenizer.end_tokens,
        max_tokens=most,
    )
    tokens: list[int] = []
    ended = EndReason.RELEASED
    first = last = clock()
    stream = runtime.scheduler.submit(asked)
    try:
        for event in stream:
            match event:
                case TokenSampled(_, token):
                    last = clock()
                    first = first if tokens else last
                    tokens.append(token)
                case SequenceEnded(_, reason):
                    ended = reason
                case _:
                    pass
    finally:
        stream.cancel()
    return _Drawn(tuple(tokens), ended, last - first)


def _summary(
    runtime: LoadedRuntime, prompts: Sequence[EncodedPrompt], drawn: Sequence[_Drawn]
) -> BackendRun:
    plan = runtime.plan
    seconds = sum(answer.seconds for answer in drawn)
    later = sum(len(answer.tokens) - 1 for answer in drawn)
    said = (notice for prompt in prompts for notice in prompt.notices)
    return BackendRun(
        backend=plan.backend,
        engine=runtime.facts.engine,
        artifact=plan.artifact.id,
        specialization=plan.specialization.name,
        precision=precision_of(plan),
        prompt_tokens=sum(len(prompt.tokens) for prompt in prompts),
        answer_tokens=sum(len(answer.tokens) for answer in drawn),
        decode_rate=later / seconds if seconds > 0 and later > 0 else None,
        notices=tuple(dict.fromkeys((*plan.notices, *said))),
    )
