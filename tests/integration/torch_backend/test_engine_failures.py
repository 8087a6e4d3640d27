"""Whatever the engine refuses or fails at has its reason, and leaves nothing half done."""

import json
import pickle
import shutil
import socket
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lmrt.adapters.torch.backend import TorchBackend
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.errors import GenerationFailed, LmrtError, LoadFailed
from lmrt.domain.plans import OnDevice
from lmrt.domain.sequences import EndReason, SequenceFailed
from tests.integration.torch_backend.support import engine_model, load
from tests.support.hf_models import write_family, write_hf_model
from tests.support.sequences import admit, drain, request, run
from tests.support.torch_plans import arrange_as_on_gpus, torch_plan

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(hf_folders: Callable[[str], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(hf_folders("llama"), tmp_path / "llama"))


def change_tensors(folder: Path, change: Callable[[Tensors], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def refusal(folder: Path, **settings: Any) -> str:
    """Return the reason that a load is refused for."""
    with pytest.raises(LoadFailed) as caught:
        load(folder, **settings)
    assert caught.value.code == "engine-load-failed"
    assert caught.value.note is not None
    return caught.value.note


NORM = "model.norm.weight"


def test_a_missing_tensor(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.pop(NORM))
    assert refusal(folder) == f"the files lack tensors: `{NORM}`"


def test_missing_tensors_are_not_all_named(folder: Path) -> None:
    def drop(tensors: Tensors) -> None:
        for name in [name for name in tensors if "mlp" in name]:
            del tensors[name]

    change_tensors(folder, drop)
    note = refusal(folder)
    assert note.count("`model.layers.") == 3
    assert note.endswith(" and 6 more")


def test_an_extra_tensor(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update(strange=torch.ones(2)))
    assert refusal(folder) == "the model has no place for tensors: `strange`"


def test_a_tensor_of_another_size(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({NORM: torch.ones(32)}))
    assert refusal(folder) == f"the files hold, in other sizes, tensors: `{NORM}`"


def test_a_tied_head_is_not_missing(tmp_path: Path) -> None:
    folder = write_family("llama-tied", tmp_path / "tied")
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    load(folder).close()


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_arguments: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    for place in (tmp_path / "nothing", Path("org/name")):
        assert refusal(place) == "there is no such folder"


def test_pickles_are_never_read(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()

    class Mine:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "executed",))

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Mine()))
    assert "safetensors" in refusal(folder)
    assert not (tmp_path / "executed").exists()


def test_code_of_the_models_is_never_run(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    (folder / "modeling_mine.py").write_text(f"open({str(mark)!r}, 'w')\nclass Mine: pass\n")
    mine = {"AutoConfig": "modeling_mine.Mine", "AutoModelForCausalLM": "modeling_mine.Mine"}
    change_config(folder, auto_map=mine)
    load(folder).close()
    change_config(folder, model_type="mine")
    assert refusal(folder)
    assert not mark.exists()


def test_an_unknown_model_type(folder: Path) -> None:
    change_config(folder, model_type="nonsense")
    assert "nonsense" in refusal(folder)


def test_weights_that_were_rounded_by_others(folder: Path) -> None:
    change_config(folder, quantization_config={"quant_method": "gptq", "bits": 4})
    assert "rounded" in refusal(folder)


@pytest.mark.parametrize("model_type", ["mamba", "bloom", "falcon"])
def test_a_model_that_remembers_in_another_way(tmp_path: Path, model_type: str) -> None:
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 320}
    heads = {"mamba": {}, "bloom": {"n_head": 4}, "falcon": {"num_attention_heads": 4}}
    folder = write_hf_model(model_type, {**sizes, **heads[model_type]}, tmp_path / model_type)
    assert refusal(folder)


def test_more_positions_than_a_model_has_learned(tmp_path: Path) -> None:
    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 320, "n_positions": 128}
    ends = {"bos_token_id": 0, "eos_token_id": 1}
    folder = write_hf_model("gpt2", {**sizes, **ends}, tmp_path / "gpt2")
    assert "128" in refusal(folder, context_length=192)
    model = load(folder, context_length=128)
    heard = run(model, request(PROMPT, max_tokens=None))
    assert heard.reason is EndReason.CONTEXT_FULL
    model.close()


def test_a_device_that_is_not_there(folder: Path) -> None:
    plan = torch_plan(folder, placement=OnDevice("cuda:99"))
    with pytest.raises(LoadFailed, match="cuda:99") as caught:
        TorchBackend().load(plan, folder)
    assert "`cpu`" in (caught.value.note or "")


def test_a_cache_of_another_type_than_the_activations(folder: Path) -> None:
    assert "f16 beside weights of f32" in refusal(folder, kv_type=KvType.F16, dtype=Dtype.F32)
    assert "q8_0" in refusal(folder, kv_type=KvType.Q8_0, dtype=Dtype.F32)


@pytest.mark.parametrize("error", [OSError("told"), KeyboardInterrupt()])
def test_a_progress_function_that_raises_stops_the_load(
    folder: Path, error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise error

    with pytest.raises(type(error)):
        TorchBackend().load(torch_plan(folder), folder, progress)
    assert len([share for share in shares if share > 0.3]) == 1
    assert capfd.readouterr() == ("", "")
    load(folder).close()


def test_weights_that_are_no_numbers_fail_the_sequence(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors[NORM].fill_(float("nan")))
    model = load(folder)
    heard = run(model, request(PROMPT))
    assert not heard.tokens
    assert isinstance(heard.events[-1], SequenceFailed)
    assert not model.step()
    model.close()


@pytest.mark.parametrize("as_on_gpus", [False, True])
@pytest.mark.parametrize("place", [0, 3])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_nan_in_one_sequence_stays_there(
    folder: Path, value: float, place: int, *, as_on_gpus: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token whose embedding is no number, alone in a prompt or behind a start that is shared."""
    if as_on_gpus:
        arrange_as_on_gpus(monkeypatch)
    change_tensors(folder, lambda tensors: tensors["model.embed_tokens.weight"][31].fill_(value))
    model = load(folder)
    expected = run(model, request(PROMPT, max_tokens=30)).tokens
    stays = admit(model, request(PROMPT, max_tokens=30))
    gone = admit(model, request((*PROMPT[:place], 31, 5), max_tokens=5))
    heard = drain(model, gone, stays)
    assert isinstance(heard[gone].events[-1], SequenceFailed)
    assert heard[stays].tokens == expected
    for _ in range(3):
        assert run(model, request((*PROMPT, 3, 5), max_tokens=200)).tokens
    model.close()


def test_a_step_that_fails_as_a_whole(folder: Path) -> None:
    model = load(folder)
    admit(model, request(PROMPT))
    embedding = engine_model(model).get_input_embeddings()
    embedding.weight.data = embedding.weight.data[:3].clone()
    with pytest.raises(GenerationFailed) as caught:
        model.step()
    assert caught.value.note is not None
    for call in (model.step, lambda: model.admit(request(PROMPT))):
        with pytest.raises(LmrtError) as again:
            call()
        assert again.value is caught.value
    model.close()


@pytest.mark.parametrize("family", ["llama", "gemma3", "mixtral"])
def test_closing_frees_the_weights_at_once(family: str, hf_folders: Callable[[str], Path]) -> None:
    model = load(hf_folders(family))
    run(model, request(PROMPT))
    found = weakref.ref(engine_model(model)), weakref.ref(engine_model(model).lm_head.weight)
    assert model._parts is not None
    cells = weakref.ref(model._parts.memory.cache.keys[0])
    model.close()
    assert [each() for each in (*found, cells)] == [None, None, None]
