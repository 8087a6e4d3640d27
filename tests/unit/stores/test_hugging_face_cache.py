"""The Hugging Face cache: revisions, shared blobs, and what is broken in it."""

import os
from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir

from lmrt.adapters.huggingface.locks import held
from lmrt.domain.downloads import REPOSITORY_LOCK
from lmrt.domain.errors import ConfigurationError, ModelNotFound
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.stores import GitBlob, Sha256
from tests.support import stores
from tests.support.stores import COMMIT, OTHER_COMMIT, hugging_face
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

DETACHED = "0" * 39 + "3"


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    tiny = TinyModel(layers=1, vocabulary=300)
    return write_gguf(tiny, tmp_path_factory.mktemp("source") / "tiny.gguf").read_bytes()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    tiny = TinyModel(layers=1, vocabulary=300, dtype="F16")
    return write_gguf(tiny, tmp_path_factory.mktemp("source") / "tiny.gguf").read_bytes()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_hf(TinyModel(layers=1, vocabulary=300), tmp_path_factory.mktemp("source") / "m")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _names(cache: Path) -> list[str]:
    return [model.name for model in stores.hugging_face_store(cache).contents(()).models]


def _codes(cache: Path) -> list[str]:
    return [finding.code for finding in stores.hugging_face_store(cache).contents(()).findings]


def test_each_revision_has_a_reference_of_its_own(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf}, commit=OTHER_COMMIT, ref="v1.0")
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf}, commit=DETACHED, ref=None)
    assert _names(tmp_path) == ["org/name", f"org/name@{DETACHED}", "org/name@v1.0"]


def test_variants_of_a_revision_are_told_apart_by_their_file(
    tmp_path: Path, gguf: bytes, other: bytes, directory: dict[str, bytes]
) -> None:
    files = {"name-F32.gguf": gguf, "F16/name-F16.gguf": other}
    hugging_face(tmp_path, "org/ggufs", files)
    hugging_face(tmp_path, "org/mixed", {**directory, "name.gguf": gguf})
    assert _names(tmp_path) == [
        "org/ggufs/F16/name-F16.gguf",
        "org/ggufs/name-F32.gguf",
        "org/mixed/name.gguf",
        "org/mixed:F32",
    ]


def test_a_gguf_is_referred_to_by_its_file(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"name-F32.gguf": gguf}, ref="v1")
    [model] = stores.hugging_face_store(tmp_path).contents(()).models
    assert (model.name, model.reference) == ("org/name@v1", "org/name@v1/name-F32.gguf")


def test_blobs_tell_their_hashes(tmp_path: Path, directory: dict[str, bytes]) -> None:
    hugging_face(tmp_path, "org/name", directory)
    [model] = stores.hugging_face_store(tmp_path).contents(()).models
    assert model.format is ArtifactFormat.SAFETENSORS
    assert model.revision == COMMIT
    [weights] = model.weights
    assert weights.content == Sha256(stores.sha256(directory["model.safetensors"]))
    config = next(file for file in model.others if file.path.name == "config.json")
    assert config.content == GitBlob(stores.git_sha1(directory["config.json"]))


def test_a_repository_without_an_owner_is_referred_to_by_its_path(
    tmp_path: Path, gguf: bytes
) -> None:
    snapshot = hugging_face(tmp_path, "gpt2", {"a.gguf": gguf})
    [model] = stores.hugging_face_store(tmp_path).contents(()).models
    assert (model.name, model.reference) == ("gpt2", str(snapshot))


def test_bytes_that_another_revision_uses_stay(tmp_path: Path, gguf: bytes, other: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf, "README.md": b"one"})
    hugging_face(
        tmp_path, "org/name", {"a.gguf": gguf, "README.md": b"two"}, commit=OTHER_COMMIT, ref="old"
    )
    store = stores.hugging_face_store(tmp_path)
    old = next(model for model in store.contents(()).models if model.name == "org/name@old")
    removal = store.removal(old)
    assert removal.freed < len(gguf)
    assert [file.path.name for file in removal.kept] == [stores.sha256(gguf)]
    store.remove(removal)
    [left] = store.contents(()).models
    assert left.name == "org/name"
    assert left.weights[0].path.read_bytes() == gguf
    assert not (tmp_path / "models--org--name" / "snapshots" / OTHER_COMMIT).exists()
    assert not (tmp_path / "models--org--name" / "refs" / "old").exists()


