"""Sketches of a directory that is elsewhere tell the reader what its files would, for little."""

import json
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.filesystem import bundled_models
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.adapters.safetensors.header import DTYPE_BITS, Tensor
from lmrt.adapters.safetensors.sketch_estimate import stand_ins
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import ArtifactFormat
from tests.support.remote_files import LocalFiles
from tests.support.safetensors_bytes import write_directory, write_shards
from tests.support.sketches import MOST, Sketched, placeless, sketched
from tests.support.tiny_models import TinyModel, write_hf

Placed = tuple[str, str, tuple[int, ...]]


def sketch(folder: Path, *, room: int = MOST) -> Sketched:
    target = folder.with_name(f"sketch-{room}")
    return sketched(SafetensorsSketcher(), SafetensorsReader(), folder, target, room=room)


def check(folder: Path, *, room: int = MOST) -> Sketched:
    real = SafetensorsReader().read(folder)
    found = sketch(folder, room=room)
    assert found.described == placeless(real)
    assert len(real) == 1
    assert found.notices == ()
    return found


def test_a_tiny_model(tmp_path: Path) -> None:
    found = check(write_hf(TinyModel(), tmp_path / "model"))
    assert found.described[0].chat_template == TinyModel().template


def test_a_base_model_in_half_precision(tmp_path: Path) -> None:
    check(write_hf(TinyModel(dtype="F16", tied=True, template=None), tmp_path / "model"))


def test_the_bundled_model(tmp_path: Path) -> None:
    target = tmp_path / "sketch"
    folder = bundled_models()["guide"]
    found = sketched(SafetensorsSketcher(), SafetensorsReader(), folder, target)
    assert found.described == placeless(SafetensorsReader().read(folder))


def test_every_file_that_the_reader_opens_is_sketched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hf(TinyModel(template=None), tmp_path / "model")
    for name in ("README.md", "LICENSE", "vocab.json", "merges.txt", "preprocessor_config.json"):
        (folder / name).write_text("{}")
    check(folder)
    opened: set[str] = set()
    really_open = os.open

    def spy(path: str | Path, *arguments: Any, **named: Any) -> int:
        opened.add(Path(path).name)
        return really_open(path, *arguments, **named)

    monkeypatch.setattr(os, "open", spy)
    SafetensorsReader().read(folder)
    monkeypatch.undo()
    assert opened == {
        "chat_template.jinja", "chat_template.json", "config.json", "generation_config.json",
        "model.safetensors", "tokenizer_config.json",
    }  # fmt: skip


def test_shards_with_an_index(tmp_path: Path) -> None:
    write_shards(tmp_path / "model", 3)
    check(tmp_path / "model")


def test_shards_without_an_index(tmp_path: Path) -> None:
    write_shards(tmp_path / "model", 3)
    (tmp_path / "model" / "model.safetensors.index.json").unlink()
    check(tmp_path / "model")


def test_an_index_that_names_what_is_not_there_is_refused_as_it_would_be(tmp_path: Path) -> None:
    write_shards(tmp_path / "model", 3)[1].unlink()
    with pytest.raises(LoadFailed, match=r"lacks `model-00002-of-00003\.safetensors`"):
        sketch(tmp_path / "model")


def test_an_mlx_directory(tmp_path: Path) -> None:
    weights: dict[str, tuple[str, tuple[int, ...]]] = {
        "model.embed_tokens.weight": ("U32", (10, 8)),
        "model.embed_tokens.scales": ("BF16", (10, 1)),
        "model.layers.0.self_attn.q_proj.weight": ("U32", (64, 8)),
        "model.layers.0.self_attn.q_proj.scales": ("BF16", (64, 1)),
        "model.layers.0.self_attn.q_proj.biases": ("BF16", (64, 1)),
        "model.norm.weight": ("BF16", (64,)),
    }
    config = {"quantization": {"group_size": 64, "bits": 4}}
    write_directory(tmp_path / "model", config=config, weights=weights)
    found = check(tmp_path / "model")
    assert found.described[0].artifact.format is ArtifactFormat.MLX


