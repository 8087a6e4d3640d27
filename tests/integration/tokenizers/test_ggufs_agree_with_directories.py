"""A vocabulary gives the same tokens from a GGUF and from the directory that it was made from."""

import importlib.util
import re
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from lmrt.adapters.tokenizers.huggingface import open_tokenizer
from lmrt.application.encoding import encode_prompt
from lmrt.ports.text import Tokenizer
from tests.support.tokenizer_calls import decoded, encoded, open_gguf
from tests.support.tokenizer_families import family, write_family
from tests.support.tokenizer_gguf import GGUF_NAMES, write_gguf
from tests.support.tokenizer_texts import TEXTS, texts

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)

ALIKE = tuple(name for name in GGUF_NAMES if name not in ("mistral", "unigram"))
"""Families whose GGUF holds all that their tokens follow from."""


@frozen
class Pair:
    """The same vocabulary from both sources."""

    directory: Tokenizer
    gguf: Tokenizer


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    root = tmp_path_factory.mktemp("families")
    return {
        name: Pair(
            open_tokenizer(write_family(name, root / name)),
            open_gguf(write_gguf(name, root / f"{name}.gguf")),
        )
        for name in GGUF_NAMES
    }


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("name", ALIKE)
def test_texts_have_the_same_ids(pairs: dict[str, Pair], name: str, control: bool) -> None:
    for text in TEXTS:
        theirs = encoded(pairs[name].gguf, text, control=control)
        assert theirs == encoded(pairs[name].directory, text, control=control), text


@pytest.mark.parametrize("name", ALIKE)
def test_any_text_has_the_same_ids(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]

    @given(texts(), st.booleans())
    def same(text: str, control: bool) -> None:
        ids = encoded(pair.directory, text, control=control)
        assert encoded(pair.gguf, text, control=control) == ids

    same()


@pytest.mark.parametrize("name", ALIKE)
def test_prompts_with_literals_in_content_have_the_same_ids(
    pairs: dict[str, Pair], name: str
) -> None:
    pair = pairs[name]
    control = sorted(pair.directory.control_tokens)

    literals, content = st.sampled_from(control), texts()
    if name == "phi-3":
        # Beside a token that takes white space the engine knows that of ASCII only
        content = content.map(lambda text: re.sub(r"[^\S \t\n\v\f\r]", "", text))

    @given(literals, content, literals, content, literals, content)
    @example(control[-1], " \n ", control[0], " \n b \n", control[-1], "\n")
    def same(turn: str, before: str, literal: str, after: str, end: str, rest: str) -> None:
        # What the template writes, content up to a literal, the literal, the rest of both
        prompt = (turn + before, literal, after + end + rest)
        assert encode_prompt(prompt, pair.gguf) == encode_prompt(prompt, pair.directory)

    same()


@pytest.mark.parametrize("name", GGUF_NAMES)
def test_tokens_have_the_same_bytes(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]
    assert pair.gguf.vocabulary_size == pair.directory.vocabulary_size
    for token in range(pair.directory.vocabulary_size):
        assert pair.gguf.token_bytes(token) == pair.directory.token_bytes(token), token


@pytest.mark.parametrize("name", GGUF_NAMES)
def test_what_is_said_of_a_text_s_ends_is_the_same(pairs: dict[str, Pair], name: str) -> None:
    ours, theirs = pairs[name].directory, pairs[name].gguf
    assert theirs.bos_token == ours.bos_token
    assert theirs.adds_bos == ours.adds_bos
    assert theirs.eos_text == ours.eos_text
    assert theirs.puts_space_first == ours.puts_space_first
    assert dict(theirs.control_tokens) == dict(ours.control_tokens)
    # The engine knows further end tokens by their texts
    assert theirs.end_tokens >= ours.end_tokens


def test_a_gguf_does_not_tell_that_only_the_first_word_has_a_space(pairs: dict[str, Pair]) -> None:
    """Mistral's directory does; llama.cpp puts the space after every control token."""
    prompt = "[INST] hello[/INST]"
    ours, theirs = pairs["mistral"].directory, pairs["mistral"].gguf
    assert decoded(ours, encoded(ours, prompt, control=True)) == b" hello"
    assert decoded(theirs, encoded(theirs, prompt, control=True)) == b"  hello"


