"""What to compare."""

from typing import Any

from attrs import Attribute, field, frozen

from lmrt.domain.config import RuntimeConfig
from lmrt.domain.options import invalid_option, whole

DEFAULT_MAX_TOKENS = 64

DEFAULT_PROMPTS = (
    "What is the capital of France, and what is it known for?",
    "Complete this:\n\ndef fib(n):\n    if n < 2:\n        return n\n\n\telse:\t",
    "Erkläre in zwei Sätzen, warum der Himmel blau ist, für Kinder ab 8 Jahren.",
    "请用一句话解释什么是机器学习。",
    "日本の四季について、短い詩を書いてください。",
    "ما هي عاصمة مصر؟ أجب بكلمة واحدة.",
    "What's 1234567 + 89?  DON'T round;  show   every step:\n   1. 3.14159, 1e-6 ...\n   2. ?!\n",
    '{"name": "llama 🦙", "tags": ["a", "b"], "ok": true}\nAdd a field `size` to this JSON.',
)
"""Of several languages, scripts and kinds: what tokenizers and conversions trip over."""


def _some_texts(_instance: object, _attribute: "Attribute[Any]", value: tuple[str, ...]) -> None:
    if not value or not all(text.strip() for text in value):
        raise invalid_option("prompts", list(value), "one or more texts that are not blank")


@frozen(kw_only=True)
class ParityRequest:
    """A model, the backends to run it on, and the prompts to run.

    Attributes:
        config: The model, and what is asked of every backend; its `backend` counts for nothing.
            Without `dtype` and `kv_type` every backend computes in f32 as far as it can.
        backends: The backends to compare, or none for all that can run the model.
        prompts: The texts of the user's turns, at least one.
        max_tokens: Most tokens to generate for each.

    Raises:
        ConfigurationError: A value is outside its range (`invalid-option`).
    """

    config: RuntimeConfig
    backends: tuple[str, ...] = ()
    prompts: tuple[str, ...] = field(default=DEFAULT_PROMPTS, validator=_some_texts)
    max_tokens: int = field(default=DEFAULT_MAX_TOKENS, validator=whole(1))
