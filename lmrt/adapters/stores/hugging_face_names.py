"""How what lies in a Hugging Face cache is named and referred to."""

from pathlib import Path

from lmrt.adapters.stores.facts import Facts
from lmrt.adapters.stores.looking import is_file, matching
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import HubRepository, interpretations

_DEFAULT_REVISION = "main"


def refs_of(repository: Path) -> dict[str, list[str]]:
    """Return the names of each commit."""
    names: dict[str, list[str]] = {}
    root = repository / "refs"
    for path in matching(root, "**/*"):
        try:
            commit = path.read_text("utf-8").strip() if is_file(path) else ""
        except (OSError, UnicodeDecodeError):
            continue  # a name that cannot be read names nothing; its commit still has itself
        if commit:
            names.setdefault(commit, []).append(path.relative_to(root).as_posix())
    return names


def revision_of(commit: str, refs: dict[str, list[str]]) -> str | None:
    """Return a name of a commit, else itself; None where the default revision stands at it."""
    names = refs.get(commit, [commit])
    return None if _DEFAULT_REVISION in names else names[0]


def repository_of(folder: str) -> str:
    """Return `org/name` of `models--org--name`, or the bare name of an old repository."""
    _, first, *rest = folder.split("--")
    return "/".join((first, "--".join(rest))) if rest else first


def name_of(repository: str, revision: str | None, facts: Facts, file: str, *, alone: bool) -> str:
    """Return the name of an artifact: as short as it can be told from others of its revision.

    Args:
        repository: The repository's folder.
        revision: The revision's name, or None for the default one.
        facts: The artifact.
        file: Its first file's path in the repository.
        alone: Whether the revision holds no other artifact here.
    """
    if alone:
        return str(HubRepository(repository_of(repository), revision))
    return reference_to(repository, revision, facts, file, alone=False)


def reference_to(
    repository: str, revision: str | None, facts: Facts, file: str, *, alone: bool
) -> str:
    """Return a reference to an artifact; a GGUF is named by its file, as the Hub may hold others.

    The arguments are those of `name_of`.
    """
    name = repository_of(repository)
    if facts.format is ArtifactFormat.GGUF:
        return str(HubRepository(name, revision, file=file))
    return str(HubRepository(name, revision, variant=None if alone else facts.quantization))


def is_readable(reference: str) -> bool:
    """Return whether a reference is read as a repository on the Hub."""
    try:
        return any(isinstance(one, HubRepository) for one in interpretations(reference))
    except ConfigurationError:
        return False
