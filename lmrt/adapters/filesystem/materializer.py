"""`LocalMaterializer`: files that are already here."""

from pathlib import Path

from lmrt.domain.errors import NotMaterialized
from lmrt.domain.models import Artifact, ArtifactFile, HubSource, LocalSource
from lmrt.ports.models import DownloadProgress


class LocalMaterializer:
    """Checks that an artifact's files still lie where they were found; a `Materializer`."""

    def materialize(
        self,
        artifact: Artifact,
        *,
        offline: bool = False,  # noqa: ARG002 - nothing is downloaded here
        progress: DownloadProgress | None = None,  # noqa: ARG002
    ) -> Path:
        """Return the folder that holds the artifact's files.

        Raises:
            NotMaterialized: A file is missing or has another size than planned, or the files were
                never on this machine (`not-downloaded`).
        """
        match artifact.source:
            case HubSource(repository, _):
                raise NotMaterialized(
                    f"the files of `{repository}` are not on this machine",
                    code="not-downloaded",
                    context={"repository": repository},
                    hint=f"hf download {repository}",
                )
            case LocalSource(root):
                for file in artifact.files:
                    _check(root, file)
                return root


def _check(root: Path, file: ArtifactFile) -> None:
    path = root / file.path
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _gone(path, f"cannot be reached: {error.strerror or error}") from error
    if size != file.size:
        raise _gone(path, f"has {size:,} bytes, but had {file.size:,} when it was planned")


def _gone(path: Path, what: str) -> NotMaterialized:
    return NotMaterialized(
        f"`{path}` {what}",
        code="not-downloaded",
        context={"path": str(path), "what": what},
        hint="run again once the file is complete",
    )
