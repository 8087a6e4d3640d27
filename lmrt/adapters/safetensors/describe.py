"""From the files of a directory to a described artifact."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.safetensors.documents import Settings
from lmrt.adapters.safetensors.header import WeightFile
from lmrt.adapters.safetensors.places import in_language_model, weight_bytes
from lmrt.adapters.safetensors.quantization import float_type, quantization, rounding
from lmrt.adapters.safetensors.shape import architecture_shape, language_config, trained_context
from lmrt.adapters.safetensors.texts import chat_template, generation_defaults
from lmrt.adapters.safetensors.weights import INDEX, PICKLE_INDEX
from lmrt.domain.describe import architecture_name
from lmrt.domain.files import malformed_file, printable, unreadable
from lmrt.domain.messages import Modality
from lmrt.domain.model_files import COMPANIONS
from lmrt.domain.models import (
    PICKLE_SUFFIXES,
    ArchitectureShape,
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    DescribedArtifact,
    LocalSource,
    Quantization,
    WeightBytes,
)

_DTYPES = {"bfloat16": ("BF16", 16.0), "float16": ("F16", 16.0), "float32": ("F32", 32.0)}


def describe_safetensors(
    folder: Path, names: Sequence[str], config: Settings, files: Sequence[WeightFile]
) -> DescribedArtifact:
    """Return the artifact of safetensors weights.

    Args:
        folder: The model's folder.
        names: Its files.
        config: Its `config.json`.
        files: The headers of its weights.

    Raises:
        LoadFailed: A file is malformed (`malformed-file`).
    """
    tensors = [tensor for file in files for tensor in file.tensors]
    if not any(tensor.elements for tensor in tensors):
        raise malformed_file(folder / files[0].name, "holds no weights")
    found = rounding(config)
    _, parameters = quantization(found, tensors)
    # Encoders are often left as they were, which says nothing of how the rest was rounded
    language = [tensor for tensor in tensors if in_language_model(tensor.name)]
    rounded, _ = quantization(found, language or tensors)
    shape = architecture_shape(language_config(config), parameters)
    artifact = Artifact(
        id=found.format.value,
        format=found.format,
        architecture=_architecture(config),
        quantization=rounded,
        files=_files(folder, names, [file.name for file in files]),
        weights=weight_bytes(tensors, len(shape.layers)),
        source=LocalSource(folder),
        remote_code=_remote_code(names, config),
        dtype=float_type(tensors),
    )
    return _described(folder, config, artifact, shape)


def describe_pickles(
    folder: Path, names: Sequence[str], config: Settings | None, weights: Sequence[str]
) -> DescribedArtifact:
    """Return the artifact of pickle files, which are never opened: their sizes count as weights.

    Without a `config.json` the shape has no layers.
    """
    files = _files(folder, names, weights)
    size = sum(file.size for file in files[: len(weights)])
    settings = Settings(folder / "config.json", {}) if config is None else config
    dtype = settings.text("dtype", "torch_dtype") or "float32"
    shape = ArchitectureShape((), 0, 0, 0, 0)
    if config is not None:
        shape = architecture_shape(language_config(config), None)
    artifact = Artifact(
        id=ArtifactFormat.PICKLE.value,
        format=ArtifactFormat.PICKLE,
        architecture="unknown" if config is None else _architecture(config),
        quantization=Quantization(*_DTYPES.get(dtype, (dtype, 32.0))),
        files=files,
        weights=WeightBytes((0,) * len(shape.layers), 0, 0, size),
        source=LocalSource(folder),
        remote_code=_remote_code(names, settings),
    )
    return _described(folder, settings, artifact, shape)


def _described(
    folder: Path, config: Settings, artifact: Artifact, shape: ArchitectureShape
) -> DescribedArtifact:
    modalities = {Modality.TEXT}
    outer = config.table("thinker_config") or config
    if outer.table("vision_config") is not None:
        modalities.add(Modality.IMAGE)
    if outer.table("audio_config") is not None:
        modalities.add(Modality.AUDIO)
    return DescribedArtifact(
        artifact=artifact,
        name=None,
        shape=shape,
        modalities=frozenset(modalities),
        trained_context=trained_context(language_config(config)),
        chat_template=chat_template(folder),
        generation_defaults=generation_defaults(folder),
    )


def _architecture(config: Settings) -> str:
    return architecture_name(config.path, "model_type", config.text("model_type"))


def _files(folder: Path, names: Sequence[str], weights: Sequence[str]) -> tuple[ArtifactFile, ...]:
    pickled = PICKLE_INDEX if weights[0].lower().endswith(PICKLE_SUFFIXES) else INDEX
    present = [name for name in (pickled, *COMPANIONS) if name in names]
    return tuple(ArtifactFile(name, _size(folder / name)) for name in (*weights, *present))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


def _remote_code(names: Sequence[str], config: Settings) -> str | None:
    """Return the Python file that the model brings along, in its folder or in another repository.

    transformers names it in `auto_map`, mlx-lm in `model_file`.
    """
    own = config.text("model_file")
    if own is not None and own.endswith(".py"):
        return printable(own)
    mapped = config.table("auto_map")
    for target in [] if mapped is None else mapped.values.values():
        if not isinstance(target, str):
            continue
        repository, _, name = target.rpartition("--")
        file = name.rpartition(".")[0].replace(".", "/") + ".py"
        if repository:
            return printable(f"{repository}/{file}")
        if file in names:
            return printable(file)
    return None