def test_pickle_weights_count_by_their_sizes_and_are_not_read(tmp_path: Path) -> None:
    write_directory(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").rename(tmp_path / "model" / "pytorch_model.bin")
    (tmp_path / "model" / "modeling_own.py").write_text("raise SystemExit")
    found = check(tmp_path / "model")
    assert found.described[0].artifact.format is ArtifactFormat.PICKLE
    assert found.files.read_so_far < 1000


def test_remote_code_is_seen_by_its_name(tmp_path: Path) -> None:
    mapped = {"AutoModelForCausalLM": "modeling_own.OwnModel"}
    write_directory(tmp_path / "model", config={"auto_map": mapped})
    (tmp_path / "model" / "modeling_own.py").write_text("raise SystemExit")
    found = check(tmp_path / "model")
    assert found.described[0].artifact.remote_code == "modeling_own.py"


def test_a_large_tokenizer_is_fetched_only_where_its_template_counts(tmp_path: Path) -> None:
    settings = {"chat_template": "{{ messages }}", "added_tokens_decoder": "x" * 1_000_000}
    folder = write_directory(tmp_path / "model", tokenizer_config=settings)
    (folder / "tokenizer.json").write_text("{}" + " " * 1_000_000)
    found = check(folder)
    assert found.described[0].chat_template == "{{ messages }}"
    assert 1_000_000 < found.files.read_so_far < 1_100_000
    (folder / "chat_template.jinja").write_text("{{ bos_token }}")
    again = sketched(SafetensorsSketcher(), SafetensorsReader(), folder, tmp_path / "again")
    assert again.described[0].chat_template == "{{ bos_token }}"
    assert again.files.read_so_far < 10_000


def test_without_weights_nothing_is_read(tmp_path: Path) -> None:
    folder = write_directory(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    found = sketch(folder)
    assert (found.described, found.notices, found.files.rounds) == ((), (), 0)


def test_documents_that_take_too_much_are_left_out_and_told(tmp_path: Path) -> None:
    folder = write_directory(tmp_path / "model", tokenizer_config={"x": "x" * 20_000})
    found = sketch(folder, room=10_000)
    assert found.described == ()
    assert "tokenizer_config.json" in found.notices[0].files
    assert "left out of the plan" in found.notices[0].message


def test_one_header_that_takes_too_much_is_left_out_and_told(tmp_path: Path) -> None:
    weights: dict[str, tuple[str, tuple[int, ...]]] = {
        f"model.layers.{number % 2}.part{number}.weight": ("F16", (1,)) for number in range(900)
    }
    folder = write_directory(tmp_path / "model", weights=weights)
    found = sketch(folder, room=20_000)
    assert found.described == ()
    assert [notice.files for notice in found.notices] == [("model.safetensors",)]


LAYERS, EXPERTS = 24, 48


def experts() -> Iterator[Placed]:
    """Yield a mixture of experts whose first layers have none, so that they are small."""
    yield "model.embed_tokens.weight", "BF16", (64, 32)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        yield f"{prefix}.input_layernorm.weight", "BF16", (32,)
        for expert in range(EXPERTS if layer > 1 else 2):
            for part in ("gate_proj", "up_proj", "down_proj"):
                yield f"{prefix}.mlp.experts.{expert}.{part}.weight", "F8_E4M3", (32, 32)
                yield f"{prefix}.mlp.experts.{expert}.{part}.weight_scale_inv", "F32", (1, 1)
    yield "model.norm.weight", "BF16", (32,)
    yield "lm_head.weight", "BF16", (64, 32)


def write_many_shards(folder: Path, tensors: Sequence[Placed], shards: int) -> Path:
    """Write a directory as DeepSeek V3's, whose shards' numbers have unequal digits."""
    write_directory(
        folder,
        config={
            "model_type": "deepseek_v3",
            "num_hidden_layers": LAYERS,
            "quantization_config": {"quant_method": "fp8"},
        },
    )
    (folder / "model.safetensors").unlink()
    size = -(-len(tensors) // shards)
    places: dict[str, str] = {}
    for number in range(shards):
        name = f"model-{number + 1:05}-of-{shards:06}.safetensors"
        entries: dict[str, Any] = {}
        at = 0
        for tensor, dtype, shape in tensors[number * size : (number + 1) * size]:
            end = at + DTYPE_BITS[dtype] // 8 * shape[0] * (shape[1] if len(shape) > 1 else 1)
            entries[tensor] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
            places[tensor], at = name, end
        header = json.dumps(entries).encode()
        (folder / name).write_bytes(struct.pack("<Q", len(header)) + header + bytes(at))
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_many_shards(tmp_path_factory.mktemp("many") / "model", list(experts()), 40)


def test_an_index_that_is_too_large_is_made_anew(many: Path) -> None:
    index = (many / "model.safetensors.index.json").stat().st_size
    found = check(many, room=2 * index - 2)
    assert found.files.requests == 1 + 40 + 40  # the configuration, and each header in two parts


def test_headers_that_take_too_much_are_estimated_with_an_exact_sum(many: Path) -> None:
    (real,) = SafetensorsReader().read(many)
    found = sketch(many, room=300_000)
    (guess,) = found.described
    assert guess.artifact.weights.total == real.artifact.weights.total
    assert guess.artifact.weights.input == real.artifact.weights.input
    assert guess.artifact.weights.output == real.artifact.weights.output
    assert guess.artifact.quantization.name == "FP8"
    assert guess.shape.layers == real.shape.layers
    for ours, theirs in zip(
        guess.artifact.weights.layers[2:], real.artifact.weights.layers[2:], strict=True
    ):
        assert ours == pytest.approx(theirs, rel=0.15)
    assert guess.shape.parameters == pytest.approx(real.shape.parameters, rel=0.02)
    (notice,) = found.notices
    assert 0 < len(notice.files) < 40
    assert "estimated" in notice.message


def test_not_one_header_in_the_room_leaves_the_model_out(many: Path) -> None:
    found = sketch(many, room=500)
    assert found.described == ()
    assert len(found.notices) == 1


@given(
    sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=20),
    unread=st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
    dtypes=st.lists(st.sampled_from(sorted(DTYPE_BITS)), min_size=1, max_size=3),
)
def test_stand_ins_have_every_byte_and_level_the_layers(
    sizes: list[int], unread: list[int], dtypes: list[str]
) -> None:
    known = [
        Tensor(f"model.layers.{layer}.x.weight", dtypes[layer % len(dtypes)], size, size)
        for layer, size in enumerate(sizes)
    ]
    shards = {f"{number}": size for number, size in enumerate(unread)}
    found = stand_ins(known, shards, len(sizes))
    assert found.keys() == shards.keys()
    layers = list(sizes)
    for name, entries in found.items():
        at = 0
        for tensor, entry in entries.items():
            assert isinstance(entry, dict)
            begin, end = entry["data_offsets"]
            assert begin == at
            assert (end - begin) * 8 == entry["shape"][0] * DTYPE_BITS[entry["dtype"]]
            layers[int(tensor.split(".")[2])] += end - begin
            at = end
        assert at == shards[name]
    raised = [after for before, after in zip(sizes, layers, strict=True) if after > before]
    if raised:
        assert max(raised) - min(layers) <= 1


def test_files_in_folders_are_not_the_directory_s(tmp_path: Path) -> None:
    folder = write_directory(tmp_path / "model")
    write_directory(folder / "original", config={"num_hidden_layers": 1})
    assert "original/config.json" in LocalFiles(folder).sizes
    check(folder)
