"""What the README shows is what a user gets.

Every line `$ …` in a `console` block is run in one folder, in the order of the README. What stands
under it must be what it writes to stdout and stderr: `…` stands for anything, and numbers
for any number, because machines differ.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from attrs import frozen

from lmrt.bootstrap.models import bundled_models
from tests.e2e.support import RT, environment

README = Path(__file__).parents[2] / "README.md"
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@frozen
class Example:
    """One command with what it should write."""

    command: str
    expected: str


def _examples() -> list[Example]:
    blocks = re.findall(
        r"^```console\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    found = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            if not command.startswith(("make ", "pip ", "git ")):
                found.append(Example(command, expected))
    return found


def _matches(expected: str, found: str) -> bool:
    def pattern(text: str) -> str:
        squeezed = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
        return re.escape(_NUMBER.sub("0", squeezed)).replace("…", "(?:.|\n)*")

    squeezed = "\n".join(" ".join(line.split()) for line in found.strip().splitlines())
    return re.fullmatch(pattern(expected), _NUMBER.sub("0", squeezed)) is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as after `git clone`, as far as the examples need it."""
    root = tmp_path_factory.mktemp("clone")
    shutil.copytree(bundled_models()["guide"], root / "models" / "guide")
    return root


def test_the_readme_has_examples() -> None:
    assert len(_examples()) >= 8


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.command)
def test_an_example_does_what_it_shows(example: Example, folder: Path) -> None:
    path = f"{Path(RT).parent}:{environment(folder)['PATH']}"
    run = subprocess.run(
        ["bash", "-c", example.command],
        cwd=folder,
        env=environment(folder, PATH=path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert _matches(example.expected, run.stdout), run.stdout
