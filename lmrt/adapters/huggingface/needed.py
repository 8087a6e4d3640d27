"""Which files of a repository an artifact needs."""

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.domain.models import Artifact, ArtifactFormat

_TEXTS = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
    "chat_template*", "*.model", "*.tiktoken", "*preprocessor_config.json",
    "processor_config.json",
)  # fmt: skip
"""What tokenizers, templates and processors read, beside the weights of a directory."""

_CODE = "*.py"


def needed_files(listing: Listing, artifact: Artifact) -> tuple[RemoteFile, ...]:
    """Return the files to have for an artifact, the smallest first.

    A GGUF needs nothing beside itself. Python files are among them only where the model has to
    execute some, which the planner refuses unless the user allows it.
    """
    named = {file.path for file in artifact.files}
    patterns: tuple[str, ...] = ()
    if artifact.format is not ArtifactFormat.GGUF:
        patterns = _TEXTS if artifact.remote_code is None else (*_TEXTS, _CODE)
    folder = PurePosixPath(artifact.files[0].path).parent if artifact.files else PurePosixPath()
    found = [
        file
        for file in listing.files
        if file.name in named or _beside(folder, PurePosixPath(file.name), patterns)
    ]
    return tuple(sorted(found, key=lambda file: (file.size, file.name)))


def lies_whole(snapshot: Path, files: tuple[RemoteFile, ...]) -> bool:
    """Return whether all files lie in a snapshot, with the sizes that they must have."""
    return all(present_bytes(snapshot / file.name) == file.size for file in files)


def present_bytes(path: Path) -> int | None:
    """Return the bytes of a file, or None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _beside(folder: PurePosixPath, name: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    return name.parent == folder and any(fnmatchcase(name.name, known) for known in patterns)
