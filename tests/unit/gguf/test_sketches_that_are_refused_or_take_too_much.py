"""What of a GGUF that is elsewhere is malformed, or takes too much to be read, is told."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.domain.errors import LoadFailed
from tests.support.gguf_bytes import U64, llama, scalar
from tests.support.large_vocabularies import (
    Variant,
    bpe_tokens,
)
from tests.support.sketches import MOST, Sketched, placeless, sketched
from tests.support.tiny_models import TinyModel, write_gguf


def sketch(folder: Path, *, room: int = MOST) -> Sketched:
    return sketched(GgufSketcher(), GgufReader(), folder, folder.with_name("sketch"), room=room)


def check(folder: Path, artifacts: int = 1) -> Sketched:
    real = GgufReader().read(folder)
    found = sketch(folder)
    assert found.described == placeless(real)
    assert len(real) == artifacts
    assert found.notices == ()
    return found


def odd_vocabulary(path: Path) -> None:
    """Write a file whose tokens are so long that no window tells them from anything else."""
    tokens = tuple(f"{number:04}" * 600 for number in range(1200))
    Variant(tokens=tokens, layers=2).write(path)


def test_what_the_search_does_not_find_is_read_where_there_is_room(tmp_path: Path) -> None:
    odd_vocabulary(tmp_path / "model" / "odd.gguf")
    found = check(tmp_path / "model")
    assert 2_800_000 < found.files.read_so_far < MOST


def test_what_takes_too_much_is_left_out_and_told(tmp_path: Path) -> None:
    odd_vocabulary(tmp_path / "model" / "odd.gguf")
    Variant(tokens=bpe_tokens(20_000)).write(tmp_path / "model" / "sound.gguf")
    (sound,) = placeless(GgufReader().read(tmp_path / "model" / "sound.gguf"))
    found = sketch(tmp_path / "model", room=1_000_000)
    assert found.described == (sound,)
    assert [notice.files for notice in found.notices] == [("odd.gguf",)]
    assert "takes more" in found.notices[0].message
    assert found.files.room >= 0


def test_a_split_model_is_left_out_as_a_whole(tmp_path: Path) -> None:
    odd_vocabulary(tmp_path / "model" / "odd-00001-of-00002.gguf")
    write_gguf(TinyModel(), tmp_path / "model" / "odd-00002-of-00002.gguf")
    (tmp_path / "model" / "sound.gguf").write_bytes(llama().build())
    found = sketch(tmp_path / "model", room=1_000_000)
    assert [one.artifact.id for one in found.described] == ["sound.gguf"]
    (notice,) = found.notices
    assert notice.files == ("odd-00001-of-00002.gguf", "odd-00002-of-00002.gguf")
    assert "and 1 more" in notice.message


def test_a_malformed_variant_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "broken.gguf").write_bytes(llama().build()[:-1])
    (tmp_path / "model" / "sound.gguf").write_bytes(llama().build())
    found = sketch(tmp_path / "model")
    assert [one.artifact.id for one in found.described] == ["sound.gguf"]
    (notice,) = found.notices
    assert notice.files == ("broken.gguf",)
    assert "is truncated" in notice.message


def test_nothing_but_malformed_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "broken.gguf").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(LoadFailed) as caught:
        sketch(tmp_path / "model")
    assert caught.value.code == "malformed-file"
    assert "is not a GGUF" in caught.value.message


def test_more_files_than_there_is_room_for_are_left_out_in_one_notice(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    tokens = bpe_tokens(3000)
    for number in range(200):
        Variant(tokens=tokens, layers=2).write(tmp_path / "model" / f"small-{number:03}.gguf")
    found = sketch(tmp_path / "model", room=500_000)
    assert 10 < len(found.described) < 200
    (notice,) = found.notices
    assert len(notice.files) + len(found.described) == 200
    assert found.files.rounds < 300


@pytest.mark.parametrize("value", [2**62, 2**63, 2**64 - 1])
def test_an_alignment_beyond_all_bounds_is_refused(tmp_path: Path, value: int) -> None:
    file = llama().raw_pair("general.alignment", U64, scalar(U64, value))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.gguf").write_bytes(file.build())
    with pytest.raises(LoadFailed, match=r"general\.alignment"):
        sketch(tmp_path / "model")