def test_unigrams_have_the_same_ids_where_no_space_comes_first(pairs: dict[str, Pair]) -> None:
    for text in TEXTS:
        if not text.startswith((" ", "▁")):
            ids = encoded(pairs["unigram"].directory, text, control=True)
            assert encoded(pairs["unigram"].gguf, text, control=True) == ids


@pytest.mark.parametrize("token", [None, 1_000_000])
@pytest.mark.parametrize("name", ["gpt-2", "qwen-3"])
def test_bos_and_eos_that_a_file_does_not_name_are_none(
    name: str, token: int | None, tmp_path: Path
) -> None:
    """The engine would take token 11 of a byte-level vocabulary, a comma or the like."""
    file = write_gguf(name, tmp_path / "x.gguf", bos_token_id=token, eos_token_id=token)
    opened = open_gguf(file)
    assert (opened.bos_token, opened.adds_bos, opened.eos_text) == (None, False, "")
    assert 11 not in opened.end_tokens
    assert opened.token_bytes(11) == b","
    assert encoded(opened, ",", control=False) == [11]


def test_bos_is_none_although_a_file_wants_one(tmp_path: Path) -> None:
    file = write_gguf("gpt-2", tmp_path / "x.gguf", bos_token_id=None, add_bos_token=True)
    opened = open_gguf(file)
    assert not opened.adds_bos
    assert encode_prompt(("a",), opened) == tuple(encoded(opened, "a", control=True))


def test_unknown_and_structural_tokens_in_content_do_not_act(pairs: dict[str, Pair]) -> None:
    for name in ("llama-2", "phi-3", "gemma"):
        opened = pairs[name].gguf
        assert opened.control_tokens["<unk>"] == family(name).file["model"]["vocab"]["<unk>"]


@pytest.mark.parametrize("text", ["<|start|>", "<|channel|>", "<|message|>", "<|user|>"])
def test_user_defined_turn_tokens_do_not_act_from_content(text: str, tmp_path: Path) -> None:
    """The engine takes the tokens of harmony's turns to be user-defined, whatever the file says."""
    phi = family("phi-3")
    entries = [
        {**entry, "content": text, "special": False} if entry["content"] == "<|user|>" else entry
        for entry in phi.file["added_tokens"]
    ]
    changed = evolve(phi, file={**phi.file, "added_tokens": entries})
    opened = open_gguf(write_gguf(changed, tmp_path / "x.gguf"))
    token = opened.control_tokens[text]
    assert opened.token_bytes(token) == b""
    assert encoded(opened, text, control=True) == [token]
    ids = encoded(opened, f"a{text}b {text}", control=False)
    assert token not in ids
    assert decoded(opened, ids).decode() == f" a{text}b {text}"


def test_merges_cannot_spell_a_control_token(tmp_path: Path) -> None:
    """The engine merges any two pieces whose text is a token."""
    gemma = family("gemma")
    vocabulary = dict(gemma.file["model"]["vocab"])
    scores = list(gemma.scores)
    for piece in ("<", ">", "<b", "os>", "os"):
        if vocabulary.setdefault(piece, len(vocabulary)) == len(scores):
            scores.append(-0.5)
    model = {**gemma.file["model"], "vocab": vocabulary}
    changed = evolve(gemma, file={**gemma.file, "model": model}, scores=tuple(scores))
    opened = open_gguf(write_gguf(changed, tmp_path / "x.gguf"))
    assert vocabulary["os>"] in encoded(opened, "os>", control=False)
    ids = encoded(opened, "a<bos>b", control=False)
    assert vocabulary["<bos>"] not in ids
    assert decoded(opened, ids) == b"a<bos>b"


def test_a_control_token_whose_text_is_no_text(tmp_path: Path) -> None:
    file = write_gguf("gpt-2", tmp_path / "x.gguf")
    data = file.read_bytes()
    assert data.count(b"<|endoftext|>") == 1
    file.write_bytes(data.replace(b"<|endoftext|>", b"<|endofte\xff\xff|>"))
    opened = open_gguf(file)
    assert opened.eos_text == "<|endofte\ufffd\ufffd|>"
    assert encoded(opened, "a", control=True) == encoded(opened, "a", control=False)
