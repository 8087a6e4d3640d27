"""What a user who named no model could have meant."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from lmrt.domain.references import in_our_words

_SHOWN = 3
_SIZES = 8
_ALIKE = 0.6
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")


def close_names(reference: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names that are most like a reference, the likest first.

    Capitals do not count, and of a repository or path its last part counts alone too, so that
    `qwen3-4b` finds `Qwen/Qwen3-4B`.
    """
    spelt: dict[str, list[str]] = {}
    for name in sorted(set(known)):
        for spelling in {name.casefold(), name.rpartition("/")[2].casefold()}:
            spelt.setdefault(spelling, []).append(name)
    wanted = reference.removeprefix("hf:").casefold()
    alike = get_close_matches(wanted, spelt, n=_SHOWN, cutoff=_ALIKE)
    names = dict.fromkeys(name for spelling in alike for name in spelt[spelling])
    return tuple(name for name in names if name != reference)[:_SHOWN]


def other_sizes(reference: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the sizes that a family has, if the reference names one that it has not."""
    family, colon, _ = reference.casefold().partition(":")
    if not colon or not family:
        return ()
    sizes = {name.partition(":")[2] for name in known if name.casefold().startswith(f"{family}:")}
    return tuple(sorted(sizes, key=_by_number))


def did_you_mean(reference: str, known: Sequence[str]) -> str | None:
    """Return the question or remark that may help, or None."""
    wanted = reference.casefold()
    if on_hub := in_our_words(reference):
        return f"did you mean `{on_hub}`?"
    if sizes := other_sizes(reference, known):
        same = [name for name in known if name.casefold() == wanted]
        if same:
            return f"did you mean `{same[0]}`?"
        more = f" and {len(sizes) - _SIZES} more" if len(sizes) > _SIZES else ""
        return f"there is `{wanted.partition(':')[0]}` in {', '.join(sizes[:_SIZES])}{more}"
    if close := close_names(reference, known):
        return "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
    return None


def _by_number(text: str) -> tuple[tuple[float, str], ...]:
    """Order `1.7b` before `14b`."""
    parts = _NUMBER.split(text)
    return tuple((float(part), "") if at % 2 else (-1.0, part) for at, part in enumerate(parts))
