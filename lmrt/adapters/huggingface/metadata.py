"""`HubMetadata`: the artifacts of a repository, described before anything is downloaded.

Sketches of the files are written to lmrt's own cache, and the ordinary readers read these, so that
the plan before the download is the plan after it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.huggingface.metadata_files import ROOM, ListedFiles, PartsClient
from lmrt.adapters.huggingface.metadata_folders import Record, SketchFolders, write_record
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.domain.errors import ConfigurationError, LmrtError, LoadFailed, NotMaterialized
from lmrt.domain.models import ArtifactFile, DescribedArtifact, HubSource
from lmrt.domain.notices import HeadersIncomplete
from lmrt.ports.headers import HeaderSketcher
from lmrt.ports.models import ArtifactReader

_SHORT = 7
"""Digits of a commit that people read."""


@frozen
class Described:
    """The artifacts of a repository.

    Attributes:
        artifacts: As the readers describe them; their paths are relative to the repository, their
            sources `HubSource`.
        notices: What of the repository is left out, or estimated.
    """

    artifacts: tuple[DescribedArtifact, ...]
    notices: tuple[HeadersIncomplete, ...] = ()


class HubMetadata:
    """Describes artifacts that are not here; safe to use from several threads.

    Of each commit is fetched what is needed once, and at most `ROOM` bytes.

    Args:
        client: Fetches parts of files.
        readers: Readers of artifact formats.
        sketchers: A sketcher of each format.
        cache: lmrt's own cache; it may be removed at any time.
    """

    def __init__(
        self,
        client: PartsClient,
        readers: Sequence[ArtifactReader],
        sketchers: Sequence[HeaderSketcher],
        cache: Path,
    ) -> None:
        self._client = client
        self._readers = tuple(readers)
        self._sketchers = tuple(sketchers)
        self._folders = SketchFolders(cache)

    def files(self, listing: Listing, came: Callable[[int], None] | None = None) -> ListedFiles:
        """Return a listing's files, of which nothing is read yet; see `ListedFiles`."""
        return ListedFiles(self._client, listing, came)

    def describe(self, listing: Listing) -> Described:
        """Return the artifacts of a listing, none where it has no files of a model.

        Raises:
            LoadFailed: The model's files are malformed (`malformed-file`).
            NotMaterialized: The Hub does not give the headers; a file's name is not safe to use
                (`hostile-file-name`); the headers take too much (`headers-too-large`).
            ConfigurationError: No sketch can be written (`unwritable-output`).
        """
        return self.described(self.files(listing), ROOM)

    def described(self, files: ListedFiles, room: int) -> Described:
        """Return what a repository's files are, reading no more than so many bytes of them.

        What was sketched before counts, if it was with as much room or nothing was left out.

        Raises:
            LmrtError: As `describe`.
        """
        found = self.kept(files, room)
        if found is None:
            files.room = room
            place = self._place(files.listing)
            try:
                with self._folders.making(place) as folder:
                    found = self._made(files, folder, room)
            except OSError as error:
                raise _unwritable(place, error) from error
        if not found.artifacts and found.notices:
            raise _too_large(files.listing, found.notices)
        return found

    def kept(self, files: ListedFiles, room: int = 0) -> Described | None:
        """Return what was sketched before, with at least so much room where something is left out.

        Returns:
            None where it was not, or was damaged since.
        """
        place = self._place(files.listing)
        known = self._folders.known(place, files.sizes)
        if known is None or (known.notices and known.room < room):
            return None
        try:
            artifacts = _read(place, self._readers, [])
        except (LmrtError, OSError):  # another process may be making it anew
            return None
        if tuple(one.artifact.id for one in artifacts) != known.artifacts:
            return None
        return _of_hub(artifacts, known.notices, files.listing)

    def _place(self, listing: Listing) -> Path:
        return self._folders.place(listing.repository, listing.commit)

    def _made(self, files: ListedFiles, folder: Path, room: int) -> Described:
        """Make the sketches of a listing in a folder; return what they tell."""
        listing = files.listing
        for name in files.sizes:
            (folder / name).parent.mkdir(exist_ok=True)
        failures: list[LoadFailed] = []
        notices: list[HeadersIncomplete] = []
        for sketcher in self._sketchers:
            try:
                notices += sketcher.sketch(files, folder)
            except LoadFailed as error:
                failures.append(error)
        artifacts = _read(folder, self._readers, failures)
        remote = [_at_the_hub(error, folder, listing) for error in failures]
        if not artifacts and remote:
            raise remote[0]
        left_out = "left out of the plan: "
        notices += [
            HeadersIncomplete((one.context["path"],), left_out + one.message) for one in remote
        ]
        notices = [evolve(one, what=_where(one.what, folder, listing)) for one in notices]
        ids = tuple(one.artifact.id for one in artifacts)
        write_record(folder, files.sizes, Record(ids, tuple(notices), room))
        return _of_hub(artifacts, notices, listing)


def _read(
    folder: Path, readers: Sequence[ArtifactReader], failures: list[LoadFailed]
) -> tuple[DescribedArtifact, ...]:
    """Return the artifacts of a folder, without the formats of which a file is malformed."""
    try:
        reading = read_repository(folder, readers)
    except LoadFailed as error:
        if len(readers) > 1:
            return tuple(one for reader in readers for one in _read(folder, (reader,), failures))
        failures.append(error)
        return ()
    failures += [
        LoadFailed(what, code="malformed-file", context={"path": str(folder), "what": what})
        for what in reading.incomplete
    ]
    return reading.described


def _of_hub(
    artifacts: Sequence[DescribedArtifact], notices: Sequence[HeadersIncomplete], listing: Listing
) -> Described:
    """Return the artifacts with the sizes and the source of the real files."""
    sizes = {file.name: file.size for file in listing.files}
    source = HubSource(listing.repository, listing.commit)

    def placed(one: DescribedArtifact) -> DescribedArtifact:
        files = tuple(ArtifactFile(file.path, sizes[file.path]) for file in one.artifact.files)
        return evolve(one, artifact=evolve(one.artifact, files=files, source=source))

    return Described(tuple(placed(one) for one in artifacts), tuple(notices))


def _at_the_hub(error: LoadFailed, folder: Path, listing: Listing) -> LoadFailed:
    """Return an error about a sketch as one about the file that it was made from."""
    path = _where(str(error.context.get("path", "")), folder, listing)
    return LoadFailed(
        _where(error.message, folder, listing),
        code=error.code,
        context={**error.context, "path": path},
        note="it is so on the Hub: nothing was downloaded",
        hint="take another revision or repository, and tell the owner of this one",
    )


def _where(text: str, folder: Path, listing: Listing) -> str:
    """Return a text with the repository in place of the folder of sketches."""
    place = f"{listing.repository}@{listing.commit[:_SHORT]}"
    return text.replace(str(folder), place)


def _too_large(listing: Listing, notices: Sequence[HeadersIncomplete]) -> NotMaterialized:
    return NotMaterialized(
        f"the headers of `{listing.repository}` take more than the {ROOM:,} bytes that are read "
        "before a download",
        code="headers-too-large",
        context={
            "repository": listing.repository,
            "commit": listing.commit,
            "files": [name for notice in notices for name in notice.files],
        },
        note=notices[0].message,
        hint=f"`hf download {listing.repository}` downloads it without a plan; run again then",
    )


def _unwritable(place: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"`{place}` cannot be written: {error.strerror or error}",
        code="unwritable-output",
        context={"path": str(place), "errno": error.errno},
        hint="free some disk space, and check that you may write there",
    )
