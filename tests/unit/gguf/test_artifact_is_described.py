"""What a GGUF tells about itself, in lmrt's words."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Modality
from lmrt.domain.models import (
    ArtifactFile,
    ArtifactFormat,
    DescribedArtifact,
    FullAttention,
    LocalSource,
)
from tests.support.gguf_bytes import GgufBytes, architecture, llama
from tests.support.tiny_models import CHAT_TEMPLATE, Dtype, TinyModel, weights, write_gguf


def described(tmp_path: Path, file: GgufBytes) -> DescribedArtifact:
    path = tmp_path / "model.gguf"
    path.write_bytes(file.build())
    (found,) = GgufReader().read(path)
    return found


def test_a_real_file_is_described_in_full(tmp_path: Path) -> None:
    model = TinyModel(layers=3, context=777)
    path = write_gguf(model, tmp_path / "tiny-F32.gguf")
    (found,) = GgufReader().read(path)
    parameters = sum(values.size for values in weights(model).values())
    assert found.name == "tiny"
    assert found.trained_context == 777
    assert found.chat_template == CHAT_TEMPLATE
    assert found.modalities == {Modality.TEXT}
    assert found.generation_defaults == GenerationConfig()
    shape = found.shape
    assert shape.layers == (FullAttention(2, 16, 16),) * 3
    assert (shape.hidden_size, shape.heads, shape.feed_forward_size) == (64, 4, 128)
    assert (shape.vocabulary_size, shape.experts, shape.experts_used) == (512, 0, 0)
    assert shape.parameters == parameters
    artifact = found.artifact
    assert artifact.id == "tiny-F32.gguf"
    assert artifact.format is ArtifactFormat.GGUF
    assert artifact.architecture == "llama"
    assert artifact.files == (ArtifactFile("tiny-F32.gguf", path.stat().st_size),)
    assert artifact.source == LocalSource(tmp_path)
    assert artifact.remote_code is None
    assert artifact.weights.total == 4 * parameters


def test_bytes_of_the_weights_are_told_by_place(tmp_path: Path) -> None:
    weights = described(tmp_path, llama()).artifact.weights
    assert weights.input == 4 * 64 * 8
    assert weights.layers == (4 * 64, 4 * 64)
    assert weights.output == 4 * 64
    assert weights.other == 4 * 8


@pytest.mark.parametrize(("dtype", "bits"), [("F32", 32.0), ("F16", 16.04), ("Q8_0", 8.55)])
def test_quantization_is_named_by_the_file_type(tmp_path: Path, dtype: Dtype, bits: float) -> None:
    (found,) = GgufReader().read(write_gguf(TinyModel(dtype=dtype), tmp_path / "tiny.gguf"))
    assert found.artifact.quantization.name == dtype
    assert found.artifact.quantization.bits_per_weight == pytest.approx(bits, abs=0.01)


@pytest.mark.parametrize(("number", "name"), [(15, "Q4_K_M"), (17, "Q5_K_M"), (30, "IQ4_XS")])
def test_file_types_have_llama_cpp_s_names(tmp_path: Path, number: int, name: str) -> None:
    found = described(tmp_path, llama(general__file_type=number))
    assert found.artifact.quantization.name == name


@pytest.mark.parametrize("file_type", [None, 999])
def test_without_a_known_file_type_most_of_the_bytes_give_the_name(
    tmp_path: Path, file_type: int | None
) -> None:
    file = llama(general__file_type=file_type)
    file.tensor("output.weight", (64, 128), kind=8, size=34 * 2 * 128)
    assert described(tmp_path, file).artifact.quantization.name == "Q8_0"


def test_head_sizes_default_to_the_width_over_the_heads(tmp_path: Path) -> None:
    found = described(tmp_path, llama(attention__head_count_kv=None))
    assert found.shape.layers == (FullAttention(4, 16, 16),) * 2


def test_head_sizes_of_its_own_are_followed(tmp_path: Path) -> None:
    file = llama(attention__key_length=24, attention__value_length=32)
    assert described(tmp_path, file).shape.layers == (FullAttention(2, 24, 32),) * 2


def test_experts_are_counted(tmp_path: Path) -> None:
    file = architecture(
        "qwen3moe",
        expert_count=128,
        expert_used_count=8,
        feed_forward_length=None,
        expert_feed_forward_length=96,
    )
    shape = described(tmp_path, file).shape
    assert (shape.experts, shape.experts_used, shape.feed_forward_size) == (128, 8, 96)


def test_vocabulary_is_the_number_of_tokens(tmp_path: Path) -> None:
    tokens = ["a", "b", "c"]
    file = llama(vocab_size=99, tokenizer__ggml__tokens=tokens)
    assert described(tmp_path, file).shape.vocabulary_size == 3
    assert described(tmp_path, llama(vocab_size=99)).shape.vocabulary_size == 99
    assert described(tmp_path, llama()).shape.vocabulary_size == 8


def test_generation_settings_of_the_model_are_read(tmp_path: Path) -> None:
    file = llama(
        general__sampling__temp=0.6,
        general__sampling__top_k=20,
        general__sampling__top_p=0.95,
        general__sampling__min_p=0.0,
        general__sampling__penalty_repeat=1.1,
        general__sampling__penalty_last_n=32,
    )
    assert described(tmp_path, file).generation_defaults == GenerationConfig(
        temperature=0.6,
        top_k=20,
        top_p=0.95,
        min_p=0.0,
        repetition_penalty=1.1,
        penalty_window=32,
    )


def test_llama_cpp_s_ways_to_say_off_and_whole_context_are_understood(tmp_path: Path) -> None:
    file = llama(
        general__sampling__temp=-1.0,
        general__sampling__top_k=-1,
        general__sampling__penalty_last_n=-1,
    )
    assert described(tmp_path, file).generation_defaults == GenerationConfig(
        temperature=0.0, top_k=0, penalty_window=512
    )


def test_version_2_is_read_like_version_3(tmp_path: Path) -> None:
    older = llama()
    older.version = 2
    assert described(tmp_path, older) == described(tmp_path, llama())


def test_a_file_that_is_asked_for_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "sha256-0123"
    path.write_bytes(llama().build())
    assert [found.artifact.id for found in GgufReader().read(path)] == ["sha256-0123"]
    other = tmp_path / "notes.txt"
    other.write_text("GGU")
    assert GgufReader().read(other) == ()


@pytest.mark.parametrize(
    "file",
    [
        GgufBytes().pair("general.architecture", "clip").pair("clip.has_vision_encoder", True),
        GgufBytes().pair("general.architecture", "llama").pair("general.type", "adapter"),
        GgufBytes().pair("general.type", "imatrix"),
    ],
    ids=["projector", "adapter", "importance matrix"],
)
def test_files_beside_a_model_are_no_models(tmp_path: Path, file: GgufBytes) -> None:
    (tmp_path / "a-other.gguf").write_bytes(file.build())
    (tmp_path / "b-model.gguf").write_bytes(llama().build())
    assert [found.artifact.id for found in GgufReader().read(tmp_path)] == ["b-model.gguf"]
    assert GgufReader().read(tmp_path / "a-other.gguf") == ()


def test_a_folder_s_files_come_by_name_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.gguf", "a.GGUF", "._a.gguf", "c.txt"):
        (tmp_path / name).write_bytes(llama().build() if "_" not in name else b"\0" * 40)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "d.gguf").write_bytes(llama().build())
    assert [found.artifact.id for found in GgufReader().read(tmp_path)] == ["a.GGUF", "b.gguf"]


def test_a_place_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert GgufReader().read(tmp_path / "nothing") == ()


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(llama().build())

    def denied(*_args: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ConfigurationError) as caught:
        GgufReader().read(path)
    assert caught.value.code == "unreadable-input"
    assert "Permission denied" in caught.value.message


@pytest.mark.parametrize("target", ["gone", "link.gguf"])
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, target: str) -> None:
    (tmp_path / "link.gguf").symlink_to(tmp_path / target)
    with pytest.raises(ConfigurationError) as caught:
        GgufReader().read(tmp_path)
    assert caught.value.code == "unreadable-input"
