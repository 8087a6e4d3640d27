"""What a plan says is what the engine does."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from lmrt.adapters.mlx.backend import MlxBackend
from lmrt.adapters.mlx.building import build, cast, dtype_of, read_config
from lmrt.adapters.mlx.config import normalised
from lmrt.adapters.mlx.engine import api
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import PrefixReuse
from tests.contract.backend_contract import greedy
from tests.integration.mlx.support import load
from tests.support.hf_models import write_family
from tests.support.mlx_families import EQUAL, write
from tests.support.mlx_plans import mlx_plan
from tests.support.sequences import admit, drain, request, run

Folders = Callable[[str], Path]

PROMPT = [7, 21, 30, 7, 21, 9, 28, 7] * 5
PLAIN = {
    Dtype.F32: KvType.F32,
    Dtype.F16: KvType.F16,
    Dtype.BF16: KvType.BF16,
}


@pytest.mark.parametrize("dtype", PLAIN)
def test_weights_and_cache_are_of_the_type_that_is_asked_for(
    hf_folders: Folders, dtype: Dtype
) -> None:
    model = load(hf_folders("llama"), dtype=dtype, kv_type=PLAIN[dtype])
    assert (model.facts.dtype, model.facts.kv_type) == (dtype, PLAIN[dtype])
    whole = load(hf_folders("llama"))
    assert whole.facts.dtype is None
    assert model.facts.weight_bytes * 32 == whole.facts.weight_bytes * dtype.bits
    assert len(run(model, request(PROMPT)).tokens) == 16
    near = np.abs(np.asarray(model.logits(PROMPT)) - np.asarray(whole.logits(PROMPT))).max()
    assert near < (0.2 if dtype is Dtype.BF16 else 0.02)
    model.close()
    whole.close()


def test_a_cache_of_another_type_than_planned_is_told(hf_folders: Folders) -> None:
    model = load(hf_folders("llama"), kv_type=KvType.F16)  # the weights are of 32 bits
    assert model.facts.kv_type is KvType.F32
    model.close()


@pytest.mark.parametrize(("kv_type", "difference"), [(KvType.Q8_0, 0.1), (KvType.Q4_0, 2.0)])
@pytest.mark.parametrize("head", [32, 64])
def test_rounded_caches(tmp_path: Path, kv_type: KvType, difference: float, head: int) -> None:
    folder = write_family("qwen3", tmp_path / "qwen3", head_dim=head)
    whole, model = load(folder), load(folder, kv_type=kv_type, max_sequences=1)
    assert model.facts.kv_type is kv_type
    assert model.facts.prefix_reuse is PrefixReuse.ANY
    assert model.facts.warnings == ()
    away = np.abs(np.asarray(model.logits(PROMPT)) - np.asarray(whole.logits(PROMPT))).max()
    assert 0 < away < difference
    heard = run(model, request(PROMPT, max_tokens=20))
    assert heard.tokens == greedy(model, PROMPT, 20, GREEDY)
    again = run(model, request([*PROMPT, *heard.tokens, 5], max_tokens=3))
    assert again.prefill.processed <= 2
    model.close()
    whole.close()


def test_windows_are_not_rounded_and_that_is_told(hf_folders: Folders) -> None:
    model = load(hf_folders("gemma3"), kv_type=KvType.Q8_0, max_sequences=1)
    assert model.facts.kv_type is KvType.Q8_0
    assert model.facts.warnings == ("sliding windows are not rounded to q8_0: mlx-lm cannot",)
    assert run(model, request(PROMPT)).tokens == greedy(model, PROMPT, 16, GREEDY)
    model.close()


@pytest.mark.parametrize("max_tokens", [20, None], ids=["joinable", "alone"])
@pytest.mark.parametrize(("batch_size", "pieces"), [(512, 1), (40, 1), (39, 2), (8, 5)])
def test_a_step_takes_no_more_than_the_batch_size(
    hf_folders: Folders, batch_size: int, pieces: int, max_tokens: int | None
) -> None:
    model = load(hf_folders("llama"), batch_size=batch_size)
    admit(model, request(PROMPT, max_tokens=max_tokens))
    lengths = []
    while not model.step():
        lengths += computed(model)
    growth = np.diff([0, *lengths, *computed(model)])
    # One more where the next token is computed ahead
    assert growth.max() <= batch_size + (max_tokens is None)
    assert len(lengths) + 1 >= pieces
    model.close()


def computed(model: object) -> list[int]:
    lives = model._roster.live.values()  # type: ignore[attr-defined]
    return [len(live.lane.computed(live.handle)) for live in lives]


def test_one_long_sequence_beside_short_ones_is_not_padded_for(hf_folders: Folders) -> None:
    model = load(hf_folders("llama"), context_length=512, max_sequences=4)
    asked = [request(PROMPT, max_tokens=300), *[request([5, 6], max_tokens=30)] * 3]
    handles = [admit(model, one) for one in asked]
    lanes = [model._roster.live[handle].lane for handle in handles]  # type: ignore[union-attr]
    assert len({id(lane) for lane in lanes}) == 2
    assert lanes[1] is lanes[2] is lanes[3]
    heard = drain(model, *handles)
    alone = load(hf_folders("llama"))
    for handle, one in zip(handles, asked, strict=True):
        assert heard[handle].tokens == run(alone, one).tokens
    model.close()
    alone.close()


@pytest.mark.parametrize("name", ["Modèles 東京", "with [brackets]* and ?"])
def test_paths_of_any_name(
    hf_folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).symlink_to(hf_folders("llama"))
    plan = mlx_plan(tmp_path / name)
    MlxBackend().load(plan, tmp_path / name).close()
    monkeypatch.chdir(tmp_path)
    MlxBackend().load(plan, Path(name)).close()


def test_no_socket_is_opened(hf_folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_keywords: object) -> None:
        raise AssertionError("a socket is opened")

    monkeypatch.setattr(socket, "socket", refuse)
    model = load(hf_folders("llama"))
    assert len(run(model, request(PROMPT)).tokens) == 16
    model.close()


@pytest.mark.parametrize(
    ("family", "reuse"),
    [
        ("llama", PrefixReuse.ANY),
        ("gemma3", PrefixReuse.CHECKPOINT),
        ("mistral-sliding", PrefixReuse.CHECKPOINT),
        ("mamba", PrefixReuse.CHECKPOINT),
        ("lfm2", PrefixReuse.CHECKPOINT),
    ],
)
def test_which_text_can_be_started_from(
    hf_folders: Folders, family: str, reuse: PrefixReuse
) -> None:
    model = load(hf_folders(family))
    assert model.facts.prefix_reuse is reuse
    model.close()


def test_the_engine_s_name_is_told(hf_folders: Folders) -> None:
    model = load(hf_folders("llama"))
    assert model.facts.engine.startswith(f"MLX {mx.__version__}, mlx-lm ")  # type: ignore[attr-defined]
    model.close()


# Weights as they are stored


def rounded(folder: Path, source: Path, bits: int) -> Path:
    """Write a model with its matrices rounded by mlx-lm; return the folder."""
    from mlx_lm.utils import load_model, quantize_model, save_config, save_model

    config = normalised(read_config(source), 512)
    model, _ = load_model(source, model_config=config)
    model, config = quantize_model(model, config, group_size=32, bits=bits)
    save_model(folder, model)
    save_config(config, folder / "config.json")
    return folder


@pytest.mark.parametrize("bits", [4, 8])
def test_weights_that_mlx_rounded(hf_folders: Folders, tmp_path: Path, bits: int) -> None:
    folder = rounded(tmp_path / "rounded", hf_folders("llama"), bits)
    plan = mlx_plan(folder)
    assert (plan.artifact.format, plan.artifact.quantization.method) == (ArtifactFormat.MLX, "mlx")
    model, whole = load(folder), load(hf_folders("llama"))
    assert model.facts.dtype is None
    assert model.facts.weight_bytes == plan.artifact.weights.total
    assert run(model, request(PROMPT)).tokens == greedy(model, PROMPT, 16, GREEDY)
    away = np.abs(np.asarray(model.logits(PROMPT)) - np.asarray(whole.logits(PROMPT))).max()
    assert 0 < away < (0.5 if bits == 8 else 5)
    model.close()
    whole.close()


def test_weights_in_several_files(hf_folders: Folders, tmp_path: Path) -> None:
    source = hf_folders("llama")
    folder = shutil.copytree(source, tmp_path / "shards")
    tensors = mx.load(str(folder / "model.safetensors"))
    assert isinstance(tensors, dict)
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    places: dict[str, str] = {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        places |= dict.fromkeys(part, file)
        chosen = {name: tensors[name] for name in part}
        mx.save_safetensors(str(folder / file), chosen, {"format": "pt"})
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    model, whole = load(folder), load(source)
    assert model.facts.weight_bytes == whole.facts.weight_bytes
    assert list(model.logits(PROMPT)) == list(whole.logits(PROMPT))
    model.close()
    whole.close()


def test_what_a_model_keeps_in_32_bits_stays_so(tmp_path: Path) -> None:
    folder, engine = write(EQUAL["deepseek-v3"], tmp_path), api()
    config = normalised(read_config(folder), 512)
    model = build(engine, mlx_plan(folder).artifact, folder, config)
    assert dtype_of(engine, model) is Dtype.F32
    cast(engine, model, Dtype.F16)
    assert dtype_of(engine, model) is Dtype.F16
    gate = model.model.layers[1].mlp.gate
    assert (gate.weight.dtype, gate.e_score_correction_bias.dtype) == (mx.float16, mx.float32)


def test_experts_are_computed_in_32_bits_on_the_cpu(tmp_path: Path) -> None:
    folder = write(EQUAL["deepseek-v3"], tmp_path)
    with pytest.raises(LoadFailed) as caught:
        load(folder, dtype=Dtype.F16, kv_type=KvType.F16)
    assert "GatherMM" in (caught.value.note or "")
    assert caught.value.hint == "take `--dtype f32`, in which MLX computes experts on the CPU"
