"""More ways to ask about a topic, for training only: short patterns that unfold into questions."""

import random
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

PHRASINGS = Path(__file__).parent / "phrasings"
FRAMES = "frames.toml"
CHOICE = re.compile(r"\{([^{}]*)\}")
NAMES = "= "
SLOT = "@"
OFF_TOPIC = "off-topic"
"""Stands among the topics for everything else."""


class PatternError(ValueError):
    """The pattern file does not fit the topics."""


@frozen
class Pattern:
    """What is known of one topic's phrasings.

    Attributes:
        names: What the topic may be called.
        frames: Questions with a slot for a name.
        lines: Questions in full.
    """

    names: tuple[str, ...]
    frames: tuple[str, ...]
    lines: tuple[str, ...]

    def draw(self, rng: random.Random) -> str:
        """Return one question."""
        weight = len(self.names)
        if rng.random() * (weight + len(self.lines)) < weight:
            text = re.sub(SLOT, lambda _: rng.choice(self.names), rng.choice(self.frames))
        else:
            text = rng.choice(self.lines)
        return unfold(text, rng)


def unfold(text: str, rng: random.Random) -> str:
    """Choose one part of every group in braces."""
    chosen = CHOICE.sub(lambda match: rng.choice(match[1].split("|")), text)
    return " ".join(chosen.split())


def load_patterns(topics: Iterable[str], folder: Path = PHRASINGS) -> Mapping[str, Pattern]:
    """Read the pattern files.

    Args:
        topics: Ids of the topics that there are.
        folder: Where the files are.

    Raises:
        PatternError: One names a topic that does not exist, or a line is not well formed.
    """
    known = frozenset((*topics, OFF_TOPIC))
    frames = tomllib.loads((folder / FRAMES).read_text(encoding="utf-8"))
    rows: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("topics", {})
        unknown = sorted(set(table) - known)
        if unknown:
            raise PatternError(f"{path.name}: no such topics: {', '.join(unknown)}")
        for name, text in table.items():
            rows.setdefault(name, []).extend(text.strip().splitlines())
    return {name: _pattern(name, found, frames) for name, found in rows.items()}


def _pattern(name: str, rows: list[str], table: Mapping[str, Mapping[str, str]]) -> Pattern:
    names = tuple(part for row in rows if row.startswith(NAMES) for part in _names(row))
    lines = tuple(row for row in rows if not row.startswith(NAMES))
    for row in lines:
        if re.search(r"[{}]", CHOICE.sub("", row)):
            raise PatternError(f"`{name}`: braces do not match: {row}")
    family = table["family"].get(name.split("-", maxsplit=1)[0], "about")
    return Pattern(names, tuple(table["frames"][family]), lines)


def _names(row: str) -> list[str]:
    return row.removeprefix(NAMES).split("|")