def test_one_variant_goes_and_the_others_stay(tmp_path: Path, gguf: bytes, other: bytes) -> None:
    files = {"name-F32.gguf": gguf, "name-F16.gguf": other, "README.md": b"# name"}
    snapshot = hugging_face(tmp_path, "org/name", files)
    store = stores.hugging_face_store(tmp_path)
    model = next(one for one in store.contents(()).models if one.quantization == "F16")
    removal = store.removal(model)
    assert removal.freed == len(other)
    store.remove(removal)
    assert _names(tmp_path) == ["org/name"]
    assert sorted(path.name for path in snapshot.iterdir()) == ["README.md", "name-F32.gguf"]


@pytest.mark.parametrize("name", ["org/copy", "org/name"])
def test_a_copied_repository_has_the_same_commits_and_stays(
    tmp_path: Path, gguf: bytes, name: str
) -> None:
    for repository in ("org/copy", "org/name"):
        hugging_face(tmp_path, repository, {"a.gguf": gguf}, commit=COMMIT)
    store = stores.hugging_face_store(tmp_path)
    model = next(one for one in store.contents(()).models if one.name == name)
    store.remove(store.removal(model))
    assert _names(tmp_path) == [one for one in ("org/copy", "org/name") if one != name]


@pytest.mark.parametrize("name", ["org/name", "org/name@old"])
def test_a_crash_leaves_a_cache_that_its_owner_can_read(
    tmp_path: Path, gguf: bytes, other: bytes, name: str
) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf, "README.md": b"one"})
    if name != "org/name":
        files = {"a.gguf": other, "README.md": b"two"}
        hugging_face(tmp_path, "org/name", files, commit=OTHER_COMMIT, ref="old")
    store = stores.hugging_face_store(tmp_path)
    model = next(one for one in store.contents(()).models if one.name == name)
    for path in store.removal(model).files:
        path.unlink()
        assert scan_cache_dir(tmp_path).warnings == []


