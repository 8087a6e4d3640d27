"""`SafetensorsReader`: a Hugging Face directory as artifacts."""

from pathlib import Path

from lmrt.adapters.safetensors.describe import describe_pickles, describe_safetensors
from lmrt.adapters.safetensors.documents import Settings, read_document
from lmrt.adapters.safetensors.header import KnownHeaders
from lmrt.adapters.safetensors.weights import (
    check_pickle_index,
    file_names,
    pickle_files,
    weight_files,
)
from lmrt.domain.files import malformed_file, unreadable
from lmrt.domain.models import DescribedArtifact


class SafetensorsReader:
    """Reads `config.json` and the headers of safetensors files; an `ArtifactReader`.

    A folder holds one artifact: of its safetensors weights (MLX's own format where the
    configuration says so), or, only where there are none, of its pickle files. A file stands for
    the folder that it lies in.

    It remembers the headers that it read last, a few megabytes, since models share them.
    """

    def __init__(self) -> None:
        self._known = KnownHeaders()

    def read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        """Return the artifact of a folder, or of the weights that a file belongs to.

        Raises:
            LoadFailed: A file is malformed or missing (`malformed-file`).
            ConfigurationError: A file may not be read (`unreadable-input`).
        """
        try:
            is_folder, is_file = place.is_dir(), place.is_file()
        except OSError as error:  # a folder above it may not be searched
            raise unreadable(place, error) from error
        if is_folder:
            return self._read_folder(place)
        found = self._read_folder(place.parent) if is_file and _weights(place) else ()
        names = [file.path for described in found for file in described.artifact.files]
        return found if place.name in names else ()

    def _read_folder(self, folder: Path) -> tuple[DescribedArtifact, ...]:
        names = file_names(folder)
        path = folder / "config.json"
        document = read_document(path) if path.name in names else None
        config = None if document is None else Settings(path, document)
        files = weight_files(folder, names, self._known)
        if files and config is None:
            what = f"is missing, although `{files[0].name}` lies there"
            raise malformed_file(path, what, hint="download the model's `config.json` as well")
        if files and config is not None:
            return (describe_safetensors(folder, names, config, files),)
        pickles = pickle_files(names)
        if not pickles:
            return ()
        check_pickle_index(folder, names)
        return (describe_pickles(folder, names, config, pickles),)


def _weights(place: Path) -> bool:
    return place.suffix == ".safetensors" or bool(pickle_files((place.name,)))
