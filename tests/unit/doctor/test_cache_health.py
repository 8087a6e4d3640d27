"""What is wrong with a cache, on real folders."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lmrt.adapters.filesystem.health import FoldersCheck
from lmrt.adapters.huggingface import cache_health
from lmrt.adapters.huggingface.cache_health import CacheCheck, Mount, system_mounts
from lmrt.domain.remedies_hub import BrokenCacheLinks, CacheDiskFull


def check(cache: Path, *mounts: Mount, home: Path | None = None) -> CacheCheck:
    def seen() -> Sequence[Mount]:
        return mounts or [("/", "ext4")]

    return CacheCheck(cache, home or cache.parent, usual=True, mounts=seen)


def codes(found: CacheCheck | FoldersCheck) -> list[str]:
    return [remedy.code for remedy in found.findings()]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    snapshot = tmp_path / "hub" / "models--org--name" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    blob = tmp_path / "hub" / "models--org--name" / "blobs" / "abc"
    blob.parent.mkdir()
    blob.write_bytes(b"weights")
    (snapshot / "model.gguf").symlink_to("../../blobs/abc")
    return tmp_path / "hub"


def test_a_whole_cache_is_well(cache: Path) -> None:
    assert codes(check(cache)) == []


def test_a_cache_that_is_not_there_yet_is_well(tmp_path: Path) -> None:
    assert codes(check(tmp_path / "far" / "away", home=tmp_path)) == []


def test_links_that_lead_nowhere_are_counted(cache: Path) -> None:
    folder = cache / "models--org--name" / "snapshots" / ("0" * 40)
    for name in ("a.gguf", "b.gguf"):
        (folder / name).symlink_to("../../blobs/gone")
    (found,) = check(cache).findings()
    assert found == BrokenCacheLinks(2, found.first)  # type: ignore[union-attr]
    assert found.what.startswith("2 links in the Hugging Face cache lead nowhere")


def test_a_file_in_the_place_of_the_cache(tmp_path: Path) -> None:
    place = tmp_path / "hub"
    place.write_text("a file")
    (found,) = check(place, home=tmp_path).findings()
    assert found.code == "unwritable-cache"
    assert "is no folder" in found.what


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_to(cache: Path) -> None:
    cache.chmod(0o500)
    try:
        assert codes(check(cache)) == ["unwritable-cache"]
    finally:
        cache.chmod(0o700)


def test_a_read_only_file_system(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No test may mount one; the system's answer is what a mounted one gives.
    monkeypatch.setattr(os, "access", lambda *_args: False)
    (found,) = check(cache).findings()
    assert (found.code, "is read-only" in found.what) == ("unwritable-cache", True)


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_health, "_LEAST_FREE", 1 << 62)
    (found,) = check(cache).findings()
    assert isinstance(found, CacheDiskFull)


@pytest.mark.parametrize(
    ("kind", "said"), [("tmpfs", "a restart empties it"), ("nfs4", "over the network")]
)
def test_a_file_system_that_does_not_suit_a_cache(cache: Path, kind: str, said: str) -> None:
    mounts = [("/", "ext4"), (str(cache.resolve().parent), "ext4"), (str(cache.resolve()), kind)]
    (found,) = check(cache, *mounts).findings()
    assert (found.code, said in found.why) == ("cache-elsewhere", True)


def test_what_is_mounted_last_at_a_place_counts(cache: Path) -> None:
    place = str(cache.resolve())
    assert codes(check(cache, ("/", "ext4"), (place, "nfs"), (place, "ext4"))) == []


def test_the_system_tells_its_mounts() -> None:
    assert "/" in {place for place, _ in system_mounts()}


def test_folders_of_models(tmp_path: Path) -> None:
    bundled = tmp_path / "guide"
    bundled.mkdir()
    (bundled / "guide.gguf").touch()
    file = tmp_path / "file"
    file.touch()
    whole = {"guide": bundled}
    assert codes(FoldersCheck(None, whole)) == []
    assert codes(FoldersCheck(tmp_path, whole)) == []
    assert codes(FoldersCheck(tmp_path / "gone", whole)) == ["models-dir-missing"]
    assert codes(FoldersCheck(file, whole)) == ["models-dir-unreadable"]
    assert codes(FoldersCheck(None, {"guide": tmp_path / "gone"})) == ["bundled-model-missing"]
