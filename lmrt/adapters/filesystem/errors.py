"""What is said of places that hold no model."""

from pathlib import Path

from lmrt.adapters.filesystem.walk import model_folders
from lmrt.domain.describe import listed
from lmrt.domain.errors import ModelNotFound

_LOOKED_FOR = (
    "looked for GGUF files, for `config.json` beside `model*.safetensors`, and for pickle weights"
)


def no_model_files(place: Path) -> ModelNotFound:
    """Return the error for a place that exists but holds no model."""
    if not place.is_dir():
        return ModelNotFound(
            f"`{place}` is no model file",
            code="no-model-files",
            context={"path": str(place)},
            note="a model file is a GGUF, or one of the weights beside a `config.json`; "
            "projectors (`mmproj`) and adapters are no models of their own",
            hint="name a GGUF file or a model's folder",
        )
    below = [folder for folder, _ in model_folders(place) if folder != place]
    hint = "put a GGUF file there, or download a model with `rt models pull org/name`"
    if below:
        hint = f"name one of the folders in it: {listed([str(folder) for folder in below])}"
    return ModelNotFound(
        f"`{place}` holds no model",
        code="no-model-files",
        context={"path": str(place), "below": [str(folder) for folder in below]},
        note=_LOOKED_FOR,
        hint=hint,
    )
