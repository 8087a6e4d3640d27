"""From a directory's files to a model of the engine, nothing evaluated twice and nothing executed.

The engine's loader takes a folder and reads what lies there by name. It is given a folder of our
making with the configuration in its own words and links to the plan's weights, and nothing else:
no other weights that happen to lie beside them, no Python, no path that it could take for a
repository's name.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lmrt.adapters.mlx.engine import Engine
from lmrt.domain.config import Dtype
from lmrt.domain.models import Artifact
from lmrt.ports.backend import LoadProgress

_DTYPES = {Dtype.F32: "float32", Dtype.F16: "float16", Dtype.BF16: "bfloat16"}
_CHUNK = 64 << 20
_SUFFIX = ".safetensors"
_ANY = f"model*{_SUFFIX}"


def read_config(root: Path) -> dict[str, Any]:
    """Return a directory's `config.json`.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not a JSON object.
    """
    config = json.loads((root / "config.json").read_text("utf-8"))
    if not isinstance(config, dict):
        raise ValueError("`config.json` is not an object")  # noqa: TRY004 - told as the reason
    return config


def build(engine: Engine, artifact: Artifact, root: Path, config: Mapping[str, Any]) -> Any:
    """Return the model with its weights, none of them read yet; see `evaluate`.

    Every tensor that the model has must be there, and no other.

    Args:
        engine: The engine.
        artifact: Names the files of the weights.
        root: Folder that holds them.
        config: The normalised configuration.
    """
    weights = [root / file.path for file in artifact.files if file.path.endswith(_SUFFIX)]
    missing = [file for file in weights if not file.is_file()]
    if missing or not weights:
        raise FileNotFoundError(f"there is no `{missing[0] if missing else root / _ANY}`")
    with _staged(config, weights) as folder:
        model, _ = engine.loader.load_model(folder, lazy=True, strict=True)
    return model


@contextmanager
def _staged(config: Mapping[str, Any], weights: Iterable[Path]) -> Iterator[Path]:
    with TemporaryDirectory(prefix="lmrt-mlx-") as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        for number, file in enumerate(weights):
            (folder / f"model-{number:05}{_SUFFIX}").symlink_to(file.absolute())
        yield folder


def cast(engine: Engine, model: Any, dtype: Dtype | None) -> None:
    """Let floating-point weights be of another type, but those that the model keeps as they are.

    Raises:
        ValueError: The engine does not load weights as this type.
    """
    if dtype is None:
        return
    if dtype not in _DTYPES:
        raise ValueError(f"weights are not loaded as {dtype}")
    wanted = getattr(engine.core, _DTYPES[dtype])

    def changed(path: str, value: Any) -> Any:
        return value.astype(wanted) if _castable(engine, model, path, value) else value

    model.update(engine.trees.tree_map_with_path(changed, model.parameters()))


def dtype_of(engine: Engine, model: Any) -> Dtype | None:
    """Return the type of the floating-point weights that `cast` changes, or None for several."""
    flat = engine.trees.tree_flatten(model.parameters())
    found = {value.dtype for path, value in flat if _castable(engine, model, path, value)}
    names = {getattr(engine.core, name): dtype for dtype, name in _DTYPES.items()}
    return names.get(found.pop()) if len(found) == 1 else None


def evaluate(engine: Engine, model: Any, progress: LoadProgress | None) -> int:
    """Read the weights, a piece at a time; return their bytes."""
    tell = progress or _nobody
    arrays = [value for _, value in engine.trees.tree_flatten(model.parameters())]
    total: int = sum(each.nbytes for each in arrays)
    done, size, chunk = 0, 0, []
    tell(0.0)
    for each in arrays:
        chunk.append(each)
        size += each.nbytes
        if size >= _CHUNK:
            engine.core.eval(chunk)
            done += size
            tell(done / total if done < total else 1.0)
            chunk, size = [], 0
    engine.core.eval(chunk)
    if done < total or not total:
        tell(1.0)
    return total


def _castable(engine: Engine, model: Any, path: str, value: Any) -> bool:
    core = engine.core
    predicate = getattr(model, "cast_predicate", None)
    return bool(core.issubdtype(value.dtype, core.floating)) and (
        predicate is None or predicate(path)
    )


def _nobody(_share: float) -> None:
    """Tell nobody."""
