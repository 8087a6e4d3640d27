"""Hub references lead into the local cache, as `huggingface_hub` lays it out, and nowhere else."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lmrt.adapters.huggingface import HubMetadata, HubModelSource
from lmrt.domain.errors import ConfigurationError, LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.models import LocalSource, ResolvedModel
from lmrt.domain.references import Alias, HubRepository, LocalPath, Lookup, UnderModelsDir
from tests.support.downloads import NOBODY, READERS, hub_source
from tests.support.gguf_bytes import GgufBytes, llama
from tests.support.safetensors_bytes import write_directory, write_shards
from tests.support.tiny_models import TinyModel, write_gguf

COMMIT, OLDER = "a" * 40, "b" * 40
NOWHERE = Path("nowhere")
LOOKUP = Lookup(NOWHERE, offline=True)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "hub" / "models--org--name"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    (folder / "refs" / "v1").write_text(OLDER)
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    return tmp_path / "hub"


@pytest.fixture
def snapshot(cache: Path) -> Path:
    return cache / "models--org--name" / "snapshots" / COMMIT


def fill(snapshot: Path, files: dict[str, GgufBytes]) -> None:
    """Put files into the snapshot as links into the blobs, as the cache does."""
    blobs = snapshot.parent.parent / "blobs"
    blobs.mkdir(exist_ok=True)
    for number, (name, file) in enumerate(files.items()):
        (blobs / str(number)).write_bytes(file.build())
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blobs / str(number))


def source(cache: Path) -> HubModelSource:
    return hub_source(cache)


def find(cache: Path, **reading: str) -> ResolvedModel:
    found = source(cache).find(HubRepository(**{"repository": "org/name", **reading}), LOOKUP)
    assert found is not None
    return found


def refused(cache: Path, **reading: str) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        find(cache, **reading)
    return caught.value


def ids(model: ResolvedModel) -> Sequence[str]:
    return [artifact.id for artifact in model.artifacts]


def test_the_default_branch_s_snapshot_is_the_model(cache: Path, snapshot: Path) -> None:
    write_directory(snapshot)
    found = find(cache)
    assert found.location == f"org/name@{COMMIT}"
    assert (found.resolved_as, found.reference, found.name) == ("hub", "org/name", "name")
    assert found.artifacts[0].source == LocalSource(snapshot)


def test_a_revision_is_a_branch_a_tag_or_a_commit(cache: Path, snapshot: Path) -> None:
    write_directory(snapshot)
    older = write_directory(snapshot.parent / OLDER, config={"num_hidden_layers": 1})
    for revision in ("v1", OLDER):
        found = find(cache, revision=revision)
        assert found.location == f"org/name@{OLDER}"
        assert found.reference == f"org/name@{revision}"
        assert found.artifacts[0].source == LocalSource(older)


@pytest.mark.parametrize(
    "reading",
    [
        {"repository": "org/other"},
        {"revision": "v2"},
        {"revision": "c" * 40},
        {"revision": "v1"},
        {"revision": "../../models--org--name/refs/main"},
        {"revision": "refs"},
        {},
    ],
)
def test_what_is_not_cached_says_how_to_get_it(cache: Path, reading: dict[str, str]) -> None:
    error = refused(cache, **reading)
    assert isinstance(error, NotMaterialized)
    assert error.code == "not-downloaded"
    repository = reading.get("repository", "org/name")
    revision = f" --revision {reading['revision']}" if "revision" in reading else ""
    assert f"`hf download {repository}{revision}`" in str(error.hint)


def test_a_partly_downloaded_model_is_not_downloaded(cache: Path, snapshot: Path) -> None:
    shards = write_shards(snapshot)
    shards[0].unlink()
    error = refused(cache)
    assert error.code == "not-downloaded"
    assert shards[0].name in (error.note or "")


def test_one_file_of_many_is_enough(cache: Path, snapshot: Path) -> None:
    fill(snapshot, {"name-Q4_K_M.gguf": llama(general__file_type=15)})
    assert ids(find(cache)) == ["name-Q4_K_M.gguf"]


VARIANTS = {
    "name-F16.gguf": llama(general__file_type=1),
    "name-Q4_K_M.gguf": llama(general__file_type=15),
    "name-UD-Q4_K_XL.gguf": llama(general__file_type=15),
    "plain.gguf": llama(general__file_type=7),
}


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("f16", ["name-F16.gguf"]),
        ("Q4_K_M", ["name-Q4_K_M.gguf"]),
        ("UD-Q4_K_XL", ["name-UD-Q4_K_XL.gguf"]),
        ("q8_0", ["plain.gguf"]),
    ],
)
def test_a_variant_is_a_file_s_ending_or_its_quantization(
    cache: Path, snapshot: Path, variant: str, expected: list[str]
) -> None:
    fill(snapshot, VARIANTS)
    found = find(cache, variant=variant)
    assert ids(found) == expected
    assert found.reference == f"org/name:{variant}"


def test_a_missing_variant_lists_those_that_are_there(cache: Path, snapshot: Path) -> None:
    fill(snapshot, VARIANTS)
    error = refused(cache, variant="Q5_0")
    assert isinstance(error, ModelNotFound)
    assert error.code == "variant-not-found"
    assert error.context["present"] == ["F16", "Q4_K_M", "Q8_0"]
    assert "`Q4_K_M`" in (error.note or "")


def test_a_split_variant_in_a_folder_of_its_own_is_found(cache: Path, snapshot: Path) -> None:
    write_gguf(TinyModel(), snapshot / "BF16" / "name-BF16.gguf", split_max_tensors=12)
    fill(snapshot, {"name-Q8_0.gguf": llama(general__file_type=7, general__name="tiny")})
    found = find(cache, variant="bf16")
    assert ids(found) == ["BF16/name-BF16-00001-of-00002.gguf"]
    assert found.artifacts[0].source == LocalSource(snapshot)


def test_a_repository_of_several_models_lists_their_files(cache: Path, snapshot: Path) -> None:
    fill(snapshot, {"a.gguf": llama(general__name="a"), "b.gguf": llama(general__name="b")})
    error = refused(cache)
    assert isinstance(error, ConfigurationError)
    assert error.code == "invalid-reference"
    assert error.context["files"] == [str(snapshot / "a.gguf"), str(snapshot / "b.gguf")]


def test_a_malformed_file_stays_malformed(cache: Path, snapshot: Path) -> None:
    (snapshot / "a.gguf").write_bytes(b"GGUF")
    assert refused(cache).code == "malformed-file"


@pytest.mark.parametrize("reading", [LocalPath("org/name"), UnderModelsDir("x"), Alias("x")])
def test_other_readings_lead_nowhere(
    cache: Path, reading: LocalPath | UnderModelsDir | Alias
) -> None:
    assert source(cache).find(reading, LOOKUP) is None


def test_cached_repositories_are_known_names(cache: Path, tmp_path: Path) -> None:
    (cache / "models--a--b--c").mkdir()
    (cache / "datasets--a--b").mkdir()
    assert source(cache).known_names(NOWHERE) == ("a/b--c", "org/name")
    assert source(tmp_path / "nothing").known_names(NOWHERE) == ()
    assert source(cache).discover(cache) == ()


def test_the_layout_is_the_one_that_huggingface_hub_writes(cache: Path, snapshot: Path) -> None:
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    write_directory(snapshot)
    theirs = snapshot_download("org/name", cache_dir=cache, local_files_only=True)
    assert find(cache).artifacts[0].source == LocalSource(Path(theirs))
    found = try_to_load_from_cache("org/name", "config.json", cache_dir=cache)
    assert found == str(snapshot / "config.json")


def test_no_socket_is_opened(cache: Path, snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_args: object, **_named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    write_directory(snapshot)
    find(cache)
    assert refused(cache, repository="org/other").code == "not-downloaded"


def test_the_cache_is_where_huggingface_hub_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/somewhere/hub")
    metadata = HubMetadata(NOBODY, READERS, (), tmp_path)
    source = HubModelSource(READERS, NOBODY, metadata)
    with pytest.raises(NotMaterialized):
        source.find(HubRepository("org/name"), LOOKUP)
    assert source.known_names(NOWHERE) == ()
