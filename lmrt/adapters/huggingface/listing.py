"""What a repository on the Hub holds at one commit."""

import re
from typing import Any

from attrs import frozen

_SHA1 = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@frozen
class RemoteFile:
    """One file of a repository.

    Attributes:
        name: Its path in the repository, with `/` between folders, as the Hub tells it: it is
            hostile until `lmrt.domain.filenames.checked_name` has passed it.
        size: Bytes.
        sha256: Of its content, where the Hub keeps it outside of git (large files), else None.
        etag: What tells contents apart: the sha256 of a large file, else the sha1 that git gives
            it. The Hugging Face cache names its blobs by it.
    """

    name: str
    size: int
    sha256: str | None
    etag: str


@frozen
class Listing:
    """The files of a repository at one commit.

    Attributes:
        repository: `org/name`.
        commit: 40 hexadecimal digits.
        files: By name.
    """

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    def file(self, name: str) -> RemoteFile | None:
        """Return the file of that name, or None."""
        return next((file for file in self.files if file.name == name), None)


def listing_of(repository: str, info: Any) -> Listing | None:
    """Return what the Hub's answer about a model lists, or None where it makes no sense.

    Args:
        repository: `org/name`.
        info: A `huggingface_hub.ModelInfo` with the metadata of its files.
    """
    commit, siblings = info.sha, info.siblings or ()
    if not isinstance(commit, str) or not _SHA1.fullmatch(commit):
        return None
    files = [_file(sibling) for sibling in siblings]
    found = tuple(file for file in files if file is not None)
    if len(found) != len(files):
        return None
    return Listing(repository, commit, tuple(sorted(found, key=lambda file: file.name)))


def _file(sibling: Any) -> RemoteFile | None:
    """Return one file; its hashes become names in the cache, so they must be nothing else."""
    sha256 = None if sibling.lfs is None else sibling.lfs.sha256
    etag = sibling.blob_id if sha256 is None else sha256
    pattern = _SHA1 if sha256 is None else _SHA256
    size = sibling.size if sibling.lfs is None else sibling.lfs.size
    sound = isinstance(size, int) and size >= 0 and isinstance(sibling.rfilename, str)
    if not sound or not isinstance(etag, str) or not pattern.fullmatch(etag):
        return None
    return RemoteFile(sibling.rfilename, size, sha256, etag)
