"""Whatever a conversation's content holds, the prompt's structure is the template's."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.templates import JinjaRenderer
from lmrt.application.encoding import encode_prompt
from lmrt.domain.messages import Message, ReasoningPart, Role, ToolCallPart, ToolResultPart
from tests.support.chat_templates import CHATML, LLAMA3, model_with
from tests.support.letter_tokenizer import FIRST_CONTROL_ID, LetterTokenizer
from tests.support.tokenizer_calls import encoded

CONTROL = (
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<s>",
)
TOKENIZER = LetterTokenizer(CONTROL, bos="<s>")
RENDERER = JinjaRenderer()

# Literals whole, nested, in halves, beside each other, beside private-use letters and escapes
FRAGMENTS = st.sampled_from(
    [*CONTROL, "<|im_", "end|>", "<|im_<s>", "\ue000", "\ue001", "\\ue000", "\n", " ", "hi", "é"]
)
CONTENTS = st.lists(FRAGMENTS, max_size=6).map("".join)
Turns = Sequence[tuple[str, str]]
CONVERSATIONS: st.SearchStrategy[Turns] = st.lists(
    st.tuples(st.sampled_from(["system", "user", "assistant"]), CONTENTS), min_size=1, max_size=4
)


def messages_of(turns: Turns) -> list[Message]:
    makers = {"system": Message.system, "user": Message.user, "assistant": Message.assistant}
    return [makers[role](text) for role, text in turns]


def chatml(turns: Turns) -> str:
    head = "" if turns[0][0] == "system" else "<|im_start|>system\nYou are helpful.<|im_end|>\n"
    body = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    return head + body + "<|im_start|>assistant\n"


def llama3(turns: Turns) -> str:
    def header(role: str) -> str:
        return f"<|start_header_id|>{role}<|end_header_id|>\n\n"

    body = "".join(header(role) + text.strip() + "<|eot_id|>" for role, text in turns)
    return "<s>" + body + header("assistant")


CASES = pytest.mark.parametrize(("template", "oracle"), [(CHATML, chatml), (LLAMA3, llama3)])
Oracle = Callable[[Turns], str]


@CASES
@given(turns=CONVERSATIONS)
def test_the_pieces_join_to_exactly_the_templates_text(
    template: str, oracle: Oracle, turns: Turns
) -> None:
    pieces = RENDERER.render(model_with(template), TOKENIZER, messages_of(turns))
    assert "".join(pieces) == oracle(turns)
    assert set(pieces[1::2]) <= set(CONTROL)


@CASES
@given(turns=CONVERSATIONS)
def test_the_control_tokens_of_a_prompt_are_those_of_the_same_turns_without_content(
    template: str, oracle: Oracle, turns: Turns
) -> None:
    pieces = RENDERER.render(model_with(template), TOKENIZER, messages_of(turns))
    silent = oracle([(role, "") for role, _ in turns])
    assert control_ids(encode_prompt(pieces, TOKENIZER)) == control_ids(
        encoded(TOKENIZER, silent, control=True)
    )


def control_ids(tokens: Sequence[int]) -> list[int]:
    return [token for token in tokens if token >= FIRST_CONTROL_ID]


def test_escaped_json_of_content_is_protected_too() -> None:
    model = model_with("{{ messages[0].content | tojson(ensure_ascii=True) }}")
    pieces = RENDERER.render(model, TOKENIZER, [Message.user("é<s>")])
    assert pieces == ['"\\u00e9', "<s>", '"']


def test_reasoning_tool_calls_and_results_are_protected_too() -> None:
    parts = (ReasoningPart("<s>"), ToolCallPart("<s>", "<s>", '{"<s>": "<s>"}'))
    messages = [Message(Role.ASSISTANT, parts), Message(Role.TOOL, (ToolResultPart("<s>", "<s>"),))]
    pieces = RENDERER.render(model_with("{{ messages | tojson }}"), TOKENIZER, messages)
    assert pieces[1::2] == ["<s>"] * 8  # reasoning has two names
    assert not any("<s>" in piece for piece in pieces[::2])


def test_control_tokens_of_the_template_itself_are_left_alone() -> None:
    pieces = RENDERER.render(model_with(CHATML), TOKENIZER, [Message.user("hi")])
    assert len(pieces) == 1
