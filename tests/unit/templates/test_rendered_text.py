"""A prompt is what Hugging Face's renderer makes of the model's template."""

from datetime import UTC, datetime

import pytest

from lmrt.adapters.templates import JinjaRenderer
from lmrt.domain.messages import (
    AudioPart,
    ImagePart,
    MediaUri,
    Message,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from lmrt.ports.text import TemplateRenderer
from tests.support.chat_templates import CHATML, GEMMA, LLAMA3, MISTRAL, model_with
from tests.support.letter_tokenizer import LetterTokenizer

SYSTEM = Message.system("Be brief.")
HELLO = Message.user(" Hi there \n")
REPLY = Message.assistant("Hello!")
AGAIN = Message.user("Bye")
WITH_ENDS = LetterTokenizer(("<s>", "</s>"), bos="<s>", eos="</s>")


def render(
    template: str, *messages: Message, tokenizer: LetterTokenizer = WITH_ENDS, when: int = 2024
) -> str:
    renderer: TemplateRenderer = JinjaRenderer(now=lambda: datetime(when, 7, 26, tzinfo=UTC))
    return "".join(renderer.render(model_with(template), tokenizer, messages))


def test_chatml() -> None:
    assert render(CHATML, SYSTEM, HELLO, REPLY, AGAIN) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\n Hi there \n<|im_end|>\n"
        "<|im_start|>assistant\nHello!<|im_end|>\n"
        "<|im_start|>user\nBye<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_chatml_brings_its_own_system_turn_where_there_is_none() -> None:
    assert render(CHATML, AGAIN).startswith("<|im_start|>system\nYou are helpful.<|im_end|>\n")


def test_llama_3() -> None:
    assert render(LLAMA3, SYSTEM, HELLO) == (
        "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHi there<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_gemma() -> None:
    assert render(GEMMA, HELLO, REPLY, AGAIN) == (
        "<s><start_of_turn>user\nHi there<end_of_turn>\n"
        "<start_of_turn>model\nHello!<end_of_turn>\n"
        "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"
    )


def test_mistral_puts_the_system_instruction_into_the_last_turn() -> None:
    assert render(MISTRAL, SYSTEM, AGAIN, REPLY, AGAIN) == (
        "<s>[INST] Bye[/INST] Hello!</s>[INST] Be brief.\n\nBye[/INST]"
    )


LOOP_CONTROLS = """\
{% for n in range(9) %}{% if n == 1 %}{% continue %}{% endif %}{{ n }}
{%- if n == 3 %}{% break %}{% endif %}{% endfor %}"""
NAMESPACE = """\
{% set ns = namespace(n=0) %}
{% for n in [1, 2] %}{% set ns.n = ns.n + n %}{% endfor %}
{{ ns.n }}"""
GENERATION = "{% generation %}{% set x = 1 %}said{{ x }}{% endgeneration %}{{ x is defined }}"
JSON_BY_PLACE = "{{ {'b': 1, 'a': 'é'} | tojson(True, None, (',', ':'), True) }}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ {'b': '<é>&', 'a': [1]} | tojson }}", '{"b": "<é>&", "a": [1]}'),
        ("{{ {'b': 1, 'a': 2} | tojson(indent=2) }}", '{\n  "b": 1,\n  "a": 2\n}'),
        (JSON_BY_PLACE, r'{"a":"\u00e9","b":1}'),
        (LOOP_CONTROLS, "023"),
        (NAMESPACE, "3"),
        ("{{ dict(a=1) | tojson }}{{ dict.fromkeys('ab', 0) | length }}", '{"a": 1}2'),
        ("{% set ns = namespace({'a': 1}, self=2) %}{{ ns.a }}{{ ns.self }}", "12"),
        ("{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}{{ twice('ab') }}", "abab"),
        ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
        ("a\n  {% if true %}\nb\n  {% endif %}\nc\n", "a\nb\nc"),
        ("{{ tools is none }} {{ documents is none }}", "True True"),
        ("{{ add_generation_prompt }}", "True"),
        ("{{ missing }}|{{ missing is defined }}", "|False"),
        (GENERATION, "said1False"),
        ("{{ messages[0]['content'].strip() }}", "Hi there"),
        ("{{ messages | map(attribute='role') | join(',') }}", "user"),
    ],
)
def test_what_templates_may_use(template: str, expected: str) -> None:
    assert render(template, HELLO) == expected


def test_the_clock_is_read_at_every_rendering() -> None:
    years = iter((2024, 2025))
    renderer = JinjaRenderer(now=lambda: datetime(next(years), 1, 1, tzinfo=UTC))
    model = model_with("{{ strftime_now('%Y') }}")
    assert [renderer.render(model, WITH_ENDS, (HELLO,)) for _ in range(2)] == [["2024"], ["2025"]]


def test_a_token_that_the_model_lacks_is_undefined() -> None:
    template = "{{ bos_token is defined }} {{ eos_token is defined }}"
    assert render(template, HELLO) == "True True"
    assert render(template, HELLO, tokenizer=LetterTokenizer()) == "False False"


def test_roles_are_plain_text() -> None:
    assert render("{{ messages[0] | tojson }}", SYSTEM) == (
        '{"role": "system", "content": "Be brief."}'
    )


def test_text_parts_alone_are_joined_and_media_keep_their_place() -> None:
    texts = Message(Role.USER, (TextPart("a"), TextPart("b")))
    image, audio = ImagePart(MediaUri("x.png")), AudioPart(MediaUri("x.wav"))
    media = Message(Role.USER, (TextPart("a"), image, audio, TextPart("b")))
    assert render("{{ messages[0].content }}", texts) == "ab"
    assert render("{{ messages[0].content | tojson }}", media) == (
        '[{"type": "text", "text": "a"}, {"type": "image"}, {"type": "audio"}, '
        '{"type": "text", "text": "b"}]'
    )


def test_tool_calls_their_results_and_reasoning_reach_the_template() -> None:
    calls = Message(
        Role.ASSISTANT,
        (
            ReasoningPart("hm"),
            ToolCallPart("1", "add", '{"x": 2}'),
            ToolCallPart("2", "add", "x = 2"),
        ),
    )
    results = Message(Role.TOOL, (ToolResultPart("1", "4"), ToolResultPart("2", "5")))
    assert render(
        "{% for turn in messages %}{{ turn | tojson }}\n{% endfor %}", calls, results
    ) == (
        '{"thinking": "hm", "role": "assistant", "content": "", "reasoning_content": "hm", '
        '"tool_calls": ['
        '{"type": "function", "id": "1", "function": {"name": "add", "arguments": {"x": 2}}}, '
        '{"type": "function", "id": "2", "function": {"name": "add", "arguments": "x = 2"}}]}\n'
        '{"role": "tool", "content": "4", "tool_call_id": "1"}\n'
        '{"role": "tool", "content": "5", "tool_call_id": "2"}\n'
    )
