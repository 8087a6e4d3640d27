"""What the plan says is what the engine does, and what the facts say is read from the tensors."""

import logging
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from lmrt.adapters.torch.processor import Processor
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.sequences import PrefixReuse
from tests.integration.torch_backend.support import engine_model, load
from tests.support.sequences import request, run

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)


@pytest.fixture
def folder(hf_folders: Callable[[str], Path]) -> Path:
    return hf_folders("llama")


def stored_bytes(folder: Path) -> int:
    with safe_open(folder / "model.safetensors", "pt") as file:
        return sum(file.get_tensor(name).nbytes for name in file.keys())  # noqa: SIM118 - no dict


@pytest.mark.parametrize("kv_type", [KvType.F32, KvType.BF16, KvType.F16])
def test_types(folder: Path, kv_type: KvType) -> None:
    model = load(folder, kv_type=kv_type, context_length=320, max_sequences=5)
    facts = model.facts
    assert model._parts is not None
    cache = model._parts.memory.cache
    types = {KvType.F32: torch.float32, KvType.BF16: torch.bfloat16, KvType.F16: torch.float16}
    assert {tensor.dtype for tensor in (*cache.keys, *cache.values)} == {types[kv_type]}
    assert {weight.dtype for weight in engine_model(model).parameters()} == {types[kv_type]}
    assert (facts.kv_type, facts.dtype) == (kv_type, Dtype(kv_type.value))
    assert (facts.context_length, facts.max_sequences) == (320, 5)
    assert facts.prefix_reuse is PrefixReuse.ANY
    assert facts.vocabulary_size == 320
    share = 1 if kv_type is KvType.F32 else 2
    rotary = sum(buffer.nbytes for buffer in engine_model(model).buffers())
    assert facts.weight_bytes == stored_bytes(folder) // share + rotary
    model.close()


def test_tied_weights_are_counted_once(hf_folders: Callable[[str], Path]) -> None:
    tied, folder = load(hf_folders("llama-tied")), hf_folders("llama-tied")
    rotary = sum(buffer.nbytes for buffer in engine_model(tied).buffers())
    assert tied.facts.weight_bytes == stored_bytes(folder) + rotary
    tied.close()


def test_cells_are_allocated_once(folder: Path) -> None:
    model = load(folder, context_length=256)
    assert model._parts is not None
    cache = model._parts.memory.cache
    places = [tensor.data_ptr() for tensor in (*cache.keys, *cache.values)]
    for start in range(6):
        run(model, request([(start + place) % 31 for place in range(40)], max_tokens=None))
    assert [tensor.data_ptr() for tensor in (*cache.keys, *cache.values)] == places
    assert all(tensor.shape[2] == 256 for tensor in cache.keys)
    model.close()


class Watching:
    """Notes what the engine computes with when it comes to a layer."""

    def __init__(self, model: object) -> None:
        self.seen: set[tuple[int, bool]] = set()
        self.hook = engine_model(model).model.layers[0].register_forward_hook(self._note)  # type: ignore[arg-type]

    def _note(self, *_arguments: object) -> None:
        self.seen.add((torch.get_num_threads(), torch._C._get_mkldnn_enabled()))


def test_threads_are_set_for_each_step_and_put_back(folder: Path) -> None:
    before = torch.get_num_threads()
    one, other = load(folder, threads=before + 1), load(folder, threads=before + 2)
    assert torch.get_num_threads() == before
    watching = Watching(one), Watching(other)
    run(one, request(PROMPT))
    run(other, request(PROMPT))
    one.logits(PROMPT)
    assert {threads for threads, _ in watching[0].seen} == {before + 1}
    assert {threads for threads, _ in watching[1].seen} == {before + 2}
    assert torch.get_num_threads() == before


def test_prompts_have_threads_of_their_own() -> None:
    before = torch.get_num_threads()
    processor = Processor(threads=before + 1, batch_threads=before + 2, few=4)
    for rows, threads in ((1, before + 1), (4, before + 1), (5, before + 2)):
        with processor.computing(rows):
            assert torch.get_num_threads() == threads
    with pytest.raises(OSError, match="told"), processor.computing(1):
        raise OSError("told")
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("kv_type", "lone"), [(KvType.F32, True), (KvType.BF16, False)])
def test_lone_rows_of_bfloat16_are_computed_without_onednn(
    folder: Path, kv_type: KvType, *, lone: bool
) -> None:
    model = load(folder, kv_type=kv_type)
    watching = Watching(model)
    run(model, request([3], max_tokens=4))
    assert {uses for _, uses in watching.seen} == {lone}
    watching.seen.clear()
    run(model, request(PROMPT, max_tokens=1))
    assert {uses for _, uses in watching.seen} == {True}
    assert torch._C._get_mkldnn_enabled()
    model.close()


def test_loading_leaves_the_process_as_it_was(folder: Path) -> None:
    from transformers.utils import logging as engine_logging

    logger = logging.getLogger("transformers")
    before = logger.handlers[:], logger.propagate, logger.level
    filters = warnings.filters[:]
    state, default = torch.random.get_rng_state(), torch.get_default_dtype()
    load(folder, kv_type=KvType.F16).close()
    assert (logger.handlers, logger.propagate, logger.level) == before
    assert warnings.filters[:] == filters
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_default_dtype() is default
    hook = engine_logging.set_tqdm_hook(None)
    engine_logging.set_tqdm_hook(hook)
    assert hook is None


def test_models_can_be_loaded_from_several_threads_at_once(folder: Path) -> None:
    expected = run(load(folder), request(PROMPT)).tokens
    found: list[list[int]] = []

    def load_and_run() -> None:
        found.append(run(load(folder), request(PROMPT)).tokens)

    threads = [threading.Thread(target=load_and_run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 3
