"""One tiny model in three repositories, as the catalogue names them: GGUF, MLX and the original."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from lmrt.domain.catalogue import Catalogue, Entry, Variant
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import HubRepository
from tests.support.tiny_models import TinyModel, weights, write_gguf, write_hf

TINY = TinyModel(name="Tiny")
GGUF, MLX, TORCH = "quantizer/Tiny-GGUF", "mlx-community/Tiny-4bit", "maker/Tiny"
COMMIT = "c" * 40
_GROUP, _BITS = 32, 4


def write_variants(folder: Path, model: TinyModel = TINY) -> dict[str, Path]:
    """Write the model's three repositories below a folder; return the folder of each, by name."""
    ggufs = folder / "gguf"
    write_gguf(model, ggufs / "Tiny-F32.gguf")
    write_gguf(
        TinyModel(name=model.name, layers=model.layers, dtype="Q8_0"), ggufs / "Tiny-Q8_0.gguf"
    )
    return {
        GGUF: ggufs,
        MLX: write_mlx(model, folder / "mlx"),
        TORCH: write_hf(model, folder / "torch"),
    }


def write_mlx(model: TinyModel, folder: Path) -> Path:
    """Write a directory as MLX rounds one to 4 bits; the numbers are those of zero weights."""
    write_hf(model, folder)
    tensors = {}
    for name, values in weights(model).items():
        if values.ndim < 2:
            tensors[name] = values
            continue
        rows, columns = values.shape
        stem = name.removesuffix(".weight")
        tensors[name] = np.zeros((rows, columns * _BITS // 32), np.uint32)
        for kind in ("scales", "biases"):
            tensors[f"{stem}.{kind}"] = np.zeros((rows, columns // _GROUP), np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "mlx"})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["quantization"] = {"group_size": _GROUP, "bits": _BITS}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


def put_into_cache(cache: Path, repository: str, folder: Path) -> None:
    """Lay a folder's files out as a snapshot in a Hugging Face cache."""
    place = cache / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    (place / "snapshots").mkdir()
    (place / "snapshots" / COMMIT).symlink_to(folder, target_is_directory=True)


def tiny_catalogue() -> Catalogue:
    """Return a catalogue of the one model: `tiny:1m`, or `tiny`."""
    kinds = (
        (ArtifactFormat.GGUF, GGUF, None),
        (ArtifactFormat.MLX, MLX, "4-bit"),
        (ArtifactFormat.SAFETENSORS, TORCH, None),
    )
    entry = Entry(
        alias="tiny:1m",
        names=("tiny:1m", "tiny"),
        family="tiny",
        size="1m",
        title="Tiny",
        maker="Maker",
        parameters=140_000,
        active_parameters=None,
        context=256,
        modalities=frozenset({Modality.TEXT}),
        licence="MIT",
        gated=True,
        variants=tuple(Variant(kind, HubRepository(name), hint) for kind, name, hint in kinds),
    )
    return Catalogue((entry,))
