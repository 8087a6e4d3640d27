"""Other ways to say a question: what a person might type instead, drawn by a seeded generator."""

import random
import re
import string
import tomllib
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

WORDING = Path(__file__).parent / "wording.toml"
Change = Callable[[str, random.Random], str]
Groups = dict[str, tuple[str, ...]]


def groups(rows: list[list[str]]) -> Groups:
    """Return, for every phrase, the others that may stand for it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for phrase in row:
            found.setdefault(phrase, []).extend(other for other in row if other != phrase)
    return {phrase: tuple(others) for phrase, others in found.items()}


def phrase_pattern(phrases: Groups) -> re.Pattern[str]:
    """Match any of the phrases as whole words, longest first, never inside an option or code."""
    longest = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(
        r"(?<![\w`/.\-])(" + "|".join(map(re.escape, longest)) + r")(?![\w`/\-]|\.\w)"
    )


@frozen
class Wording:
    """Generic English: what may stand for what.

    Attributes:
        openers: Beginnings of questions.
        synonyms: Words and phrases.
        prefixes: May come before any question.
        suffixes: May come after any question.
        product_suffixes: May come after a question about lmrt.
        stop_words: Words with little meaning.
        pattern: Matches the synonyms.
    """

    openers: Groups
    synonyms: Groups
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    product_suffixes: tuple[str, ...]
    stop_words: frozenset[str]
    pattern: re.Pattern[str] = field(init=False)

    @pattern.default
    def _pattern(self) -> re.Pattern[str]:
        return phrase_pattern(self.synonyms)

    def reopen(self, text: str, rng: random.Random) -> str:
        """Begin the question in another way."""
        fitting = [opener for opener in self.openers if text.lower().startswith(opener)]
        if not fitting:
            return text
        opener = max(fitting, key=len)
        return rng.choice(self.openers[opener]) + text[len(opener) :]

    def reword(self, text: str, rng: random.Random) -> str:
        """Exchange some words and phrases for synonyms."""

        def exchange(match: re.Match[str]) -> str:
            return rng.choice(self.synonyms[match[0]]) if rng.random() < 0.3 else match[0]

        return self.pattern.sub(exchange, text)

    def greet(self, text: str, rng: random.Random) -> str:
        """Say something polite or idle before the question."""
        return rng.choice(self.prefixes) + text

    def close(self, text: str, rng: random.Random) -> str:
        """Say something polite or idle after it."""
        return text.rstrip("?.! ") + rng.choice(self.suffixes)

    def place(self, text: str, rng: random.Random) -> str:
        """Say that it is about the product."""
        return text.rstrip("?.! ") + rng.choice(self.product_suffixes)

    def keywords(self, text: str, rng: random.Random) -> str:
        """Keep only the words that carry meaning."""
        return self._keep(text, rng, stop=0.1, other=0.95)

    def drop(self, text: str, rng: random.Random) -> str:
        """Lose some words."""
        return self._keep(text, rng, stop=0.7, other=0.88)

    def _keep(self, text: str, rng: random.Random, *, stop: float, other: float) -> str:
        words = text.split()
        kept = [
            word
            for word in words
            if rng.random() < (stop if word.lower().strip("?,.") in self.stop_words else other)
        ]
        return " ".join(kept) if kept else text


def load_wording(path: Path = WORDING) -> Wording:
    """Read the wording file."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Wording(
        openers=groups(table["openers"]),
        synonyms=groups(table["synonyms"]),
        prefixes=tuple(table["prefixes"]),
        suffixes=tuple(table["suffixes"]),
        product_suffixes=tuple(table["product_suffixes"]),
        stop_words=frozenset(table["stop_words"]),
    )


def swap(text: str, rng: random.Random) -> str:
    """Exchange two neighbouring words."""
    words = text.split()
    if len(words) > 2:
        at = rng.randrange(len(words) - 1)
        words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def mistype(text: str, rng: random.Random) -> str:
    """Make one typing error in a word of four letters or more."""
    places = [m.start() for m in re.finditer(r"(?<=[a-zA-Z])[a-z](?=[a-z]{2})", text)]
    if not places:
        return text
    at = rng.choice(places)
    before, letter, following, after = text[:at], text[at], text[at + 1], text[at + 2 :]
    return before + rng.choice(
        [
            following + letter + after,
            following + after,
            letter + letter + following + after,
            rng.choice(string.ascii_lowercase) + following + after,
        ]
    )


def recase(text: str, rng: random.Random) -> str:
    """Write it in another case."""
    forms = [str.lower, str.lower, str.capitalize, str.capitalize, str.upper, str.title]
    return rng.choice(forms)(text)


def capitalise(text: str, rng: random.Random) -> str:  # noqa: ARG001
    """Begin with a capital letter and leave the rest."""
    return text[:1].upper() + text[1:]


def punctuate(text: str, rng: random.Random) -> str:
    """End with another mark, or none."""
    return text.rstrip("?.! ") + rng.choice(["?", "?", "?", "", "", ".", "!", "??", " ?", "..."])


def unquote(text: str, rng: random.Random) -> str:  # noqa: ARG001
    """Leave out quotes, apostrophes and commas."""
    return re.sub(r"[`'\",]", "", text)


@frozen
class Augmenter:
    """Applies changes, each with its probability, in order.

    Attributes:
        changes: For every question.
        product_changes: Only for questions about the product, before the others.
    """

    changes: tuple[tuple[float, Change], ...]
    product_changes: tuple[tuple[float, Change], ...]

    def vary(self, text: str, rng: random.Random, *, product: bool) -> str:
        """Return another way to say it; may be the text itself."""
        for probability, change in (self.product_changes if product else ()) + self.changes:
            if rng.random() < probability:
                text = change(text, rng)
        return text


def make_augmenter(wording: Wording, strength: float = 1.0) -> Augmenter:
    """Return the augmentation that the guide is trained with."""
    product: list[tuple[float, Change]] = [(0.06, wording.place)]
    every: list[tuple[float, Change]] = [
        (0.30, wording.reopen),
        (0.60, wording.reword),
        (0.08, wording.keywords),
        (0.30, wording.drop),
        (0.10, wording.greet),
        (0.06, wording.close),
        (0.10, swap),
        (0.12, mistype),
        (0.12, recase),
        (0.20, capitalise),
        (0.35, punctuate),
        (0.20, unquote),
    ]
    return Augmenter(
        tuple((min(1.0, p * strength), change) for p, change in every),
        tuple((min(1.0, p * strength), change) for p, change in product),
    )
