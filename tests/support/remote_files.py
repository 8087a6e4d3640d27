"""Files of a folder that are read as if they were elsewhere, with every byte counted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, field

from lmrt.ports.headers import Span


@define
class LocalFiles:
    """A `RemoteFiles` over a folder.

    Attributes:
        folder: Where the files lie, in it or in folders below.
        room: Bytes that may still be read.
        read_so_far: Bytes that were read.
        rounds: How often something was asked for.
        requests: How many spans.
    """

    folder: Path
    room: int = 5_000_000
    read_so_far: int = 0
    rounds: int = 0
    requests: int = 0
    sizes: Mapping[str, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        self.sizes = {
            path.relative_to(self.folder).as_posix(): path.stat().st_size for path in files
        }

    def read(self, spans: Sequence[Span]) -> list[bytes]:
        """Read the spans, each of which must lie in its file, and all in the room."""
        total = sum(span.size for span in spans)
        assert total <= self.room, f"{total:,} bytes, but there is room for {self.room:,}"
        self.room -= total
        self.read_so_far += total
        self.rounds += 1
        self.requests += len(spans)
        return [self._read(span) for span in spans]

    def _read(self, span: Span) -> bytes:
        assert 0 <= span.start <= span.end <= self.sizes[span.name]
        with (self.folder / span.name).open("rb") as file:
            file.seek(span.start)
            data = file.read(span.size)
        assert len(data) == span.size
        return data