def test_nothing_is_removed_from_under_a_download(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    store = stores.hugging_face_store(tmp_path)
    [model] = store.contents(()).models
    removal = store.removal(model)
    lock = tmp_path / ".locks" / "models--org--name" / REPOSITORY_LOCK
    with held(lock, lambda: None), pytest.raises(ConfigurationError, match="downloads"):
        store.remove(removal)
    assert _names(tmp_path) == ["org/name"]
    store.remove(removal)
    assert _names(tmp_path) == []


def test_removing_twice_is_told(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    store = stores.hugging_face_store(tmp_path)
    [model] = store.contents(()).models
    store.remove(store.removal(model))
    with pytest.raises(ModelNotFound) as caught:
        store.removal(model)
    assert caught.value.code == "model-not-found"


def test_an_interrupted_download_is_told(tmp_path: Path, gguf: bytes) -> None:
    snapshot = hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    blobs = snapshot.parent.parent / "blobs"
    (blobs / f"{'a' * 64}.incomplete").write_bytes(b"half")
    [finding] = stores.hugging_face_store(tmp_path).contents(()).findings
    assert finding.code == "incomplete-download"
    assert "4 bytes" in finding.message
    assert _names(tmp_path) == ["org/name"]


def test_a_link_without_its_blob_is_told(tmp_path: Path, gguf: bytes, other: bytes) -> None:
    snapshot = hugging_face(tmp_path, "org/name", {"a.gguf": gguf, "b.gguf": other})
    (snapshot.parent.parent / "blobs" / stores.sha256(other)).unlink()
    assert _codes(tmp_path) == ["dangling-link"]
    [model] = stores.hugging_face_store(tmp_path).contents(()).models
    with pytest.raises(ConfigurationError) as caught:
        stores.hugging_face_store(tmp_path).removal(model)
    assert caught.value.code == "store-damaged"


def test_a_reference_that_is_no_text_hides_nothing(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    hugging_face(tmp_path, "org/other", {"a.gguf": gguf})
    (tmp_path / "models--org--other" / "refs" / "main").write_bytes(b"\xff\xfe")
    store = stores.hugging_face_store(tmp_path)
    name, other = store.contents(()).models
    assert (name.name, other.name) == ("org/name", f"org/other@{COMMIT}")
    with pytest.raises(ConfigurationError) as caught:
        store.removal(name)
    assert caught.value.code == "store-damaged"


def test_a_missing_shard_is_told(tmp_path: Path, directory: dict[str, bytes]) -> None:
    files = {name: data for name, data in directory.items() if name != "model.safetensors"}
    files["model-00001-of-00002.safetensors"] = directory["model.safetensors"]
    hugging_face(tmp_path, "org/name", files)
    assert _codes(tmp_path) == ["missing-file"]


def test_metadata_alone_is_no_model(tmp_path: Path, directory: dict[str, bytes]) -> None:
    hugging_face(tmp_path, "org/name", {"config.json": directory["config.json"]})
    assert (_names(tmp_path), _codes(tmp_path)) == ([], [])


def test_a_link_out_of_the_cache_is_not_followed(tmp_path: Path, gguf: bytes) -> None:
    secret = tmp_path / "secret.gguf"
    secret.write_bytes(gguf)
    cache = tmp_path / "cache"
    snapshot = hugging_face(cache, "org/name", {"README.md": b""})
    (snapshot / "a.gguf").symlink_to(secret)
    assert _names(cache) == []
    assert _codes(cache) == ["outside-of-store"]


def test_a_blob_outside_of_the_cache_is_not_deleted(tmp_path: Path, gguf: bytes) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    cache = tmp_path / "cache"
    snapshot = hugging_face(cache, "org/name", {"a.gguf": gguf})
    (snapshot / "note.txt").symlink_to(secret)
    hugging_face(cache, "org/name", {"a.gguf": gguf}, commit=OTHER_COMMIT, ref="old")
    store = stores.hugging_face_store(cache)
    model = next(one for one in store.contents(()).models if one.name == "org/name")
    with pytest.raises(ConfigurationError) as caught:
        store.removal(model)
    assert caught.value.code == "outside-of-store"
    assert secret.read_text() == "secret"


def test_a_repository_that_lies_on_another_disk_is_listed(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path / "disk", "org/name", {"a.gguf": gguf})
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "models--org--name").symlink_to(tmp_path / "disk" / "models--org--name")
    assert (_names(cache), _codes(cache)) == (["org/name"], [])


def test_bytes_that_repositories_share_are_counted_once_and_kept(
    tmp_path: Path, gguf: bytes
) -> None:
    _share(tmp_path, hugging_face(tmp_path, "org/one", {"a.gguf": gguf}), gguf)
    _share(tmp_path, hugging_face(tmp_path, "org/two", {"a.gguf": gguf}), gguf)
    view = stores.view(stores.hugging_face_store(tmp_path))
    inventory = view.inventory()
    assert [model.name for model in inventory.models] == ["org/one", "org/two"]
    assert inventory.size == len(gguf)
    assert inventory.duplicates == ()
    first = view.removal(inventory.models[0], force=False)
    assert first.freed == 0
    view.remove(first)
    [left] = view.inventory().models
    assert left.weights[0].path.read_bytes() == gguf
    assert left.weights[0].content == Sha256(stores.sha256(gguf))


def _share(cache: Path, snapshot: Path, data: bytes) -> None:
    """Move a blob into the store that repositories share, as `_shared_blobs.py` lays it out."""
    blob = snapshot.parent.parent / "blobs" / stores.sha256(data)
    shared = cache / "blobs"
    place = shared / "aa" / ("a" * 64)
    place.parent.mkdir(parents=True, exist_ok=True)
    (shared / ".huggingface-shared-blobs").write_text("1\n")
    place.write_bytes(data)
    blob.unlink()
    blob.symlink_to(os.path.relpath(place, blob.parent))
    with place.with_name(f"{'a' * 64}.refs").open("a") as refs:
        refs.write(f"{blob.relative_to(cache).as_posix()}\n")
