"""What was read of a place is remembered as long as the place is unchanged."""

import json
import os
from pathlib import Path
from types import ModuleType

import pytest
from safetensors.numpy import load_file, save_file

from lmrt.adapters.filesystem import atomic_write, model_folders
from lmrt.adapters.stores import (
    CacheFile,
    FactsCache,
    FolderStore,
    PlaceReader,
    below_models_dir,
    sources_version,
)
from lmrt.domain.models import DescribedArtifact
from lmrt.domain.stores import StoreContents, StoreName
from tests.support.stores import READERS
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

TINY = TinyModel(layers=1, vocabulary=300)


class CountingReader:
    """Reads as the others do, and counts the places."""

    def __init__(self) -> None:
        self.places: list[Path] = []

    def read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        self.places.append(place)
        return tuple(one for reader in READERS for one in reader.read(place))


def _list(root: Path, kept: Path, version: str = "1") -> tuple[StoreContents, list[Path]]:
    counting = CountingReader()
    reader = PlaceReader([counting], FactsCache(CacheFile(kept, version, atomic_write)))
    store = FolderStore(
        StoreName.MODELS_DIR, (root,), reader=reader, walk=model_folders, refer=below_models_dir
    )
    return store.contents(()), counting.places


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    write_gguf(TINY, root / "org" / "one" / "a.gguf")
    write_hf(TINY, root / "org" / "two")
    return root


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "lmrt" / "stores.json"


def test_nothing_is_read_twice(root: Path, kept: Path) -> None:
    first, read = _list(root, kept)
    assert len(read) == 3  # the root, and each model's folder
    again, read = _list(root, kept)
    assert read == []
    assert again == first


def test_a_changed_file_is_read_again(root: Path, kept: Path) -> None:
    _list(root, kept)
    folder = root / "org" / "one"
    write_gguf(TinyModel(layers=1, vocabulary=300, context=77), folder / "a.gguf")
    contents, read = _list(root, kept)
    assert folder in read
    assert contents.models[0].trained_context == 77


def test_another_file_of_the_same_size_and_time_is_read(root: Path, kept: Path) -> None:
    _list(root, kept)
    path = root / "org" / "one" / "a.gguf"
    told = path.stat()
    other = write_gguf(TinyModel(layers=1, vocabulary=300, context=77), root.parent / "o.gguf")
    other.replace(path)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert path.stat().st_size == told.st_size
    contents, _ = _list(root, kept)
    assert contents.models[0].trained_context == 77


def test_a_file_that_comes_or_goes_is_seen(root: Path, kept: Path) -> None:
    _list(root, kept)
    write_gguf(TINY, root / "org" / "one" / "b.gguf")
    assert len(_list(root, kept)[0].models) == 3
    (root / "org" / "one" / "a.gguf").unlink()
    assert len(_list(root, kept)[0].models) == 2


def test_what_is_broken_is_looked_at_every_time(root: Path, kept: Path) -> None:
    (root / "org" / "two" / "config.json").write_text("{")
    for _ in range(2):
        assert len(_list(root, kept)[0].findings) == 1


def test_another_version_reads_anew(root: Path, kept: Path) -> None:
    _list(root, kept)
    assert len(_list(root, kept, version="2")[1]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"version": "1"}',
        '{"version": "1", "places": []}',
        '{"version": "1", "places": {"a": 3}}',
        '{"version": "1", "places": {"a": ["x", [["GGUF"]]]}}',
        '{"version": "1", "places": {"a": ["x", [["OTHER", "", "", [], 1, 1, null, ["a"]]]]}}',
    ],
)
def test_a_broken_cache_is_no_cache(root: Path, kept: Path, text: str) -> None:
    first, _ = _list(root, kept)
    kept.write_text(text)
    again, read = _list(root, kept)
    assert (again, len(read)) == (first, 3)
    assert json.loads(kept.read_text())["version"] == "1"


def test_a_changed_source_file_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "reader.py").write_text("LIMIT = 1")
    package = ModuleType("readers")
    package.__file__ = str(tmp_path / "__init__.py")
    before = sources_version(package)
    assert sources_version(package) == before
    (tmp_path / "reader.py").write_text("LIMIT = 10")
    assert sources_version(package) != before


def test_a_cache_that_cannot_be_written_is_done_without(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    contents, _ = _list(root, tmp_path / "file" / "stores.json")
    assert len(contents.models) == 2


def test_shards_in_a_folder_below_are_not_remembered(tmp_path: Path, kept: Path) -> None:
    folder = write_hf(TINY, tmp_path / "models" / "name")
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    (folder / "below").mkdir()
    places = dict.fromkeys(tensors, "below/b.safetensors")
    last = max(places)
    places[last] = "model-a.safetensors"
    save_file({last: tensors.pop(last)}, folder / places[last])
    save_file(tensors, folder / "below" / "b.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert len(_list(tmp_path / "models", kept)[0].models) == 1
    (folder / "below" / "b.safetensors").unlink()
    [finding] = _list(tmp_path / "models", kept)[0].findings
    assert finding.code == "missing-file"
