"""A Hub on this machine: real HTTP, serving folders with the Hub's API, and faults on demand.

What is answered, and with which headers, follows what `huggingface_hub` reads
(https://github.com/huggingface/huggingface_hub: `file_download.py`, `hf_api.py`, `utils/_http.py`):
`X-Repo-Commit`, `ETag`, `X-Linked-Etag`, `X-Linked-Size`, `X-Error-Code`, `X-Error-Message`. Large
files are elsewhere, as in reality: a redirect leads to a second server with another port, by an
address that holds a signature.

    with HubServer() as hub:
        hub.add("org/name", folder)
        client = HubClient(endpoint=hub.url)

In another process `HF_ENDPOINT` must be `hub.url` before `huggingface_hub` is imported.
"""

import hashlib
import sys
import threading
from collections.abc import Iterable, Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import define, field, frozen

from tests.support.hub_faults import Fault
from tests.support.hub_handlers import CdnHandler, HubHandler

_LARGE = (".gguf", ".safetensors", ".bin", ".pt", ".model", "tokenizer.json")
_F = TypeVar("_F", bound=Fault)


@frozen
class ServedFile:
    """One file of a repository, at one commit.

    Attributes:
        path: Where its bytes are.
        size: Bytes.
        sha1: As git counts it.
        sha256: Where it is a large file, else None.
    """

    path: Path
    size: int
    sha1: str
    sha256: str | None

    @property
    def etag(self) -> str:
        """What tells its content apart."""
        return self.sha256 or self.sha1


@define
class Repository:
    """A repository.

    Attributes:
        commits: Its files by name, for each commit.
        refs: Branches and tags with the commit that each stands at.
        tags: Which of them are tags.
        gated: Only a token in `granted` gets files; everyone gets listings.
        private: Only a token in `granted` gets anything.
        granted: Tokens with access.
    """

    commits: dict[str, Mapping[str, ServedFile]] = field(factory=dict)
    refs: dict[str, str] = field(factory=dict)
    tags: set[str] = field(factory=set)
    gated: bool = False
    private: bool = False
    granted: set[str] = field(factory=set)

    def commit(self, revision: str) -> str | None:
        """Return the commit that a branch, tag or commit means."""
        return revision if revision in self.commits else self.refs.get(revision)


@frozen
class Asked:
    """A request that came.

    Attributes:
        method: `GET` or `HEAD`.
        path: With its query; `/cdn/…` for the server of large files.
        range: Its `Range`, or None.
        token: The token that came with it, or None.
    """

    method: str
    path: str
    range: str | None
    token: str | None


class HubServer:
    """The server; use it in a `with` block.

    Attributes:
        repositories: By name.
        tokens: Tokens that it knows; another one is refused.
        asked: Every request, in order.
        sent: Bytes of all bodies that were sent, listings among them.
        faults: What goes wrong.
        signature: What addresses of large files must hold; a new one makes old addresses invalid.
        bytes_per_second: How fast bodies come, or None for as fast as it goes.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.tokens: set[str] = set()
        self.asked: list[Asked] = []
        self.sent = 0
        self.faults: list[Fault] = []
        self.signature = "signed-1"
        self.bytes_per_second: float | None = None
        self.lock = threading.Lock()
        self._hub = _serve(HubHandler, self)
        self._cdn = _serve(CdnHandler, self)

    @property
    def url(self) -> str:
        """Its address: the endpoint."""
        return f"http://127.0.0.1:{self._hub.server_port}"

    @property
    def cdn_url(self) -> str:
        """The address of the server of large files."""
        return f"http://127.0.0.1:{self._cdn.server_port}"

    def count(self, sent: int) -> None:
        """Count bytes of a body."""
        with self.lock:
            self.sent += sent

    def add(
        self,
        name: str,
        files: Path | Mapping[str, bytes],
        *,
        revision: str = "main",
        tag: bool = False,
        folder: Path | None = None,
    ) -> str:
        """Serve files as a new commit of a repository, at a branch or tag; return the commit.

        Args:
            name: `org/name`.
            files: A folder, whose files must stay as they are; or names and contents.
            revision: The branch or tag that leads to the commit from now on.
            tag: Whether it is a tag.
            folder: Where contents are written to; needed with contents only.
        """
        if not isinstance(files, Path):
            assert folder is not None
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            files = folder
        served = {
            path.relative_to(files).as_posix(): _served(path)
            for path in sorted(files.rglob("*"))
            if path.is_file()
        }
        commit = _commit(name, served)
        repository = self.repositories.setdefault(name, Repository())
        repository.commits[commit] = served
        repository.refs[revision] = commit
        if tag:
            repository.tags.add(revision)
        return commit

    def fault(self, fault: _F) -> _F:
        """Let something go wrong from now on."""
        self.faults.append(fault)
        return fault

    def requests(self, part: str, method: str = "GET") -> list[Asked]:
        """Return the requests whose path holds a text."""
        with self.lock:
            return [asked for asked in self.asked if part in asked.path and asked.method == method]

    def large(self, sha256: str) -> ServedFile | None:
        """Return the large file of that hash."""
        for repository in self.repositories.values():
            for files in repository.commits.values():
                for file in files.values():
                    if file.sha256 == sha256:
                        return file
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop to serve; a second call does nothing."""
        for server in (self._hub, self._cdn):
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _serve(handler: type[HubHandler] | type[CdnHandler], hub: HubServer) -> _Server:
    server = _Server(("127.0.0.1", 0), handler)
    server.hub = hub  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def _served(path: Path) -> ServedFile:
    size = path.stat().st_size
    sha1 = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            sha1.update(chunk)
            sha256.update(chunk)
    large = path.name.endswith(_LARGE)
    return ServedFile(path, size, sha1.hexdigest(), sha256.hexdigest() if large else None)


def _commit(name: str, files: Mapping[str, ServedFile]) -> str:
    told: Iterable[str] = (f"{path} {file.sha1}\n" for path, file in files.items())
    return hashlib.sha1("".join((name, *told)).encode(), usedforsecurity=False).hexdigest()
