"""The `gguf` package and ggml itself are the oracles."""

import ctypes
from pathlib import Path

import gguf
import numpy as np
import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.gguf.header import read_header
from lmrt.adapters.gguf.tensor_types import FILE_TYPES, TENSOR_TYPES
from tests.support.tiny_models import Dtype, TinyModel, write_gguf


@pytest.mark.parametrize("dtype", ["F32", "F16", "Q8_0"])
def test_tensors_have_the_names_sizes_and_elements_that_were_written(
    tmp_path: Path, dtype: Dtype
) -> None:
    path = write_gguf(TinyModel(dtype=dtype), tmp_path / "tiny.gguf")
    header = read_header(path.read_bytes(), path)
    expected = [
        (tensor.name, tensor.tensor_type.name, int(tensor.n_elements), int(tensor.n_bytes))
        for tensor in gguf.GGUFReader(path).tensors
    ]
    assert [(t.name, t.type.name, t.elements, t.size) for t in header.tensors] == expected


def test_every_pair_is_found_with_its_value(tmp_path: Path) -> None:
    path = write_gguf(TinyModel(), tmp_path / "tiny.gguf")
    metadata = read_header(path.read_bytes(), path).metadata
    fields = {
        name: field
        for name, field in gguf.GGUFReader(path).fields.items()
        if not name.startswith("GGUF.")
    }
    assert set(metadata) == set(fields)
    for name, field in fields.items():
        expected = field.contents()
        if isinstance(expected, str):
            assert metadata.text(name) == expected
        elif isinstance(expected, list):
            assert metadata.length(name) == len(expected)
        else:
            assert metadata[name] == expected


def test_alignment_other_than_the_default_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "aligned.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(128)
    writer.add_block_count(1)
    writer.add_embedding_length(4)
    for name in ("token_embd.weight", "output_norm.weight"):
        writer.add_tensor(name, np.zeros((3, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (described,) = GgufReader().read(path)
    assert described.artifact.weights.total == 2 * 3 * 4 * 4


def test_block_sizes_are_those_of_the_ggml_that_is_installed() -> None:
    import llama_cpp

    folder = Path(llama_cpp.__file__).parent / "lib"
    library = next(path for path in sorted(folder.iterdir()) if "ggml-base" in path.name)
    ggml = ctypes.CDLL(str(library))
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ggml.ggml_blck_size.restype = ctypes.c_int64
    ggml.ggml_type_name.restype = ctypes.c_char_p
    for number, known in TENSOR_TYPES.items():
        assert ggml.ggml_type_name(number).decode().upper() == known.name
        assert (ggml.ggml_blck_size(number), ggml.ggml_type_size(number)) == (
            known.block,
            known.size,
        )


def test_every_type_that_the_gguf_package_writes_is_known() -> None:
    assert {kind.value for kind in gguf.GGMLQuantizationType} <= set(TENSOR_TYPES)


def test_file_types_have_the_names_of_the_gguf_package() -> None:
    for kind in gguf.LlamaFileType:
        if kind is not gguf.LlamaFileType.GUESSED:
            expected = kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")
            assert FILE_TYPES[kind.value] == expected.removesuffix("_MOE")
