"""The manual and the bundled model's topics know every command, option and code there is."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

from guide.topics import load_knowledge
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.main import app
from lmrt.cli.settings import _KEYS
from lmrt.domain.notices import Notice
from lmrt.domain.rejections import Rejection

ROOT = Path(__file__).parents[3]
UNDOCUMENTED = {"--help", "--install-completion", "--show-completion", "--version"}


def _commands(group: Any, path: str = "rt") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _options(command: Any) -> set[str]:
    return {
        name
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--") and name not in UNDOCUMENTED
    }


COMMANDS = dict(_commands(typer.main.get_command(app)))
OPTIONS = sorted(set().union(*map(_options, COMMANDS.values())))
ERROR_CODES = sorted(
    {
        code
        for path in (ROOT / "lmrt").rglob("*.py")
        for code in re.findall(r'code="([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
)
REJECTION_CODES = [kind.code for kind in get_args(Rejection)]
NOTICE_CODES = [kind.code for kind in get_args(Notice)]


@cache
def _topics_text() -> str:
    return "\n".join(f"{topic.answer}\n{topic.more}" for topic in load_knowledge().topics)


@cache
def _manual() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_the_product_is_found() -> None:
    assert "rt prompt" in COMMANDS
    assert "--temperature" in OPTIONS
    assert "model-not-found" in ERROR_CODES


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_topic_and_a_page(command: str) -> None:
    assert f"`{command}" in _topics_text()
    assert f"`{command}" in _manual()


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_a_topic_and_a_page(option: str) -> None:
    assert re.search(re.escape(option) + r"(?![a-z-])", _topics_text())
    assert re.search(re.escape(option) + r"(?![a-z-])", _manual())


@pytest.mark.parametrize("code", [*ERROR_CODES, *REJECTION_CODES, *NOTICE_CODES])
def test_every_code_has_a_topic_and_a_row(code: str) -> None:
    assert re.search(rf"(?<![a-z-]){code}(?![a-z-])", _topics_text())
    assert re.search(rf"^\| `{code}` \|", _manual(), re.MULTILINE)


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_topic_and_a_row(code: ExitCode) -> None:
    assert re.search(rf"[Ee]xit code {int(code)}\b", _topics_text())
    assert re.search(rf"^\| {int(code)} \|", _manual(), re.MULTILINE)


@pytest.mark.parametrize("key", _KEYS)
def test_every_configuration_key_is_documented(key: str) -> None:
    assert re.search(rf"^{key} =|^\[{key}\]", _manual(), re.MULTILINE)


def test_no_code_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert documented == {*ERROR_CODES, *REJECTION_CODES, *NOTICE_CODES}
