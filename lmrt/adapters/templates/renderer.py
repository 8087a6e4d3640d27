"""Renders conversations with a model's own chat template."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from lmrt.adapters.templates.conversation import conversation, texts_of
from lmrt.adapters.templates.literals import ContentLiterals
from lmrt.domain.messages import Message, Role
from lmrt.domain.models import ResolvedModel
from lmrt.ports.text import Tokenizer

if TYPE_CHECKING:
    from jinja2 import Template

_KEPT_TEMPLATES = 8


class JinjaRenderer:
    """Implements `TemplateRenderer`; safe to use from any thread.

    Args:
        now: The clock behind a template's `strftime_now`.
    """

    def __init__(self, now: Callable[[], datetime] = datetime.now) -> None:
        self._now = now
        self._compiled = lru_cache(_KEPT_TEMPLATES)(self._compile)

    def render(
        self, model: ResolvedModel, tokenizer: Tokenizer, messages: Sequence[Message]
    ) -> Sequence[str]:
        """Return the prompt, ready for the assistant's turn, cut where content needs care.

        A model without a template has the empty one.

        Raises:
            GenerationFailed: The template failed (`template-failed`).
        """
        from lmrt.adapters.templates.errors import RAISED_BY_TEMPLATES, template_failed
        from lmrt.adapters.templates.limits import budget

        source = model.chat_template or ""
        bos, eos = tokenizer.bos_token, tokenizer.eos_text
        # As in the reference, a token that the model lacks is an undefined variable
        tokens = ({} if bos is None else {"bos_token": bos[1]}) | (
            {"eos_token": eos} if eos else {}
        )
        literals = ContentLiterals(
            tokenizer.control_tokens, tuple(texts_of(messages)), (source, *tokens.values())
        )
        try:
            template = self._compiled(source)
            with budget():
                rendered = template.render(
                    messages=conversation(messages, literals.hide),
                    tools=None,
                    documents=None,
                    add_generation_prompt=True,
                    **tokens,
                )
        except RAISED_BY_TEMPLATES as error:
            with_system = any(message.role is Role.SYSTEM for message in messages)
            raise template_failed(error, model.name, with_system=with_system) from error
        return literals.cut(rendered)

    def _compile(self, source: str) -> "Template":
        from lmrt.adapters.templates.environment import chat_environment

        return chat_environment(self._now).from_string(source)
