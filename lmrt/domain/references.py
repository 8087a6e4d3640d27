r"""Model references: what the user types, and the readings it allows.

Grammar::

    reference  = path | name | hub
    path       = ("/" | "./" | "../" | "~") … | … ".gguf" | drive ":" ("/" | "\") …
    hub        = ["hf:"] org "/" name ["@" revision] [":" variant | "/" file]
    file       = {folder "/"} … ".gguf"        one file of the repository, the first of a split one
    name       = any other text, with or without ":" size (an alias, or a folder in models_dir)

A reference may have several readings. They are tried in a fixed order: explicit path, then
`models_dir`, then alias, then Hub. A text that begins like a path is a path and nothing else, and
one that begins with `hf:` is a repository and nothing else; so is a `.gguf` that could only be a
file here. URLs are refused, `file:` among them: a path does what they do.

A slash in a revision is written `%2F` where it could be taken for that of a file; `refs/pr/1` and
`refs/convert/parquet` need not. `str` of a reading is a reference that has this reading again.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.files import printable


@frozen
class LocalPath:
    """A file or folder of this machine."""

    path: str

    def __str__(self) -> str:
        return self.path


@frozen
class UnderModelsDir:
    """A file or folder under the models directory."""

    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class Alias:
    """A short name of the catalogue, of the configuration, or of a bundled model."""

    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class HubRepository:
    """A repository on the Hub.

    Attributes:
        repository: `org/name`.
        revision: Branch, tag or commit, or None for the default branch.
        variant: The artifact to take, as a quantization's name, or None for the planner's choice.
        file: The GGUF file to take, with `/` between folders; never beside a variant.
    """

    repository: str
    revision: str | None = None
    variant: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        end = f"/{self.file}" if self.file else f":{self.variant}" if self.variant else ""
        start = f"{self.repository}@{self.revision}" if self.revision else self.repository
        like_a_file = (start + end).lower().endswith(_GGUF)
        if self.revision and like_a_file and not (self.file and _REFS.fullmatch(self.revision)):
            start = f"{self.repository}@{self.revision.replace('/', _SLASH)}"
        return f"hf:{start}{end}" if like_a_file and not self.file else start + end


Interpretation = LocalPath | UnderModelsDir | Alias | HubRepository

AliasTarget = str | tuple[str, ...]
"""What a user's own alias stands for: one reference, or several that are variants of one model."""

Aliases = Mapping[str, AliasTarget]


@frozen
class Lookup:
    """Where and how a reference is looked up.

    Attributes:
        models_dir: Root of local models, for names without a path.
        offline: Whether no socket may be opened.
    """

    models_dir: Path
    offline: bool = False


