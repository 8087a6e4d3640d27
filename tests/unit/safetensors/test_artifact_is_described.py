"""What a Hugging Face directory tells about its model, in lmrt's words."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import ConfigurationError, LoadFailed
from lmrt.domain.messages import Modality
from lmrt.domain.models import (
    ArtifactFormat,
    DescribedArtifact,
    FullAttention,
    LocalSource,
    Quantization,
)
from tests.support.safetensors_bytes import LLAMA_TENSORS, write_directory
from tests.support.tiny_models import CHAT_TEMPLATE, TinyModel, weights, write_hf


def described(folder: Path) -> DescribedArtifact:
    (found,) = SafetensorsReader().read(folder)
    return found


def test_a_real_directory_is_described_in_full(tmp_path: Path) -> None:
    model = TinyModel(layers=3, context=777, dtype="F16")
    found = described(write_hf(model, tmp_path))
    parameters = sum(values.size for values in weights(model).values())
    assert found.name is None
    assert found.trained_context == 777
    assert found.chat_template == CHAT_TEMPLATE
    assert found.modalities == {Modality.TEXT}
    assert found.shape.layers == (FullAttention(2, 16, 16),) * 3
    assert found.shape.parameters == parameters
    artifact = found.artifact
    assert artifact.id == "SAFETENSORS"
    assert artifact.format is ArtifactFormat.SAFETENSORS
    assert artifact.architecture == "llama"
    assert artifact.quantization == Quantization("F16", 16.0)
    assert artifact.source == LocalSource(tmp_path)
    assert [file.path for file in artifact.files] == [
        "model.safetensors",
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
    ]
    assert artifact.size == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert artifact.weights.total == 2 * parameters


def test_bytes_of_the_weights_are_told_by_place(tmp_path: Path) -> None:
    beside = {
        "vision_tower.layers.0.weight": ("F16", (4,)),
        "model.layers.2.mtp_head.weight": ("F16", (2,)),
    }
    folder = write_directory(tmp_path, weights={**LLAMA_TENSORS, **beside})
    found = described(folder).artifact.weights
    assert (found.input, found.layers) == (320, (512, 512))
    assert (found.output, found.other) == (320 + 32, 8 + 4)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.language_model.layers.1.mlp.up_proj.weight", "layer"),
        ("transformer.h.1.attn.c_attn.weight", "layer"),
        ("gpt_neox.layers.1.attention.dense.weight", "layer"),
        ("backbone.layers.1.mixer.in_proj.weight", "layer"),
        ("transformer.wte.weight", "input"),
        ("model.embed_tokens_per_layer.weight", "input"),
        ("backbone.embeddings.weight", "input"),
        ("transformer.ln_f.weight", "output"),
        ("gpt_neox.final_layer_norm.bias", "output"),
        ("embed_out.weight", "output"),
        ("model.vision_tower.encoder.layers.1.mlp.fc1.weight", "other"),
        ("visual.blocks.1.norm1.weight", "other"),
        ("audio_tower.layers.1.fc1.weight", "other"),
        ("multi_modal_projector.linear_1.weight", "other"),
        ("mtp.layers.1.mlp.up_proj.weight", "other"),
    ],
)
def test_names_of_other_families_are_understood(tmp_path: Path, name: str, place: str) -> None:
    folder = write_directory(tmp_path, weights={name: ("F32", (5,))})
    found = described(folder).artifact.weights
    told = {"input": found.input, "output": found.output, "other": found.other}
    told["layer"] = found.layers[1]
    assert {key for key, size in told.items() if size} == {place}


QWEIGHT = "model.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(
    ("config", "weights", "expected"),
    [
        (
            {"quantization": {"group_size": 64, "bits": 4}},
            {
                f"{QWEIGHT}.weight": ("U32", (64, 8)),
                f"{QWEIGHT}.scales": ("F16", (64, 1)),
                f"{QWEIGHT}.biases": ("F16", (64, 1)),
            },
            (ArtifactFormat.MLX, "4-bit", 4096, 4.5),
        ),
        (
            {
                "quantization": {
                    "group_size": 64,
                    "bits": 4,
                    QWEIGHT: {"group_size": 64, "bits": 8},
                    "model.norm": False,
                }
            },
            {f"{QWEIGHT}.weight": ("U32", (64, 16))},
            (ArtifactFormat.MLX, "4-bit", 4096, 8.0),
        ),
        (
            {"quantization_config": {"quant_method": "gptq", "bits": 4}},
            {
                f"{QWEIGHT}.qweight": ("I32", (8, 64)),
                f"{QWEIGHT}.qzeros": ("I32", (1, 8)),
                f"{QWEIGHT}.scales": ("F16", (1, 64)),
            },
            (ArtifactFormat.SAFETENSORS, "GPTQ-4bit", 4096, 4 + (256 + 1024) / 4096),
        ),
        (
            {"quantization_config": {"quant_method": "fp8"}},
            {
                f"{QWEIGHT}.weight": ("F8_E4M3", (64, 64)),
                f"{QWEIGHT}.weight_scale_inv": ("F32", (1, 1)),
            },
            (ArtifactFormat.SAFETENSORS, "FP8", 4096, 8 + 32 / 4096),
        ),
        (
            {"quantization_config": {"quant_method": "mxfp4"}},
            {
                "model.layers.0.mlp.experts.down_proj_blocks": ("U8", (2, 64, 16)),
                "model.layers.0.mlp.experts.down_proj_scales": ("U8", (2, 64)),
            },
            (ArtifactFormat.SAFETENSORS, "MXFP4", 4096, 4.25),
        ),
        (
            {},
            {f"{QWEIGHT}.weight": ("BF16", (64, 64)), "model.norm.weight": ("F32", (16,))},
            (ArtifactFormat.SAFETENSORS, "BF16", 4112, 8 * (8192 + 64) / 4112),
        ),
    ],
    ids=["mlx", "mlx-mixed", "gptq", "fp8", "mxfp4", "bf16"],
)
def test_quantization_is_told_by_configuration_and_dtypes(
    tmp_path: Path,
    config: dict[str, Any],
    weights: dict[str, tuple[str, tuple[int, ...]]],
    expected: tuple[ArtifactFormat, str, int, float],
) -> None:
    found = described(write_directory(tmp_path, config=config, weights=weights))
    artifact = found.artifact
    kind, name, parameters, bits = expected
    assert artifact.format is kind
    assert artifact.id == kind.value
    assert artifact.quantization.name == name
    assert found.shape.parameters == parameters
    assert artifact.quantization.bits_per_weight == pytest.approx(bits)


@pytest.mark.parametrize(
    ("config", "python_files", "expected"),
    [
        ({"auto_map": {"AutoModel": "modeling_x.XModel"}}, ["modeling_x.py"], "modeling_x.py"),
        ({"auto_map": {"AutoModel": "modeling_x.XModel"}}, [], None),
        ({"auto_map": {"AutoModel": "a/b-c--modeling_x.X"}}, [], "a/b-c/modeling_x.py"),
        ({"auto_map": {"AutoTokenizer": [None, None]}}, ["x.py"], None),
        ({"model_file": "my_model.py"}, ["my_model.py"], "my_model.py"),
        ({}, ["modeling_x.py"], None),
    ],
)
def test_code_that_would_have_to_run_is_named(
    tmp_path: Path, config: dict[str, Any], python_files: list[str], expected: str | None
) -> None:
    write_directory(tmp_path, config=config)
    for name in python_files:
        (tmp_path / name).write_text("raise SystemExit")
    assert described(tmp_path).artifact.remote_code == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"vision_config": {}}, {Modality.IMAGE}),
        ({"audio_config": {}}, {Modality.AUDIO}),
        ({"thinker_config": {"vision_config": {}, "audio_config": {}}}, set(Modality)),
        ({}, set()),
    ],
)
def test_modalities_are_those_that_have_a_configuration(
    tmp_path: Path, config: dict[str, Any], expected: set[Modality]
) -> None:
    found = described(write_directory(tmp_path, config=config))
    assert found.modalities == {Modality.TEXT} | expected


def test_a_template_file_counts_before_the_tokenizer_s(tmp_path: Path) -> None:
    write_directory(tmp_path, tokenizer_config={"chat_template": "second"})
    assert described(tmp_path).chat_template == "second"
    (tmp_path / "chat_template.jinja").write_text("first\n", "utf-8")
    assert described(tmp_path).chat_template == "first\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"name": "rag", "template": "r"}, {"name": "default", "template": "d"}], "d"),
        ([{"name": "rag", "template": "r"}], "r"),
        ([{"name": "a", "template": "r"}, {"name": "b", "template": "s"}], None),
        (None, None),
    ],
)
def test_the_default_of_several_templates_is_taken(
    tmp_path: Path, value: object, expected: str | None
) -> None:
    write_directory(tmp_path, tokenizer_config={"chat_template": value})
    assert described(tmp_path).chat_template == expected


def test_a_processor_s_template_counts_last(tmp_path: Path) -> None:
    write_directory(tmp_path, tokenizer_config={}, chat_template={"chat_template": "third"})
    assert described(tmp_path).chat_template == "third"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"do_sample": False, "temperature": 0.7}, {"temperature": 0.0}),
        ({"do_sample": True, "temperature": 0.7}, {"temperature": 0.7}),
        (
            {"top_k": 20, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.05},
            {"top_k": 20, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.05},
        ),
        ({"top_k": -1, "temperature": None, "eos_token_id": [1, 2]}, {"top_k": 0}),
    ],
)
def test_generation_settings_of_the_model_are_read(
    tmp_path: Path, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = described(write_directory(tmp_path, generation_config=values)).generation_defaults
    names = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed")
    assert {n: v for n in names if (v := getattr(found, n)) is not None} == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [("temperature", -1), ("top_k", 2.5), ("top_p", 1.5), ("min_p", "x"), ("do_sample", 1)],
)
def test_a_generation_setting_outside_its_range_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    write_directory(tmp_path, generation_config={key: value})
    with pytest.raises(LoadFailed, match=f"sets `{key}` to") as caught:
        SafetensorsReader().read(tmp_path)
    assert caught.value.context["path"] == str(tmp_path / "generation_config.json")


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_directory(tmp_path)

    def denied(*_args: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(ConfigurationError) as caught:
        SafetensorsReader().read(tmp_path)
    assert caught.value.code == "unreadable-input"


def test_json_that_does_not_parse_tells_line_and_column(tmp_path: Path) -> None:
    write_directory(tmp_path)
    (tmp_path / "config.json").write_text('{\n  "model_type": "llama",\n}')
    with pytest.raises(LoadFailed) as caught:
        SafetensorsReader().read(tmp_path)
    assert "line 3, column 1" in caught.value.message
    assert (caught.value.context["line"], caught.value.context["column"]) == (3, 1)


def test_numbers_that_only_python_writes_are_read(tmp_path: Path) -> None:
    write_directory(tmp_path)
    path = tmp_path / "config.json"
    values = {**json.loads(path.read_text()), "time_step_limit": [0.0, float("inf")]}
    path.write_text(json.dumps(values))
    assert described(tmp_path).artifact.architecture == "llama"
