"""Every finding in the document and for people: one line each, with all that it knows."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from attrs import fields

from lmrt.cli.doctor_text import diagnosis_lines
from lmrt.domain.diagnosis import Diagnosis
from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_machine import MemoryHolder
from lmrt.wire.diagnosis import diagnosis_payload
from tests.support.json_values import not_plain
from tests.support.worlds import GIB, machine

VALUES: dict[str, Any] = {
    "path": Path("/models"),
    "first": Path("/cache/link"),
    "holders": (MemoryHolder("browser", GIB),),
    "free": GIB,
    "total": 8 * GIB,
    "limit": 64,
    "count": 3,
    "gpu": "Test GPU",
    "endpoint": "https://huggingface.co",
}


def example(kind: Any) -> Any:
    return kind(**{one.name: VALUES.get(one.name, f"a {one.name}") for one in fields(kind)})


KINDS = get_args(Remedy)


@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_says_what_and_why_in_one_line_each(kind: Any) -> None:
    found = example(kind)
    for text in (found.what, found.why, found.command):
        if text is not None:
            assert text
            assert "\n" not in text
            assert not text.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_its_document_holds_the_facts(kind: Any) -> None:
    found = example(kind)
    document = diagnosis_payload(Diagnosis("1", machine(GIB), (), (found,)))
    assert not_plain(document) == []
    (told,) = document["remedies"]
    assert (told["code"], told["what"], told["why"], told["command"]) == (
        found.code,
        found.what,
        found.why,
        found.command,
    )
    names = {one.name for one in fields(kind)} - {"command"}
    assert set(told["facts"]) == names
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("kind", KINDS)
def test_its_text_wraps_between_words_and_keeps_the_command_whole(kind: Any) -> None:
    found = example(kind)
    lines = list(diagnosis_lines(Diagnosis("1", machine(GIB), (), (found,))))
    start = lines.index(f"finding[{found.code}]")
    rest = lines[start + 1 : lines.index("", start)]
    joined = " ".join(" ".join(rest).split())
    expected = f"what {found.what} why {found.why}"
    if found.command is not None:
        expected += f" fix {found.command}"
        assert f"  fix       {found.command}" in rest
    assert joined == expected
    assert all(len(line) <= 80 for line in rest if not line.startswith("  fix"))


def test_a_word_longer_than_the_screen_has_a_line_of_its_own() -> None:
    from lmrt.domain.remedies_machine import MachineUnread

    word = "x" * 100
    found = MachineUnread(f"before {word} after 日本語 \x1b[31m")
    lines = list(diagnosis_lines(Diagnosis("1", machine(GIB), (), (found,))))
    assert "  what      before" in lines
    assert f"            {word}" in lines
    assert "            after 日本語 [31m" in lines
