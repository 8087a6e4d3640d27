"""Model references: what the user types, and the readings it allows.

Grammar::

    reference  = path | name | hub
    path       = ("/" | "./" | "../" | "~") … | … ".gguf"
    hub        = ["hf:"] org "/" name ["@" revision] [":" variant]
    name       = any other text, with or without ":" size (an alias, or a folder in models_dir)

A reference may have several readings. They are tried in a fixed order: explicit path, then
`models_dir`, then alias, then Hub.
"""

import re
from pathlib import Path

from attrs import frozen

from lmrt.domain.errors import ConfigurationError


@frozen
class LocalPath:
    """A file or folder of this machine."""

    path: str


@frozen
class UnderModelsDir:
    """A file or folder under the models directory."""

    name: str


@frozen
class Alias:
    """A short name of the catalogue, of the configuration, or of a bundled model."""

    name: str


@frozen
class HubRepository:
    """A repository on the Hub.

    Attributes:
        repository: `org/name`.
        revision: Branch, tag or commit, or None for the default branch.
        variant: The artifact to take, as a quantization's name, or None for the planner's choice.
    """

    repository: str
    revision: str | None = None
    variant: str | None = None


@frozen
class Lookup:
    """Where and how readings are followed.

    Attributes:
        models_dir: Root of local models, for names without a path.
        offline: Open no socket: only what is on this machine counts.
    """

    models_dir: Path
    offline: bool = False


Interpretation = LocalPath | UnderModelsDir | Alias | HubRepository

_SEGMENT = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_HUB = re.compile(
    rf"(?P<repository>{_SEGMENT}/{_SEGMENT})"
    r"(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]*))?"
    r"(?::(?P<variant>[A-Za-z0-9][A-Za-z0-9._-]*))?"
)
_EXPLICIT = ("/", "./", "../", "~")


def interpretations(text: str) -> tuple[Interpretation, ...]:
    """Return the readings of a reference, in the order in which they are tried.

    Raises:
        ConfigurationError: The text can be no reference (`invalid-reference`).
    """
    reference = text.strip()
    if not reference or any(ord(letter) < 32 or ord(letter) == 127 for letter in reference):
        raise _invalid(text, "it is empty or holds control characters")
    if reference.startswith("hf:"):
        return (_hub(reference.removeprefix("hf:"), text),)
    if "://" in reference:
        raise _invalid(text, "URLs are not model references")
    if reference in (".", "..") or reference.startswith(_EXPLICIT):
        return (LocalPath(reference),)
    readings: list[Interpretation] = [LocalPath(reference), UnderModelsDir(reference)]
    if reference.lower().endswith(".gguf"):
        return tuple(readings)
    if "/" not in reference:
        return (*readings, Alias(reference))
    if match := _HUB.fullmatch(reference):
        readings.append(HubRepository(**match.groupdict()))
    return tuple(readings)


def _hub(reference: str, text: str) -> HubRepository:
    match = _HUB.fullmatch(reference)
    if match is None:
        raise _invalid(text, "after `hf:` comes `org/name[@revision][:variant]`")
    return HubRepository(**match.groupdict())


def _invalid(text: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{text}` is not a model reference: {why}",
        code="invalid-reference",
        context={"reference": text},
        hint="give a path, an alias such as `guide`, or a Hub repository `org/name`",
    )
