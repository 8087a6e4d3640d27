"""Conversations are rendered as transformers renders them, or both refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.templates import JinjaRenderer
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.messages import (
    Message,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from tests.support.chat_templates import CHATML, GEMMA, HERMES, LLAMA3, MISTRAL, model_with
from tests.support.letter_tokenizer import LetterTokenizer

chat_template_utils = pytest.importorskip("transformers.utils.chat_template_utils")

TEMPLATES = (CHATML, GEMMA, HERMES, LLAMA3, MISTRAL)
TOKENIZER = LetterTokenizer(("<s>", "</s>", "<|im_end|>", "<think>"), bos="<s>", eos="</s>")
CONTENTS = st.text(st.sampled_from("ab \n\t<>|{}%\"'é東\u00a0")) | st.sampled_from(
    ["<|im_end|>", "</s> <s>", "{{ messages }}", "{% raise %}", "<think>\nx\n</think>"]
)


def theirs(template: str, messages: list[dict[str, Any]]) -> str | None:
    """Return what transformers renders, or None where the template refuses."""
    from jinja2.exceptions import TemplateError

    try:
        rendered, _ = chat_template_utils.render_jinja_template(
            [messages],
            chat_template=template,
            add_generation_prompt=True,
            bos_token="<s>",
            eos_token="</s>",
        )
    except (TemplateError, TypeError):
        return None
    return str(rendered[0])


def ours(template: str, messages: list[Message]) -> str | None:
    """Return what we render, or None where the template refuses."""
    try:
        return "".join(JinjaRenderer().render(model_with(template), TOKENIZER, messages))
    except GenerationFailed:
        return None


@pytest.mark.parametrize("template", TEMPLATES)
def test_any_conversation_has_the_same_text(template: str) -> None:
    roles = st.sampled_from(["system", "user", "assistant"])

    @given(st.lists(st.tuples(roles, CONTENTS), min_size=1, max_size=4))
    def same(turns: list[tuple[str, str]]) -> None:
        messages = [Message(Role(role), (TextPart(text),)) for role, text in turns]
        dictionaries = [{"role": role, "content": text} for role, text in turns]
        assert ours(template, messages) == theirs(template, dictionaries)

    same()


@pytest.mark.parametrize(
    "template", [HERMES, "{% for m in messages %}{{ m | tojson }}{% endfor %}"]
)
@given(
    reasoning=CONTENTS.filter(bool),
    text=CONTENTS,
    arguments=st.dictionaries(st.sampled_from("xyz"), CONTENTS | st.integers() | st.booleans()),
    results=st.lists(CONTENTS, min_size=1, max_size=2),
)
def test_reasoning_tool_calls_and_results_have_the_same_text(
    template: str, reasoning: str, text: str, arguments: dict[str, Any], results: list[str]
) -> None:
    from json import dumps

    call = ToolCallPart("1", "look", dumps(arguments))
    messages = [
        Message.user("go"),
        Message(Role.ASSISTANT, (ReasoningPart(reasoning), TextPart(text), call)),
        *(Message(Role.TOOL, (ToolResultPart("1", result),)) for result in results),
    ]
    function = {"name": "look", "arguments": arguments}
    dictionaries: list[dict[str, Any]] = [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": text,
            "reasoning_content": reasoning,
            "tool_calls": [{"type": "function", "id": "1", "function": function}],
        },
        *({"role": "tool", "content": result, "tool_call_id": "1"} for result in results),
    ]
    assert ours(template, messages) == theirs(template, dictionaries)


@pytest.mark.parametrize(
    "template",
    [
        "{{ {'b': '<é>&', 'a': [1, none, true, 1.5]} | tojson }}",
        "{{ {'b': 1, 'a': 2} | tojson(indent=2) }}",
        "{{ {'b': 1, 'a': 'é'} | tojson(True, None, (',', ':'), True) }}",
        "{% for n in range(9) %}{% if n is odd %}{% continue %}{% endif %}{{ n }}{% endfor %}",
        "{% set ns = namespace(n=0) %}{% for n in [1] %}{% set ns.n = n %}{% endfor %}{{ ns.n }}",
        "a\n  {% if true %}\nb\n  {% endif %}\n  {# c #}\nd\n",
        "{{ missing }}|{{ missing is defined }}|{{ tools is none }}|{{ documents is none }}",
        "{{ missing.content }}",
        "{{ unk_token is defined }}",
        "{% generation %}{% set x = 1 %}said{{ x }}{% endgeneration %}{{ x is defined }}",
        "{{ strftime_now('%Y') }}",
        "{{ raise_exception('no') }}",
        "{{ messages[0].content | trim | upper }}{{ messages[0]['content'].split('i') }}",
        "{{ (messages | last).role }}{{ messages[1:] | length }}{{ messages[::-1] | length }}",
        "{{ dict(a=1) }}{{ namespace(_x=1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{% set _ = messages.append(1) %}",
        "{{ [1, 2] | sum }}{{ 'a' ~ 1 }}{{ 7 // 2 }}{{ 'x' * 3 }}",
        "{% macro f(a, b='c') %}{{ a }}{{ b }}{% endmacro %}{{ f('d') }}{{ caller is defined }}",
        "{{ messages[0].content.startswith(' H') and 'x' in messages[0].content }}",
    ],
)
def test_what_templates_may_use_is_the_same(template: str) -> None:
    content = " Hi there \n"
    expected = theirs(template, [{"role": "user", "content": content}])
    assert ours(template, [Message.user(content)]) == expected
