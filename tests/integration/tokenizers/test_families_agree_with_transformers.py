"""Directories of the families are read as transformers reads them."""

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given

from lmrt.adapters.templates import JinjaRenderer
from lmrt.adapters.tokenizers.huggingface import HfTokenizer, open_tokenizer
from lmrt.application.encoding import encode_prompt
from lmrt.domain.messages import Message
from tests.support.chat_templates import CHATML, GEMMA, LLAMA3, MISTRAL, model_with
from tests.support.tokenizer_calls import encoded
from tests.support.tokenizer_families import NAMES, write_family
from tests.support.tokenizer_texts import TEXTS, texts

transformers = pytest.importorskip("transformers")

TEMPLATES = {
    "qwen-3": CHATML, "smollm": CHATML, "phi-4": CHATML, "llama-3": LLAMA3, "gemma": GEMMA,
    "mistral": MISTRAL, "llama-2": MISTRAL,
}  # fmt: skip
"""A template of each family; those of Llama 3, Gemma and Mistral write BOS."""
CONVERSATION = [
    ("user", " Hi  there, 1234 東京 \n"),
    ("assistant", "Hello! 👩\u200d👧"),
    ("user", "Bye"),
]


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_family(name, tmp_path_factory.mktemp(name))


@pytest.fixture(scope="module")
def ours(folder: Path) -> HfTokenizer:
    return open_tokenizer(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    # `AutoTokenizer` builds some families anew and leaves parts of their files out
    return cast("Any", transformers).PreTrainedTokenizerFast.from_pretrained(folder)


def test_texts_have_the_same_ids(ours: HfTokenizer, theirs: Any) -> None:
    for text in TEXTS:
        ids = theirs.encode(text, add_special_tokens=False)
        assert encoded(ours, text, control=True) == ids, text


def test_any_text_has_the_same_ids(ours: HfTokenizer, theirs: Any) -> None:
    @given(texts())
    def same(text: str) -> None:
        assert encoded(ours, text, control=True) == theirs.encode(text, add_special_tokens=False)

    same()


def test_bos_comes_first_where_the_family_wants_it(ours: HfTokenizer, theirs: Any) -> None:
    for text in TEXTS:
        ids = theirs.encode(text)
        # Where the text says `<s>`, transformers puts a second one before it
        start = 1 if ids[:1] == ids[1:2] == [theirs.bos_token_id] else 0
        assert list(encode_prompt((text,), ours)) == ids[start:], text


def test_special_tokens_are_the_same(ours: HfTokenizer, theirs: Any) -> None:
    bos = None if ours.bos_token is None else ours.bos_token[1]
    assert (bos, ours.eos_text) == (theirs.bos_token, theirs.eos_token)
    assert (
        ours.control_tokens.items()
        >= {text: theirs.convert_tokens_to_ids(text) for text in theirs.all_special_tokens}.items()
    )


@pytest.mark.parametrize("name", TEMPLATES, scope="module")
def test_conversations_have_the_same_ids(name: str, ours: HfTokenizer, theirs: Any) -> None:
    turns = [{"role": role, "content": text} for role, text in CONVERSATION]
    makers = {"user": Message.user, "assistant": Message.assistant}
    pieces = JinjaRenderer().render(
        model_with(TEMPLATES[name]), ours, [makers[role](text) for role, text in CONVERSATION]
    )
    text = theirs.apply_chat_template(
        turns, chat_template=TEMPLATES[name], tokenize=False, add_generation_prompt=True
    )
    assert "".join(pieces) == text
    ids = theirs.encode(text, add_special_tokens=False)
    assert list(encode_prompt(pieces, ours)) == ids
    if ours.adds_bos:
        assert ids.count(theirs.bos_token_id) == 1
