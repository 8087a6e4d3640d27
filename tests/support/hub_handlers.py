"""How the Hub of the tests answers one request."""

import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.support.hub_faults import Cut, Delay, Fault, Meeting, NoRanges, Page, Refusal, WrongBytes

if TYPE_CHECKING:
    from tests.support.hub_server import HubServer, Repository, ServedFile

_INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?")
_TREE = re.compile(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)(?:/.*)?")
_REFS = re.compile(r"/api/models/([^/]+/[^/]+)/refs")
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_CACHED = re.compile(r"/api/resolve-cache/models/([^/]+/[^/]+)/([^/]+)/(.+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PIECE = 1 << 14
_F = TypeVar("_F", bound=Fault)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    @property
    def hub(self) -> "HubServer":
        return self.server.hub  # type: ignore[attr-defined, no-any-return]

    def answer(self, url: str) -> None:
        raise NotImplementedError

    def _handle(self) -> None:
        from tests.support.hub_server import Asked

        given = self.headers.get("Authorization")
        self.token = given.removeprefix("Bearer ") if given else None
        asked = Asked(self.command, self.path, self.headers.get("Range"), self.token)
        with self.hub.lock:
            self.hub.asked.append(asked)
            struck = [fault for fault in self.hub.faults if fault.strikes(unquote(self.path))]
        self.struck = struck
        try:
            if delay := self.suffers(Delay):
                time.sleep(delay.seconds)
            if meeting := self.suffers(Meeting):
                meeting.barrier.wait(timeout=30)
            if refusal := self.suffers(Refusal):
                self.refuse(refusal.status, "", "out of order", refusal.headers)
            elif self.suffers(Page):
                self.send(200, {"Content-Type": "text/html"}, b"<html>please log in</html>")
            else:
                self.answer(self.path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def suffers(self, kind: type[_F]) -> _F | None:
        """Return the fault of a kind that hits this request."""
        return next((fault for fault in self.struck if isinstance(fault, kind)), None)

    def send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.hub.count(len(body))

    def refuse(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        told = {"X-Error-Code": code, "X-Error-Message": message, **(headers or {})}
        body = json.dumps({"error": message}).encode()
        self.send(status, {"Content-Type": "application/json", **told}, body)

    def send_file(self, file: "ServedFile", headers: dict[str, str]) -> None:
        """Send a file or a part of it, as slowly and as wrongly as asked."""
        start, stop, status = 0, file.size, 200
        asked = _RANGE.fullmatch(self.headers.get("Range") or "")
        if asked and not self.suffers(NoRanges):
            start, status = int(asked[1]), 206
            stop = min(int(asked[2]) + 1, file.size) if asked[2] else file.size
            if start >= file.size:
                self.send(416, {"Content-Range": f"bytes */{file.size}"})
                return
            headers = {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{file.size}"}
        self.send_response(status)
        told = {"Content-Length": str(stop - start), "Accept-Ranges": "bytes", **headers}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_bytes(file, start, stop)

    def _send_bytes(self, file: "ServedFile", start: int, stop: int) -> None:
        cut, wrong = self.suffers(Cut), self.suffers(WrongBytes)
        end = min(stop, start + cut.after) if cut else stop
        with file.path.open("rb") as source:
            source.seek(start)
            while start < end and (piece := bytearray(source.read(min(_PIECE, end - start)))):
                if wrong and start <= wrong.offset < start + len(piece):
                    piece[wrong.offset - start] ^= 0xFF
                self.wfile.write(piece)
                self.hub.count(len(piece))
                start += len(piece)
                if self.hub.bytes_per_second:
                    time.sleep(len(piece) / self.hub.bytes_per_second)
        if cut:
            self.close_connection = True


class HubHandler(_Handler):
    """The Hub itself."""

    def answer(self, url: str) -> None:
        path = urlsplit(url).path
        if self.token is not None and self.token not in self.hub.tokens:
            self.refuse(401, "", "Invalid credentials in Authorization header")
        elif path == "/api/whoami-v2" and self.token is not None:
            self.send(200, {"Content-Type": "application/json"}, b'{"type": "user"}')
        elif path == "/api/models":
            self.send(200, {"Content-Type": "application/json"}, b"[]")
        elif match := _REFS.fullmatch(path):
            self._with(match[1], None, self._refs)
        elif match := _TREE.fullmatch(path):
            self._with(match[1], unquote(match[2]), self._tree)
        elif match := _INFO.fullmatch(path):
            self._with(match[1], unquote(match[2] or "main"), self._info)
        elif match := _RESOLVE.fullmatch(path) or _CACHED.fullmatch(path):
            self._resolve(match[1], unquote(match[2]), unquote(match[3]))
        else:
            self.refuse(404, "", "no such page")

    def _with(self, name: str, revision: str | None, answer: Any) -> None:
        """Answer about a repository and one of its commits, if they exist."""
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and self.token not in repository.granted):
            status = 404 if self.token else 401
            self.refuse(status, "RepoNotFound", "Repository not found")
            return
        commit = None if revision is None else repository.commit(revision)
        if revision is not None and commit is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        answer(name, repository, commit)

    def _json(self, value: Any) -> None:
        self.send(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def _refs(self, name: str, repository: "Repository", commit: str | None) -> None:
        refs: dict[str, list[dict[str, str]]] = {"branches": [], "tags": [], "converts": []}
        for ref, target in repository.refs.items():
            kind, where = ("tags", "tags") if ref in repository.tags else ("branches", "heads")
            refs[kind].append({"name": ref, "ref": f"refs/{where}/{ref}", "targetCommit": target})
        self._json(refs)

    def _info(self, name: str, repository: "Repository", commit: str) -> None:
        blobs = "blobs" in parse_qs(urlsplit(self.path).query)
        siblings = []
        for path, file in repository.commits[commit].items():
            sibling: dict[str, Any] = {"rfilename": path}
            if blobs:
                sibling |= {"size": file.size, "blobId": file.sha1}
            if blobs and file.sha256:
                sibling["lfs"] = {"size": file.size, "sha256": file.sha256, "pointerSize": 135}
            siblings.append(sibling)
        gated = "manual" if repository.gated else False
        self._json({"id": name, "sha": commit, "gated": gated, "siblings": siblings})

    def _tree(self, name: str, repository: "Repository", commit: str) -> None:
        entries = []
        for path, file in repository.commits[commit].items():
            entry: dict[str, Any] = {
                "type": "file",
                "path": path,
                "size": file.size,
                "oid": file.sha1,
            }
            if file.sha256:
                lfs = {"size": file.size, "oid": file.sha256, "pointerSize": 135}
                entry |= {"lfs": lfs}
            entries.append(entry)
        self._json(entries)

    def _resolve(self, name: str, revision: str, path: str) -> None:
        def answer(name: str, repository: "Repository", commit: str) -> None:
            if repository.gated and self.token not in repository.granted:
                message = f"Access to model {name} is restricted"
                self.refuse(403 if self.token else 401, "GatedRepo", message)
                return
            file = repository.commits[commit].get(path)
            if file is None:
                told = {"X-Repo-Commit": commit}
                self.refuse(404, "EntryNotFound", "Entry not found", told)
                return
            headers = {"X-Repo-Commit": commit, "ETag": f'"{file.etag}"'}
            if file.sha256 is None:
                self._send_small(name, commit, path, file, headers)
                return
            linked = {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
            where = f"{self.hub.cdn_url}/cdn/{file.sha256}/{quote(path, safe='')}"
            location = f"{where}?sig={self.hub.signature}"
            self.send(302, {**headers, **linked, "Location": location})

        self._with(name, revision, answer)

    def _send_small(
        self, name: str, commit: str, path: str, file: "ServedFile", headers: dict[str, str]
    ) -> None:
        """Send a file that git holds: the Hub leads to another address of its own."""
        if _CACHED.fullmatch(urlsplit(self.path).path):
            self.send_file(file, headers)
            return
        location = f"/api/resolve-cache/models/{name}/{commit}/{quote(path, safe='')}"
        self.send(307, {**headers, "Location": location})


class CdnHandler(_Handler):
    """The server of large files."""

    def answer(self, url: str) -> None:
        parts = urlsplit(url)
        file = self.hub.large(parts.path.split("/")[2])
        if parse_qs(parts.query).get("sig") != [self.hub.signature]:
            self.send(403, {}, b"the signature has expired")
        elif file is None:
            self.send(404, {}, b"no such file")
        else:
            self.send_file(file, {"ETag": f'"{file.etag}"'})
