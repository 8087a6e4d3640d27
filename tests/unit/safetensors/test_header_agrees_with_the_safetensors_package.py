"""The `safetensors` package is the oracle."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from lmrt.adapters.safetensors.header import read_weight_file
from lmrt.domain.errors import LoadFailed
from tests.support.safetensors_bytes import header, tensors

DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int32, np.int8, np.uint8, np.bool_]


def test_tensors_are_those_that_were_written(tmp_path: Path) -> None:
    written: dict[str, NDArray[Any]] = {
        f"t{number}": np.zeros((number, 3), dtype=dtype) for number, dtype in enumerate(DTYPES)
    }
    written["scalar"] = np.zeros((), dtype=np.float32)
    path = tmp_path / "model.safetensors"
    save_file(written, path, metadata={"format": "pt"})
    found = read_weight_file(tmp_path, path.name)
    assert found.size == path.stat().st_size
    assert {t.name: (t.elements, t.size) for t in found.tensors} == {
        name: (array.size, array.nbytes) for name, array in written.items()
    }
    with safe_open(path, "np") as opened:
        for tensor in found.tensors:
            assert opened.get_slice(tensor.name).get_dtype() == tensor.dtype


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


SOUND: dict[str, tuple[str, tuple[int, ...]]] = {"a": ("F32", (2,)), "b": ("F32", (3,))}

LIES = {
    "an empty file": (b"", "no safetensors file"),
    "a header beyond the end": (header({}, length=10), "truncated"),
    "a header of 2^64 bytes": (header({}, length=2**64 - 1), "truncated"),
    "a text file": (b"Not Found, and then some more text\n", "truncated"),
    "a header that is no JSON": (b"\x02" + bytes(7) + b"{]", "no JSON in its header"),
    "a header that is no object": (b"\x02" + bytes(7) + b"[]", "no JSON object in its header"),
    "a tensor without a shape": (header({"a": {"dtype": "F32"}}), "dtype, shape and place"),
    "a tensor that is a number": (header({"a": 1}), "dtype, shape and place"),
    "an unknown dtype": (header({"a": entry("F33", [1], 0, 4)}, bytes(4)), "dtype `F33`"),
    "a negative side": (header({"a": entry("F32", [-1], 0, 4)}, bytes(4)), "list of counts"),
    "a side that is a text": (header({"a": entry("F32", ["1"], 0, 4)}, bytes(4)), "list of counts"),  # type: ignore[list-item]
    "more bytes than the shape": (header({"a": entry("F32", [1], 0, 8)}, bytes(8)), "needs 4"),
    "an end before its begin": (header({"a": entry("F32", [1], 4, 0)}, bytes(4)), "needs 4"),
    "a negative place": (header({"a": entry("F32", [1], -4, 0)}, bytes(4)), "needs 4"),
    "sides whose product overflows": (
        header({"a": entry("F32", [2**62, 2**62], 0, 4)}, bytes(4)),
        "its shape needs",
    ),
    "overlapping tensors": (
        header({"a": entry("F32", [2], 0, 8), "b": entry("F32", [1], 4, 8)}, bytes(8)),
        "overlaps",
    ),
    "a gap": (
        header({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)),
        "gap before it",
    ),
    "bytes behind the last tensor": (tensors(SOUND) + b"\0" * 5, "5 bytes that no tensor"),
    "data that is cut": (tensors(SOUND)[:-1], "truncated"),
    "metadata that is a list": (header({"__metadata__": []}), "metadata"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_here_as_there(tmp_path: Path, lie: str) -> None:
    data, words = LIES[lie]
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(LoadFailed) as caught:
        read_weight_file(tmp_path, path.name)
    assert caught.value.code == "malformed-file"
    assert words in caught.value.message
    assert caught.value.context["path"] == str(path)
    with pytest.raises(SafetensorError):
        load_file(path)


def test_metadata_of_null_is_taken_here_as_there(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(header({"__metadata__": None, "a": entry("F32", [1], 0, 4)}, bytes(4)))
    assert [tensor.name for tensor in read_weight_file(tmp_path, path.name).tensors] == ["a"]
    assert set(load_file(path)) == {"a"}


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    one = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    text = f"{{{one},{one}}}".encode()
    (tmp_path / "x").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(LoadFailed, match="the key `a` occurs twice"):
        read_weight_file(tmp_path, "x")


def test_a_cut_file_tells_both_sizes(tmp_path: Path) -> None:
    whole = tensors(SOUND)
    (tmp_path / "x").write_bytes(whole[:-1])
    with pytest.raises(LoadFailed) as caught:
        read_weight_file(tmp_path, "x")
    context = caught.value.context
    assert (context["needed"], context["size"]) == (len(whole), len(whole) - 1)


def test_a_git_lfs_pointer_gets_its_own_hint(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(LoadFailed) as caught:
        read_weight_file(tmp_path, "x")
    assert "git lfs pull" in (caught.value.hint or "")