_GGUF = ".gguf"
_SLASH = "%2F"
_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_BRANCH = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_REFS = re.compile(r"refs/(?:pr/[0-9]+|convert/[A-Za-z0-9_]+)")
_REPOSITORY = rf"(?P<repository>{_WORD}/{_WORD})"
_WHOLE = re.compile(
    rf"{_REPOSITORY}(?:@(?P<revision>{_BRANCH}(?:(?:/|%2[Ff]){_BRANCH})*))?"
    r"(?::(?P<variant>[A-Za-z0-9][A-Za-z0-9._-]*))?"
)
_FILE = re.compile(
    rf"{_REPOSITORY}(?:@(?P<revision>{_REFS.pattern}|{_BRANCH}(?:%2[Ff]{_BRANCH})*))?"
    r"/(?P<file>[^\\]+)"
)
_LONGEST_WORD = 96  # of a repository's name, as huggingface_hub checks it
_EXPLICIT = re.compile(r"[/\\~]|\.\.?(?:[/\\]|$)|[A-Za-z]:[/\\]")
_URL = re.compile(r"file:|[A-Za-z][A-Za-z0-9+.-]*://", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(.+)")
_LATE_REVISION = re.compile(rf"(?:hf:)?({_WORD}/{_WORD})(:[^@/]+|/[^@]+\.[Gg][Gg][Uu][Ff])@(.+)")
_FILE_PAGE = re.compile(rf"({_WORD}/{_WORD})/(?:blob|resolve)/({_BRANCH})/")
_PAGE = re.compile(rf"{_WORD}/{_WORD}(?=[/?#]|$)")


def interpretations(text: str) -> tuple[Interpretation, ...]:
    """Return the readings of a reference, in the order in which they are tried.

    Raises:
        ConfigurationError: The text can be no reference (`invalid-reference`).
    """
    reference = text.strip()
    if not reference or any(ord(letter) < 32 or ord(letter) == 127 for letter in reference):
        raise _invalid(text, "it is empty or holds control characters")
    if reference.startswith("hf:"):
        return (_only_hub(reference.removeprefix("hf:"), text),)
    if _URL.match(reference):
        raise _url(reference)
    if _EXPLICIT.match(reference):
        return (LocalPath(reference),)
    readings: list[Interpretation] = [LocalPath(reference)]
    if ".." not in reference.split("/"):
        readings.append(UnderModelsDir(reference))
    if "/" not in reference and not reference.lower().endswith(_GGUF):
        readings.append(Alias(reference))
    hub = None if _is_local_file(reference) else _hub(reference)
    return tuple(readings) if hub is None else (*readings, hub)


def is_alias(text: str) -> bool:
    """Return whether a text can be a short name: one that has no other reading before it hides."""
    try:
        return Alias(text) in interpretations(text)
    except ConfigurationError:
        return False


def in_our_words(text: str) -> str | None:
    """Return the reference that other tools write in other words, or None for other texts.

    Such are an address of the Hub's site, `hf.co/org/name:variant`, and a revision at the end.
    """
    if late := _LATE_REVISION.fullmatch(text.strip()):
        found = _hub(f"{late[1]}@{late[3]}{late[2]}")
        return None if found is None else str(found)
    match = _HOST.fullmatch(text.strip())
    if match is None:
        return None
    place = _FILE_PAGE.sub(r"\1@\2/", match[1].partition("?")[0])
    if found := _hub(place):
        return str(found)
    page = _PAGE.match(place)
    return page[0] if page and _is_repository(page[0]) else None


def _is_local_file(reference: str) -> bool:
    """Return whether it is a `.gguf` with too few folders for a file of a repository."""
    return reference.lower().endswith(_GGUF) and reference.count("/") < 2


def _hub(reference: str) -> HubRepository | None:
    """Return the repository that a text names, or None."""
    in_repository = reference.lower().endswith(_GGUF) and reference.count("/") >= 2
    match = (_FILE if in_repository else _WHOLE).fullmatch(reference)
    if match is None or not _is_repository(match["repository"]):
        return None
    named = match.groupdict()
    if named.get("revision"):
        named["revision"] = re.sub(_SLASH, "/", named["revision"], flags=re.IGNORECASE)
    folders = (named.get("file") or "file").split("/")
    refused = {"", ".", ".."} & set(folders) or ".." in (named.get("revision") or "")
    return None if refused else HubRepository(**named)


def _is_repository(name: str) -> bool:
    """Return whether huggingface_hub takes it for a repository's name (`validate_repo_id`)."""
    short = all(len(word) <= _LONGEST_WORD for word in name.split("/"))
    return short and "--" not in name and ".." not in name and not name.endswith(".git")


def _only_hub(reference: str, text: str) -> HubRepository:
    found = _hub(reference)
    if found is None:
        meant = in_our_words(f"hf:{reference}")
        raise _invalid(
            text,
            "after `hf:` comes `org/name[@revision][:variant]` or `org/name[@revision]/file.gguf`",
            f"did you mean `{meant}`?" if meant else None,
        )
    return found


def _url(reference: str) -> ConfigurationError:
    hint = "give the path itself, such as `/models/file.gguf`"
    if on_hub := in_our_words(reference):
        hint = f"did you mean `{on_hub}`?"
    elif not reference.lower().startswith("file:"):
        hint = "download the file and give its path, or name its Hub repository `org/name`"
    return _invalid(reference, "URLs are not model references", hint)


def _invalid(text: str, why: str, hint: str | None = None) -> ConfigurationError:
    return ConfigurationError(
        f"`{printable(text)}` is not a model reference: {why}",
        code="invalid-reference",
        context={"reference": text},
        hint=hint or "give a path, an alias such as `guide`, or a Hub repository `org/name`",
    )
