"""What a plan says is what the engine does."""

from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.domain.config import KvType
from lmrt.domain.sequences import PrefixReuse
from tests.integration.llama_cpp.support import load
from tests.support.sequences import admit, request, run
from tests.support.tiny_models import TinyModel, write_gguf

PROMPT = [7, 21, 30, 7, 21, 9, 28, 7] * 5


@pytest.mark.parametrize("kv_type", llama_cpp_backend().probe().kv_types)
def test_every_kv_type(tmp_path: Path, kv_type: KvType) -> None:
    file = write_gguf(TinyModel(heads=2, kv_heads=2), tmp_path / "wide-heads.gguf")
    model = load(file, kv_type=kv_type, flash_attention=True)
    assert model.facts.kv_type is kv_type
    assert len(run(model, request(PROMPT)).tokens) == 16
    model.close()


@pytest.mark.parametrize(("batch_size", "steps"), [(512, 1), (40, 1), (39, 2), (8, 5)])
def test_a_step_takes_no_more_than_the_batch_size(
    tiny_gguf: Path, batch_size: int, steps: int
) -> None:
    model = load(tiny_gguf, batch_size=batch_size)
    admit(model, request(PROMPT))
    silent = 0
    while not model.step():
        silent += 1
    assert silent + 1 == steps
    model.close()


def test_every_live_sequence_advances_however_small_the_batch(tiny_gguf: Path) -> None:
    model = load(tiny_gguf, batch_size=1, max_sequences=4)
    handles = [admit(model, request([5 + place], max_tokens=50)) for place in range(4)]
    for _ in range(10):
        model.step()
    assert {event.handle for event in model.step()} == set(handles)
    model.close()


def test_a_split_model(tmp_path: Path) -> None:
    whole = write_gguf(TinyModel(), tmp_path / "tiny.gguf")
    write_gguf(TinyModel(), tmp_path / "part.gguf", split_max_tensors=8)
    first = min(tmp_path.glob("part-*.gguf"))
    models = load(whole), load(first)
    assert models[0].facts.weight_bytes == models[1].facts.weight_bytes
    assert run(models[0], request(PROMPT)).tokens == run(models[1], request(PROMPT)).tokens
    for model in models:
        model.close()


def test_a_path_that_is_no_ascii(tiny_gguf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Modèles 東京"
    folder.mkdir()
    (folder / "tiny model.gguf").write_bytes(tiny_gguf.read_bytes())
    load(folder / "tiny model.gguf").close()


def test_what_the_engine_warns_of_is_told(tiny_gguf: Path) -> None:
    model = load(tiny_gguf, context_length=256)
    assert model.facts.warnings == (
        "special_eos_id is not in special_eog_ids - the tokenizer config may be incorrect",
    )
    model.close()


def test_which_text_can_be_started_from(
    tiny_gguf: Path, recurrent_gguf: Path, hybrid_gguf: Path
) -> None:
    found = []
    for file in (tiny_gguf, recurrent_gguf, hybrid_gguf):
        model = load(file)
        found.append(model.facts.prefix_reuse)
        model.close()
    assert found == [PrefixReuse.ANY, PrefixReuse.CHECKPOINT, PrefixReuse.CHECKPOINT]


def test_the_engine_s_name_is_told(tiny_gguf: Path) -> None:
    model = load(tiny_gguf)
    assert model.facts.engine.startswith("llama.cpp ")
    model.close()
