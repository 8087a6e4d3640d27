"""Takes out of a report what is nobody's business: names, homes, tokens, addresses, serials."""

import re
from collections.abc import Iterator, Mapping

from attrs import frozen

SAFE_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HF_HUB_OFFLINE",
    "LANG",
    "NO_COLOR",
    "OMP_NUM_THREADS",
    "RT_DEBUG",
    "TERM",
)
"""Variables of the environment whose values a report may show."""

_OF_THE_USER = ("HOME", "USER", "LOGNAME")
"""Variables whose values stand in `Private` under names of their own."""

_HARMLESS = re.compile(r"[A-Za-z0-9_.,:-]{0,24}")
_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASS|CRED|AUTH|COOKIE|PRIVATE|SESSION", re.IGNORECASE)
_LONG = 8
"""Letters from which any variable's value is taken out; what is secret by its name sooner."""

_SHORT = 3
_OWNERS = re.compile(r"/(?:home|Users)/[^/\s'\"`:;,<>|()\[\]]+")
_PATTERNS = (
    (re.compile(r"(?<=://)[^/\s@]+@"), "<login>@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
    (re.compile(r"(?:hf_|gh[opsu]_|glpat-|xox[a-z]-|api_org_|github_pat_)[\w-]{4,}"), "<token>"),
    (re.compile(r"(?<![A-Za-z])(?:sk|pk)[_-][\w-]{4,}"), "<token>"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"), "<token>"),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*)*"), "<token>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 <token>"),
    (
        re.compile(
            r"(?i)([\w-]*(?:secret|passw(?:or)?d|credential)[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"
        ),
        r"\1<secret>",
    ),
    # Tokens and keys are spoken of too: `a token: 0.3 ms`
    (
        re.compile(
            r"(?i)([\w-]*(?:token|key|signature)[\"']?\s*(?:[=:](?=\S)|[=:]\s+(?=[^\s\d]*\d)))"
            r"(?:\"[^\"]{4,}\"|'[^']{4,}'|[^\s,;&\"']{8,})"
        ),
        r"\1<secret>",
    ),
    (
        re.compile(r"(?i)\b(serial(?: ?(?:number|no\.?))?\s*[=:#]?\s*)(?=\S*\d)[\w-]{4,}"),
        r"\1<serial>",
    ),
    (
        re.compile(r"\b(?:GPU-|MIG-)?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
        "<id>",
    ),
    (re.compile(r"\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b"), "<address>"),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"), "<address>"),
    (re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})\b"), "<address>"),
    (
        re.compile(
            r"(?<![\w:])(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?:(?::[0-9a-fA-F]{1,4})+(?:%\w+)?"
        ),
        "<address>",
    ),
    (re.compile(r"\b[0-9a-fA-F]{24,}\b"), "<id>"),
)


@frozen
class Private:
    """What is known to belong to the user.

    Attributes:
        homes: Paths of the home folder.
        users: Names of the user.
        hosts: Names of the machine.
        values: Values of environment variables, with the names of these.
    """

    homes: tuple[str, ...]
    users: tuple[str, ...]
    hosts: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()


def private_values(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return which variables' values must not stand in a report, the longest first."""
    found = [
        (name, value)
        for name, value in variables.items()
        if name not in (*SAFE_VARIABLES, *_OF_THE_USER)
        and len(value) >= (_SHORT if _SECRET_NAME.search(name) else _LONG)
    ]
    return tuple(sorted(found, key=lambda one: -len(one[1])))


def safe_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that a report may show; an odd value counts as set."""
    for name in SAFE_VARIABLES:
        if name in variables:
            value = variables[name]
            yield name, value if _HARMLESS.fullmatch(value) else "<set>"


def redacted(text: str, private: Private) -> str:
    """Return a text without what is private or looks like it."""
    for home in sorted(filter(None, private.homes), key=len, reverse=True):
        if home != "/":
            text = text.replace(home, "~")
    for name, value in private.values:
        text = _without(text, value, f"<{name}>")
    text = _OWNERS.sub("~", text)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    for names, shown in ((private.users, "<user>"), (private.hosts, "<host>")):
        for name in sorted(filter(None, names), key=len, reverse=True):
            text = _without(text, name, shown)
    return text


def _without(text: str, secret: str, shown: str) -> str:
    """Replace a text where it is no part of a longer word."""
    begin = r"(?<!\w)" if secret[0].isalnum() else ""
    end = r"(?!\w)" if secret[-1].isalnum() else ""
    return re.sub(begin + re.escape(secret) + end, lambda _: shown, text)
