"""A chat template is a program from outside: it neither runs nor grows without end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.templates import JinjaRenderer
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.messages import Message
from tests.support.chat_templates import CHATML, model_with
from tests.support.letter_tokenizer import LetterTokenizer

TOLD = re.compile("too large|more than [0-9,]+ (steps|letters)|recursion depth")
TOKENIZER = LetterTokenizer(("<s>", "</s>"), bos="<s>", eos="</s>")

BOMBS = {
    "nested loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}"
    "{% endfor %}",
    "loops that write": "{% for i in range(99999) %}{% for j in range(999) %}a{% endfor %}"
    "{% endfor %}",
    "a loop over a loop's text": "{% for i in range(99999) %}" + "a" * 90_000 + "{% endfor %}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}"
    "{% endif %}{% endmacro %}{{ f(60) }}",
    "a loop that goes into itself": "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "a huge text": "{{ 'a' * 10 ** 11 }}",
    "a huge list": "{{ ([1] * 10 ** 9) | length }}",
    "a huge number": "{{ 10 ** (10 ** 8) }}",
    "a number squared": "{% set ns = namespace(x=3) %}{% for i in range(99) %}"
    "{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "a text doubled with ~": "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
    "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "a text doubled with +": "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
    "{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "a list within itself": "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}"
    "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "a list within itself as JSON": "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}"
    "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
    "a wide text": "{{ 'a'.center(10 ** 10) }}",
    "a wide filter": "{{ 'a' | center(10 ** 10) }}",
    "a wide format": "{{ '%9999999999d' % 1 }}",
    "a wide format filter": "{{ '%9999999999d' | format(1) }}",
    "a wide format method": "{{ '{:9999999999}'.format(1) }}",
    "a width from outside": "{{ '{:{}}'.format(1, 9999999999) }}",
    "a precise number": "{{ '%.999999999f' % 1 }}",
    "replaced letters": "{{ ('a' * 99999).replace('a', 'b' * 99999) }}",
    "replaced letters, as a filter": "{{ ('a' * 99999) | replace('a', 'b' * 99999) }}",
    "joined texts": "{{ (['a' * 99999] * 99999) | join }}",
    "a joining text": "{{ ('a' * 99999).join(['b'] * 99999) }}",
    "wide lines": "{{ ('\\n' * 99999) | indent(99999) }}",
    "wide tabs": "{{ ('\\t' * 99999).expandtabs(99999) }}",
    "many slices": "{{ [1] | slice(10 ** 9) | list }}",
    "much prose": "{{ lipsum(n=10 ** 9) }}",
    "wide JSON": "{{ [[1]] | tojson(indent=10 ** 10) }}",
    "much text a round": "{% set x = 'a' * 9999999 %}{% for i in range(99999) %}{{ x }}"
    "{% endfor %}",
}


def render(template: str) -> str:
    pieces = JinjaRenderer().render(model_with(template), TOKENIZER, (Message.user("Hi"),))
    return "".join(pieces)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    with pytest.raises(GenerationFailed) as caught:
        render(BOMBS[name])
    assert caught.value.code == "template-failed"
    assert TOLD.search(caught.value.message), caught.value.message


def test_a_long_conversation_stays_far_below_the_limits() -> None:
    turns = [Message.user("x" * 1000), Message.assistant("y" * 1000)] * 1000
    messages = (*turns, Message.user("z"))
    text = "".join(JinjaRenderer().render(model_with(CHATML), TOKENIZER, messages))
    assert text.count("x" * 1000) == 1000


PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "for", "in", "range(99999)", "messages", "endfor", "if", "endif", "|",
     "join", "list", "tojson", "~", "*", "**", "9", "'a'", "(", ")", "[", "]", "set", "x", "=", ".",
     "macro", "endmacro", "loop", "recursive", "format", "replace", ",", "\n", "#}", "{#", "not",
     "namespace()", "attr", "__class__", "self", "cycler", "raise_exception", "strftime_now"]
)  # fmt: skip


@given(pieces=st.lists(PIECES, max_size=25))
def test_any_template_renders_or_fails_as_a_template(pieces: list[str]) -> None:
    try:
        render(" ".join(pieces))
    except GenerationFailed as error:
        check_refusal(error)


def check_refusal(error: GenerationFailed) -> None:
    assert error.code == "template-failed"
    assert error.hint
