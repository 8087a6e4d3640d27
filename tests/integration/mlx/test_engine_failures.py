"""Whatever the engine refuses or fails at has its reason, and leaves nothing half done."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from lmrt.adapters.mlx.backend import MlxBackend
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.errors import GenerationFailed, LoadFailed
from lmrt.domain.plans import OnDevice, SplitLayers
from lmrt.domain.sequences import SequenceFailed
from tests.integration.mlx.support import load
from tests.support.hf_models import write_family
from tests.support.mlx_plans import mlx_plan
from tests.support.plans import execution_settings
from tests.support.sequences import admit, request, run

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)


@pytest.fixture
def folder(hf_folders: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the model, to be broken."""
    return shutil.copytree(hf_folders("llama"), tmp_path / "llama")


def refusal(folder: Path, plan: Any = None, **settings: Any) -> LoadFailed:
    """Load as planned, which must fail, and return the error; nothing of ours may lie around."""
    plan = plan or mlx_plan(folder, execution_settings(**settings))
    with pytest.raises(LoadFailed) as caught:
        MlxBackend().load(plan, folder)
    assert caught.value.code == "engine-load-failed"
    assert not list(Path(tempfile.gettempdir()).glob("lmrt-mlx-*"))
    return caught.value


def change(folder: Path, **keys: Any) -> None:
    path = folder / "config.json"
    config = {**json.loads(path.read_text("utf-8")), **keys}
    path.write_text(json.dumps(config), "utf-8")


def weights(folder: Path) -> dict[str, Any]:
    found: Any = mx.load(str(folder / "model.safetensors"))
    return dict(found)


def save(folder: Path, tensors: dict[str, Any]) -> None:
    mx.eval(tensors)
    mx.save_safetensors(str(folder / "model.safetensors"), tensors, {"format": "pt"})


def test_a_missing_tensor(folder: Path) -> None:
    tensors = weights(folder)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save(folder, tensors)
    note = refusal(folder).note or ""
    assert "Missing 1 parameters" in note
    assert "model.layers.1.mlp.up_proj.weight" in note


def test_an_unexpected_tensor(folder: Path) -> None:
    save(folder, {**weights(folder), "model.layers.1.mlp.extra.weight": mx.zeros((4, 4))})
    note = refusal(folder).note or ""
    assert "not in model" in note
    assert "model.layers.1.mlp.extra.weight" in note


def test_a_tensor_of_another_shape(folder: Path) -> None:
    tensors = weights(folder)
    tensors["model.norm.weight"] = mx.ones((32,))
    save(folder, tensors)
    assert "Expected shape (64,) but received shape (32,)" in (refusal(folder).note or "")


def test_a_truncated_file(folder: Path) -> None:
    plan = mlx_plan(folder)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4096])
    assert "size of the file" in (refusal(folder, plan).note or "")


def test_a_file_that_is_not_there(folder: Path) -> None:
    plan = mlx_plan(folder)
    (folder / "model.safetensors").unlink()
    assert f"no `{folder / 'model.safetensors'}`" in (refusal(folder, plan).note or "")


@pytest.mark.parametrize("text", ["", "[1]", '{"model_type": "llama"}'])
def test_a_configuration_that_is_none(folder: Path, text: str) -> None:
    plan = mlx_plan(folder)
    (folder / "config.json").write_text(text, "utf-8")
    assert refusal(folder, plan).note


def test_a_folder_that_is_not_there_is_no_repository(folder: Path) -> None:
    """The engine itself would look for it on the Hub."""
    plan = mlx_plan(folder)
    with pytest.raises(LoadFailed) as caught:
        MlxBackend().load(plan, Path("org/model"))
    assert "No such file or directory" in (caught.value.note or "")


def test_an_unknown_architecture(folder: Path) -> None:
    change(folder, model_type="unheard_of")
    assert "Model type unheard_of not supported" in (refusal(folder).note or "")


@pytest.mark.parametrize("name", ["cache", "base", "no.such", "..utils"])
def test_a_module_that_is_no_model(folder: Path, name: str) -> None:
    change(folder, model_type=name)
    assert refusal(folder).note


def test_a_model_that_would_end_the_process(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    change(folder, model_type="olmo")
    assert "SystemExit" in (refusal(folder).note or "")


def test_python_of_the_model_s_own_is_never_run(folder: Path) -> None:
    (folder / "own.py").write_text("raise KeyboardInterrupt", "utf-8")
    change(folder, model_file="own.py")
    assert "custom module" in (refusal(folder).note or "")


def test_weights_beside_those_of_the_plan_are_left_alone(folder: Path) -> None:
    (folder / "model-other.safetensors").write_bytes(b"not a safetensors file")
    load(folder).close()


def test_devices_that_are_not_there(folder: Path) -> None:
    for placement in (OnDevice("cuda:0"), SplitLayers("metal", 1, 3)):
        error = refusal(folder, mlx_plan(folder, placement=placement))
        assert placement.device in error.message
    if not mx.metal.is_available():
        assert "metal" in refusal(folder, mlx_plan(folder, placement=OnDevice("metal"))).message


def test_types_that_weights_are_not_loaded_as(folder: Path) -> None:
    assert "int8" in (refusal(folder, dtype=Dtype.INT8).note or "")


def test_heads_that_cannot_be_rounded(folder: Path) -> None:
    note = refusal(folder, kv_type=KvType.Q8_0).note or ""
    assert "heads of 16 elements do not divide into groups of 32" in note


@pytest.mark.parametrize("error", [OSError("told"), ValueError("told"), KeyboardInterrupt()])
def test_what_a_progress_function_raises_comes_through(folder: Path, error: BaseException) -> None:
    def progress(share: float) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        MlxBackend().load(mlx_plan(folder), folder, progress)
    assert caught.value is error


def test_weights_that_are_no_numbers_fail_the_sequence(folder: Path) -> None:
    tensors = weights(folder)
    tensors["model.norm.weight"] = mx.full((64,), float("nan"))
    save(folder, tensors)
    model = load(folder)
    for count in (5, None):  # with others, and alone
        heard = run(model, request(PROMPT, max_tokens=count))
        assert not heard.tokens
        assert isinstance(heard.events[-1], SequenceFailed)
    assert not model.step()
    model.close()


def test_a_step_that_fails_as_a_whole(hf_folders: Callable[[str], Path]) -> None:
    model = load(hf_folders("llama"))
    admit(model, request(PROMPT))

    def fail() -> None:
        raise RuntimeError("[metal::malloc] out of memory")

    model._roster.step = fail  # type: ignore[union-attr, method-assign]
    for _ in range(2):
        with pytest.raises(GenerationFailed) as caught:
            model.step()
        assert caught.value.note == "RuntimeError: [metal::malloc] out of memory"
    with pytest.raises(GenerationFailed):
        model.admit(request(PROMPT))
    model.close()


def test_a_failed_load_leaves_the_next_one_alone(folder: Path, tmp_path: Path) -> None:
    other = write_family("llama", tmp_path / "other", vocab_size=400)
    expected = run(load(folder), request(PROMPT)).tokens
    refusal(folder, mlx_plan(folder, execution_settings(kv_type=KvType.Q4_0)))
    change(other, vocab_size=401)
    refusal(other)
    assert run(load(folder), request(PROMPT)).tokens == expected
