"""Whatever the engine refuses or fails at has its reason, and leaves nothing half done."""

from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from lmrt.adapters.llama_cpp.backend import LlamaCppBackend
from lmrt.domain.config import KvType
from lmrt.domain.errors import GenerationFailed, LoadFailed
from lmrt.domain.plans import OnDevice
from lmrt.domain.sequences import SequenceFailed
from tests.integration.llama_cpp.support import load
from tests.support.plans import plan_for
from tests.support.sequences import admit, drain, request, run
from tests.support.tiny_models import TinyModel, write_gguf

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)


def renamed(file: Path, folder: Path, architecture: bytes) -> Path:
    """Copy a Llama with another architecture's name, of five letters."""
    copy = folder / f"{architecture.decode()}.gguf"
    copy.write_bytes(file.read_bytes().replace(b"llama", architecture))
    return copy


def test_an_unknown_architecture(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="could not load") as caught:
        load(renamed(tiny_gguf, tmp_path, b"other"))
    assert caught.value.note is not None
    assert "unknown model architecture: 'other'" in caught.value.note


def test_a_diffusion_model(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="token by token"):
        load(renamed(tiny_gguf, tmp_path, b"llada"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed) as caught:
        load(tmp_path / "nothing.gguf")
    assert "No such file" in (caught.value.note or "")


def test_a_device_that_is_not_there(tiny_gguf: Path) -> None:
    plan = plan_for(tiny_gguf, placement=OnDevice("cuda:99"))
    with pytest.raises(LoadFailed, match="cuda:99") as caught:
        LlamaCppBackend().load(plan, tiny_gguf.parent)
    assert "`CPU`" in (caught.value.note or "")


def test_a_quantized_cache_without_flash_attention(tmp_path: Path) -> None:
    file = write_gguf(TinyModel(heads=2, kv_heads=2), tmp_path / "wide-heads.gguf")
    with pytest.raises(LoadFailed) as caught:
        load(file, kv_type=KvType.Q8_0, flash_attention=False)
    assert "flash_attn" in (caught.value.note or "")


@pytest.mark.parametrize("error", [OSError("told"), KeyboardInterrupt()])
def test_a_progress_function_that_raises_stops_the_load(
    tiny_gguf: Path, error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise error

    with pytest.raises(type(error)):
        LlamaCppBackend().load(plan_for(tiny_gguf), tiny_gguf.parent, progress)
    assert len([share for share in shares if share > 0.3]) == 1
    assert capfd.readouterr() == ("", "")


def test_weights_that_are_no_numbers_fail_the_sequence(tmp_path: Path) -> None:
    file = write_gguf(TinyModel(), tmp_path / "nan.gguf")
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(file, "r+").tensors}
    tensors["output_norm.weight"].data[:] = float("nan")
    model = load(file)
    heard = run(model, request(PROMPT))
    assert not heard.tokens
    assert isinstance(heard.events[-1], SequenceFailed)
    assert not model.step()
    model.close()


def answering(codes: list[int], compute: Callable[..., int]) -> Callable[..., int]:
    """Return the codes one by one in place of computing, then compute."""
    return lambda context, batch: codes.pop(0) if codes else compute(context, batch)


def test_a_step_that_fails_as_a_whole(tiny_gguf: Path) -> None:
    model = load(tiny_gguf)
    admit(model, request(PROMPT))
    model._decode = answering([-3], model._decode)
    for _ in range(2):
        with pytest.raises(GenerationFailed) as caught:
            model.step()
        assert caught.value.context == {"engine_code": -3}
    with pytest.raises(GenerationFailed):
        model.admit(request(PROMPT))
    model.close()


def test_a_full_cache_costs_old_text_first(tiny_gguf: Path) -> None:
    model = load(tiny_gguf)
    expected = run(model, request(PROMPT)).tokens
    run(model, request([3, *PROMPT]))
    admitted = admit(model, request([4, *PROMPT]))
    model._decode = answering([1, 1], model._decode)
    assert len(drain(model, admitted)[admitted].tokens) == 16
    again = run(model, request(PROMPT))
    assert (again.prefill.reused, again.tokens) == (0, expected)
    model.close()


def test_a_cache_that_stays_full_fails_the_step(tiny_gguf: Path) -> None:
    model = load(tiny_gguf)
    run(model, request(PROMPT))
    admit(model, request([4, *PROMPT]))
    model._decode = answering([1, 1], model._decode)
    with pytest.raises(GenerationFailed, match="no room"):
        model.step()
    model.close()
