"""What a repository on the Hub holds at one commit."""

from attrs import frozen


@frozen
class RemoteFile:
    """One file of a repository.

    Attributes:
        name: Its path in the repository, with `/` between folders; checked to be safe as a path.
        size: Bytes.
        sha256: Of its content, where the Hub keeps it outside of git (large files), else None.
        etag: What tells contents apart: the sha256 of a large file, else its git blob's sha1. The
            Hugging Face cache names its blobs by it.
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
