"""A template that fails is named with its line, its own message and a way out."""

import pytest

from lmrt.adapters.templates import JinjaRenderer
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.messages import Message
from tests.support.chat_templates import GEMMA, MISTRAL, model_with
from tests.support.letter_tokenizer import LetterTokenizer

SYSTEM, USER = Message.system("Be brief."), Message.user("Hi")


def failure(template: str, *messages: Message) -> GenerationFailed:
    tokenizer = LetterTokenizer(("<s>", "</s>"), bos="<s>", eos="</s>")
    with pytest.raises(GenerationFailed) as caught:
        JinjaRenderer().render(model_with(template), tokenizer, messages)
    assert caught.value.code == "template-failed"
    return caught.value


def test_a_refused_system_instruction_is_explained() -> None:
    error = failure(GEMMA, SYSTEM, USER)
    assert error.message == (
        "the chat template of `Tiny` failed at line 2: System role not supported"
    )
    assert error.note == "the template refuses this conversation"
    assert error.hint is not None
    assert '--system ""' in error.hint
    assert error.context == {
        "model": "Tiny",
        "line": 2,
        "reason": "System role not supported",
        "error": "RaisedByTemplateError",
    }


def test_another_refusal_does_not_blame_the_system_instruction() -> None:
    error = failure(MISTRAL, USER, USER)
    assert error.message.endswith("at line 11: Conversation roles must alternate user/assistant")
    assert error.hint == "`--raw` gives the text to the model without a template"


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("\n{% for x in messages %}", 2, "Unexpected end of template"),
        ("a\n\n{{ missing.content }}", 3, "'missing' is undefined"),
        ("{{ messages[7].content }}", 1, "list object has no element 7"),
        ("\n{{ 'a' + 1 }}", 2, "can only concatenate str"),
        ("{{ 1 // 0 }}", 1, "integer division or modulo by zero"),
        ("{{ ''.__class__.__mro__ }}", 1, "access to attribute '__class__'"),
        ("{{ dict.__subclasses__() }}", 1, "has no attribute '__subclasses__'"),
        ("{{ dict.mro() }}", 1, "has no attribute 'mro'"),
        ("{% set ns = namespace(__x=1) %}", 1, "no name that begins with `_`: '__x'"),
        ("{% set ns = namespace() %}{% set ns._x = 1 %}", 1, "no name that begins with `_`"),
        ("{% set _ = messages.append(1) %}", 1, "access to attribute 'append'"),
        ("{{ range(10 ** 9) | list }}", 1, "too large a number"),
        ("{% macro f() %}{{ f() }}{% endmacro %}\n{{ f() }}", None, "recursion"),
        ("{% include 'other' %}", 1, "no loader"),
        ("{{ {}['a'] | tojson }}", 1, "Undefined is not JSON serializable"),
        ("{% if true %}" * 200 + "{% endif %}" * 200, None, ""),
        ("{{ raise_exception('') }}", 1, "RaisedByTemplateError"),
    ],
)
def test_whatever_a_template_raises_is_a_template_failure(
    template: str, line: int | None, reason: str
) -> None:
    error = failure(template, USER)
    assert reason in error.message
    assert "\n" not in error.message
    if line is not None:
        assert error.context["line"] == line


def test_a_failed_template_can_be_used_again() -> None:
    renderer, tokenizer = JinjaRenderer(), LetterTokenizer(("<s>",), bos="<s>")
    model = model_with(GEMMA)
    with pytest.raises(GenerationFailed):
        renderer.render(model, tokenizer, (SYSTEM, USER))
    assert renderer.render(model, tokenizer, (USER,))[0].startswith("<s><start_of_turn>user")
