"""From messages to the token ids of a prompt."""

from collections.abc import Sequence

from attrs import evolve, frozen

from lmrt.application.encoding import encode_prompt
from lmrt.application.runtime import LoadedRuntime
from lmrt.domain.errors import ConfigurationError, GenerationFailed
from lmrt.domain.generation import DEFAULT_SYSTEM_PROMPT, GenerationConfig
from lmrt.domain.messages import Message, Role
from lmrt.domain.notices import Notice, OptionIgnored
from lmrt.domain.prompts import template_missing
from lmrt.ports.text import TemplateRenderer


@frozen
class EncodedPrompt:
    """A prompt as the backend takes it.

    Attributes:
        text: Its text, without what the tokenizer puts before it.
        tokens: Its token ids.
        notices: What was left out of it.
    """

    text: str
    tokens: tuple[int, ...]
    notices: tuple[Notice, ...] = ()


def encode_messages(
    renderer: TemplateRenderer,
    runtime: LoadedRuntime,
    messages: Sequence[Message],
    config: GenerationConfig,
) -> EncodedPrompt:
    """Render and tokenize a conversation that ends with the user's turn.

    Raises:
        ConfigurationError: There is nothing to say (`empty-prompt`), the model has no chat
            template and the text was not meant raw (`template-missing`), or the prompt leaves no
            room for an answer (`prompt-too-long`).
        GenerationFailed: The template failed (`template-failed`).
    """
    if config.raw:
        prompt = _raw(runtime, messages)
    elif not messages[-1].text.strip():
        raise _empty()
    elif runtime.model.chat_template is None:
        raise template_missing(runtime.model.name)
    else:
        prompt = _templated(renderer, runtime, tuple(messages))
    if len(prompt.tokens) >= runtime.facts.context_length:
        raise _too_long(len(prompt.tokens), runtime)
    return prompt


def _templated(
    renderer: TemplateRenderer, runtime: LoadedRuntime, messages: tuple[Message, ...]
) -> EncodedPrompt:
    try:
        pieces = renderer.render(runtime.model, runtime.tokenizer, messages)
    except GenerationFailed:
        # Templates such as Gemma's refuse a system turn; nobody asked for the default one.
        if messages[0] != Message.system(DEFAULT_SYSTEM_PROMPT):
            raise
        rest = _templated(renderer, runtime, messages[1:])
        ignored = OptionIgnored("system", "the model's chat template takes no system instruction")
        return evolve(rest, notices=(ignored, *rest.notices))
    text = "".join(pieces)
    if not text.strip():
        raise _nothing_written(runtime.model.name)
    return EncodedPrompt(text, encode_prompt(pieces, runtime.tokenizer))


def _raw(runtime: LoadedRuntime, messages: Sequence[Message]) -> EncodedPrompt:
    text = messages[-1].text
    if not text:
        raise _empty()
    notices: list[Notice] = []
    system = [turn for turn in messages[:-1] if turn.role is Role.SYSTEM]
    if any(turn.text != DEFAULT_SYSTEM_PROMPT for turn in system):
        notices.append(OptionIgnored("system", "raw text has no turns"))
    if len(messages) - len(system) > 1:
        notices.append(OptionIgnored("history", "raw text has no turns"))
    return EncodedPrompt(text, encode_prompt((text,), runtime.tokenizer), tuple(notices))


def _empty() -> ConfigurationError:
    return ConfigurationError(
        "the prompt is empty",
        code="empty-prompt",
        hint="give the text as an argument or on standard input",
    )


def _too_long(count: int, runtime: LoadedRuntime) -> ConfigurationError:
    context, trained = runtime.facts.context_length, runtime.model.trained_context
    hint = "shorten the prompt, or choose a model that was trained on more context"
    if trained is None or trained > count:
        hint = f"give a `--context` above {count:,}, or shorten the prompt"
    return ConfigurationError(
        f"the prompt takes {count:,} tokens, but the context holds {context:,}",
        code="prompt-too-long",
        context={"prompt_tokens": count, "context_length": context, "trained_context": trained},
        note="nothing was cut; at least one token must be left for the answer",
        hint=hint,
    )


def _nothing_written(model: str) -> GenerationFailed:
    return GenerationFailed(
        f"the chat template of `{model}` failed: it wrote nothing",
        code="template-failed",
        context={"model": model},
        hint="`--raw` gives the text to the model without a template",
    )
