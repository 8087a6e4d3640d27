"""Each way in which a GGUF can lie is refused with its own words, before anything is used."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.gguf.cursor import MAX_DECODED_TEXT
from lmrt.domain.errors import LoadFailed
from tests.support.gguf_bytes import (
    ARRAY,
    BOOL,
    F32,
    TEXT,
    U32,
    U64,
    GgufBytes,
    llama,
    scalar,
    text,
)

U64_MAX = 2**64 - 1


def refused(tmp_path: Path, data: bytes) -> LoadFailed:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(LoadFailed) as caught:
        GgufReader().read(path)
    error = caught.value
    assert error.code == "malformed-file"
    assert error.context["path"] == str(path)
    assert error.context["what"] in error.message
    assert error.hint
    return error


def array(kind: int, count: int, items: bytes = b"") -> bytes:
    return struct.pack("<IQ", kind, count) + items


LIES: dict[str, tuple[Callable[[], GgufBytes], str]] = {
    "version 1": (lambda: GgufBytes(version=1), "GGUF version 1"),
    "a version to come": (lambda: GgufBytes(version=4), "GGUF version 4"),
    "big-endian": (lambda: GgufBytes(version=3 << 24), "big-endian"),
    "version 0": (lambda: GgufBytes(version=0), "GGUF version 0"),
    "pairs beyond the limit": (lambda: GgufBytes(pairs_claimed=U64_MAX), "metadata pairs"),
    "more pairs than there are": (lambda: GgufBytes(pairs_claimed=1), "truncated"),
    "tensors beyond the limit": (lambda: GgufBytes(tensors_claimed=U64_MAX), "tensors"),
    "more tensors than there are": (lambda: GgufBytes(tensors_claimed=3), "truncated"),
    "a key that is empty": (lambda: llama().pair("", 1), "empty key"),
    "a key twice": (lambda: llama().pair("llama.block_count", 2), "`llama.block_count` twice"),
    "a key that is too long": (lambda: GgufBytes().pair("k" * 70_000, 1), "a name of 70,000"),
    "a key that is not UTF-8": (
        lambda: GgufBytes().raw_pair(b"\xff\xfe", U32, scalar(U32, 1)),
        "not UTF-8",
    ),
    "an unknown value type": (lambda: GgufBytes().raw_pair("k", 13, b""), "unknown value type 13"),
    "a text beyond the end": (
        lambda: GgufBytes().raw_pair("k", TEXT, scalar(U64, U64_MAX)),
        "truncated",
    ),
    "an array beyond the end": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(U64, 2**61)),
        "truncated",
    ),
    "an array of arrays": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(ARRAY, 1, array(U32, 0))),
        "arrays of arrays",
    ),
    "an array of an unknown type": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(99, 0)),
        "unknown value type 99",
    ),
    "more texts than any vocabulary": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(TEXT, 2**40)),
        "1,099,511,627,776 texts",
    ),
    "more texts in the array than there are": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(TEXT, 3, text("a"))),
        "truncated",
    ),
    "a text in an array beyond the end": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(TEXT, 2, scalar(U64, U64_MAX) * 2)),
        "truncated",
    ),
    "the last text of an array beyond the end": (
        lambda: GgufBytes().raw_pair("k", ARRAY, array(TEXT, 1, scalar(U64, 1000))),
        "truncated",
    ),
    "an alignment of 0": (lambda: llama(general__alignment=0), "no power of two"),
    "an alignment of 48": (lambda: llama(general__alignment=48), "no power of two"),
    "an alignment that is a text": (lambda: llama(general__alignment="32"), "general.alignment"),
    "a tensor twice": (
        lambda: GgufBytes().tensor("a", (8,)).tensor("a", (8,)),
        "tensor `a` twice",
    ),
    "a tensor's name that is too long": (
        lambda: GgufBytes().tensor("t" * 64, (8,)),
        "name of 64 bytes",
    ),
    "five dimensions": (lambda: GgufBytes().tensor("a", (1,) * 5), "5 dimensions"),
    "a dimension of 0": (lambda: GgufBytes().tensor("a", (4, 0)), "shape [4, 0]"),
    "a negative dimension": (
        lambda: GgufBytes().tensor("a", (U64_MAX,), size=4),
        "shape [18446744073709551615]",
    ),
    "dimensions whose product overflows": (
        lambda: GgufBytes().tensor("a", (2**32, 2**32), size=4),
        "the shape",
    ),
    "an unknown tensor type": (lambda: GgufBytes().tensor("a", (4,), kind=31), "unknown type 31"),
    "a row that is no whole number of blocks": (
        lambda: GgufBytes().tensor("a", (33,), kind=8),
        "rows of 33 elements, but Q8_0",
    ),
    "a tensor in the middle of nowhere": (
        lambda: GgufBytes().tensor("a", (8,), offset=64),
        "at 64 of its data",
    ),
    "overlapping tensors": (
        lambda: GgufBytes().tensor("a", (8,)).tensor("b", (8,), offset=0),
        "the one before it ends at 32",
    ),
    "unaligned tensors": (
        lambda: GgufBytes().tensor("a", (9,)).tensor("b", (8,), offset=36),
        "puts tensor `b` at 36",
    ),
    "no architecture": (lambda: GgufBytes().tensor("a", (8,)), "general.architecture"),
    "an architecture that is a number": (
        lambda: GgufBytes().pair("general.architecture", 7).tensor("a", (8,)),
        "no text as `general.architecture`",
    ),
    "no tensors": (lambda: GgufBytes().pair("general.architecture", "llama"), "no tensors"),
    "no layers": (lambda: llama(block_count=0), "`llama.block_count`"),
    "too many layers": (lambda: llama(block_count=1_000_000_000), "1,000,000,000 layers"),
    "layers that are a text": (lambda: llama(block_count="2"), "no count as `llama.block_count`"),
    "layers below 0": (lambda: llama(block_count=-1), "-1, no count"),
    "no width": (lambda: llama(embedding_length=None), "`llama.embedding_length`"),
    "heads for too few layers": (
        lambda: llama(attention__head_count_kv=[2]),
        "1 values for 2 layers",
    ),
    "a tensor of a layer that is not there": (
        lambda: llama().tensor("blk.2.attn_norm.weight", (8,)),
        "`blk.2.attn_norm.weight`, but has 2 layers",
    ),
    "a temperature that is no number": (
        lambda: llama().raw_pair("general.sampling.temp", F32, scalar(F32, float("nan"))),
        "no finite number as `general.sampling.temp`",
    ),
    "a top-p above 1": (lambda: llama(general__sampling__top_p=1.5), "general.sampling.top_p"),
    "a top-k of true": (
        lambda: llama().raw_pair("general.sampling.top_k", BOOL, b"\x01"),
        "general.sampling.top_k",
    ),
    "a window for too few layers": (
        lambda: llama(attention__sliding_window=8, attention__sliding_window_pattern=[True]),
        "1 values for 2 layers",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(tmp_path: Path, lie: str) -> None:
    make, words = LIES[lie]
    error = refused(tmp_path, make().build())
    assert words in error.message


def test_the_file_that_the_lies_change_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(llama().build())
    assert len(GgufReader().read(path)) == 1


def test_another_kind_of_file_shows_how_it_starts(tmp_path: Path) -> None:
    error = refused(tmp_path, b"Not Found\n")
    assert error.message.endswith("is not a GGUF file: starts with 'Not Found\\n'")


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    assert refused(tmp_path, b"").message.endswith("is empty")


def test_a_git_lfs_pointer_gets_its_own_hint(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    hint = refused(tmp_path, pointer).hint
    assert hint is not None
    assert "git lfs pull" in hint


def test_a_file_without_its_last_byte_tells_both_sizes(tmp_path: Path) -> None:
    whole = len(llama().build())
    data = llama().build()[:-1]
    error = refused(tmp_path, data)
    assert (error.context["needed"], error.context["size"]) == (whole, len(data))
    assert f"{whole:,} bytes, but it has {len(data):,}" in error.message


def test_every_way_to_cut_a_file_short_is_refused(tmp_path: Path) -> None:
    data = llama(tokenizer__ggml__tokens=["a", "b"]).build()
    for length in range(0, len(data), 7):
        refused(tmp_path, data[:length])


def test_a_huge_text_is_not_decoded(tmp_path: Path) -> None:
    name = "x" * (MAX_DECODED_TEXT + 1)
    assert "holds a text of" in refused(tmp_path, llama(general__name=name).build()).message


def test_a_text_of_other_bytes_tells_where_it_stands(tmp_path: Path) -> None:
    data = llama().raw_pair("general.name", TEXT, text(b"\xff")).build()
    error = refused(tmp_path, data)
    assert data[error.context["offset"]] == 0xFF
