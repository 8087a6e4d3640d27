"""A sketch of a GGUF that is elsewhere tells the reader what the file itself would, for little."""

import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest

from lmrt.adapters.filesystem import bundled_models
from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.gguf.metadata import Metadata
from lmrt.adapters.gguf.sketch_header import READ_TEXTS
from tests.support.architectures import ARCHITECTURES, write_architecture
from tests.support.gguf_bytes import GgufBytes, architecture, llama
from tests.support.large_vocabularies import (
    F16,
    Q4_K,
    Q6_K,
    Q8_0,
    Variant,
    bpe_merges,
    bpe_tokens,
    spm_tokens,
    write_parts,
)
from tests.support.remote_files import LocalFiles
from tests.support.sketches import MOST, Sketched, placeless, sketched
from tests.support.tiny_models import TinyModel, write_gguf


def sketch(folder: Path, *, room: int = MOST) -> Sketched:
    return sketched(GgufSketcher(), GgufReader(), folder, folder.with_name("sketch"), room=room)


def check(folder: Path, artifacts: int = 1) -> Sketched:
    real = GgufReader().read(folder)
    found = sketch(folder)
    assert found.described == placeless(real)
    assert len(real) == artifacts
    assert found.notices == ()
    return found


@pytest.mark.parametrize(
    "model",
    [
        TinyModel(),
        TinyModel(dtype="F16", tied=True, template=None),
        TinyModel(dtype="Q8_0", layers=3, kv_heads=4),
        TinyModel(name="a name with spaces", vocabulary=4000, context=77),
    ],
)
def test_tiny_models(tmp_path: Path, model: TinyModel) -> None:
    write_gguf(model, tmp_path / "model" / "tiny.gguf")
    check(tmp_path / "model")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture(tmp_path: Path, name: str) -> None:
    (tmp_path / "model").mkdir()
    write_architecture(name, tmp_path / "model" / "tiny.gguf")
    check(tmp_path / "model")


def test_the_bundled_model(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (file,) = bundled_models()["guide"].glob("*.gguf")
    shutil.copy(file, tmp_path / "model")
    check(tmp_path / "model")


def test_the_sizes_and_windows_of_special_layers(tmp_path: Path) -> None:
    special = architecture(
        "gemma4",
        attention__sliding_window=512,
        attention__sliding_window_pattern=[True, False],
        attention__head_count_kv=[2, 1],
        general__sampling__temp=0.5,
        general__alignment=64,
    )
    special.alignment = 64
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "special.gguf").write_bytes(special.build())
    check(tmp_path / "model")


def test_split_files_are_one_artifact(tmp_path: Path) -> None:
    write_gguf(TinyModel(), tmp_path / "model" / "a.gguf", split_max_tensors=4)
    write_gguf(TinyModel(dtype="F16"), tmp_path / "model" / "b.gguf", split_max_tensors=9)
    check(tmp_path / "model", artifacts=2)


def test_a_large_sentencepiece_vocabulary_is_passed_over(tmp_path: Path) -> None:
    Variant(tokens=spm_tokens(262_144)).write(tmp_path / "model" / "large.gguf")
    found = check(tmp_path / "model")
    assert found.described[0].shape.vocabulary_size == 262_144
    assert found.files.read_so_far < 300_000
    assert found.files.rounds < 30


def test_a_large_vocabulary_with_merges_is_passed_over(tmp_path: Path) -> None:
    large = Variant(tokens=bpe_tokens(151_936), merges=bpe_merges(151_387))
    large.write(tmp_path / "model" / "large.gguf")
    found = check(tmp_path / "model")
    assert found.described[0].shape.vocabulary_size == 151_936
    assert found.files.read_so_far < 400_000
    assert found.files.rounds < 40


def test_a_vocabulary_as_the_gguf_package_writes_it(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    writer = gguf.GGUFWriter(tmp_path / "model" / "model.gguf", "llama")
    writer.add_name("as converters write it")
    for key in ("block_count", "context_length", "embedding_length", "feed_forward_length"):
        writer.add_uint32(f"llama.{key}", 2)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(list(bpe_tokens(30_000)))
    writer.add_token_types([gguf.TokenType.NORMAL] * 30_000)
    writer.add_token_merges(list(bpe_merges(29_000)))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{{ messages }}")
    writer.add_quantization_version(2)
    writer.add_tensor_info("token_embd.weight", (4, 8), np.dtype(np.float32), 128)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    path = tmp_path / "model" / "model.gguf"
    path.write_bytes(path.read_bytes() + bytes(-path.stat().st_size % 32 + 128))
    found = check(tmp_path / "model")
    assert found.described[0].chat_template == "{{ messages }}"
    assert found.files.read_so_far < path.stat().st_size // 3


def test_twenty_five_variants_cost_a_fraction_of_one_vocabulary(tmp_path: Path) -> None:
    tokens, merges = bpe_tokens(40_000), bpe_merges(39_000)
    kinds = [(Q4_K, 15), (Q6_K, 18), (Q8_0, 7), (F16, 1)]
    for number in range(25):
        kind, file_type = kinds[number % 4]
        imatrix = f"/models/{'x' * number}/imatrix.dat" if number else None
        variant = Variant(
            tokens=tokens, merges=merges, kind=kind, file_type=file_type, imatrix=imatrix, layers=64
        )
        variant.write(tmp_path / "model" / f"large-{number:02}.gguf")
    found = check(tmp_path / "model", artifacts=25)
    # The first file is searched; the others take what lies before and behind their vocabularies.
    assert found.files.read_so_far < 2_500_000
    assert found.files.rounds < 45


def test_split_variants_cost_as_much_as_their_tensors(tmp_path: Path) -> None:
    tokens, merges = bpe_tokens(30_000), bpe_merges(29_000)
    for number, kind in enumerate((Q4_K, Q6_K, Q8_0, F16)):
        variant = Variant(tokens=tokens, merges=merges, kind=kind, layers=64)
        write_parts(variant, tmp_path / "model", f"large-{number}", 12)
    found = check(tmp_path / "model", artifacts=4)
    assert found.files.read_so_far < 700_000
    # Parts have few keys each: they are not asked for one after the other.
    assert found.files.rounds < 45


def test_another_vocabulary_in_the_same_repository_is_searched_for_itself(tmp_path: Path) -> None:
    first = Variant(tokens=bpe_tokens(20_000), merges=bpe_merges(19_000))
    first.write(tmp_path / "model" / "a.gguf")
    # As many tokens, so what the first one taught is tried, but of another length.
    other = Variant(tokens=spm_tokens(20_000), merges=bpe_merges(19_500))
    other.write(tmp_path / "model" / "b.gguf")
    longer = Variant(tokens=tuple(f"{token}!" for token in bpe_tokens(20_000)))
    longer.write(tmp_path / "model" / "c.gguf")
    check(tmp_path / "model", artifacts=3)


def test_keys_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Ollama writes them so: merges first, tokens last, tensors right behind."""
    variant = Variant(tokens=bpe_tokens(20_000), merges=bpe_merges(19_000))
    file = variant.header()
    start, rest = file.pairs[:1], sorted(file.pairs[1:])
    file.pairs = start + rest
    file.tensor("token_embd.weight", (64, 8)).tensor("output_norm.weight", (64,))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "sorted.gguf").write_bytes(file.build())
    found = check(tmp_path / "model")
    assert found.files.read_so_far < 300_000


def test_texts_that_nobody_reads_are_passed_over(tmp_path: Path) -> None:
    file = llama(general__name="named").pair("tokenizer.huggingface.json", "{" * 3_000_000)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.gguf").write_bytes(file.build())
    found = check(tmp_path / "model")
    assert found.files.read_so_far < 100_000


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_the_reader_looks_at_is_copied_whatever_its_length(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, set[str]] = {"text": set(), "counts": set(), "texts": set()}

    def spy(getter: str) -> None:
        real = getattr(Metadata, getter)

        def told(self: Metadata, key: str) -> object:
            asked[getter].add(key)
            return real(self, key)

        monkeypatch.setattr(Metadata, getter, told)

    for getter in asked:
        spy(getter)
    assert GgufReader().read(write_architecture(name, tmp_path / "tiny.gguf"))
    assert "tokenizer.chat_template" in asked["text"]
    assert asked["text"] <= READ_TEXTS
    assert not any(key.startswith("tokenizer.") for key in asked["counts"] | asked["texts"])


def test_projectors_and_other_kinds_are_no_models_and_cost_next_to_nothing(tmp_path: Path) -> None:
    others = {
        "mmproj-F16.gguf": GgufBytes().pair("general.architecture", "clip"),
        "imatrix.gguf": GgufBytes().pair("general.type", "imatrix"),
        "lora.gguf": GgufBytes()
        .pair("general.architecture", "llama")
        .pair("general.type", "adapter"),
    }
    (tmp_path / "model").mkdir()
    for name, file in others.items():
        for number in range(2000):
            file.tensor(f"v.blk.{number}.attn_k.weight", (8,))
        (tmp_path / "model" / name).write_bytes(file.build())
    (tmp_path / "model" / "model.gguf").write_bytes(llama().build())
    found = check(tmp_path / "model")
    assert found.files.read_so_far < 60_000


def test_no_gguf_no_sketch(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "README.md").write_text("nothing here")
    files = LocalFiles(tmp_path / "model")
    assert GgufSketcher().sketch(files, tmp_path) == ()
    assert files.rounds == 0


def test_a_sketch_takes_no_room_on_the_disk(tmp_path: Path) -> None:
    Variant(tokens=spm_tokens(100_000)).write(tmp_path / "model" / "large.gguf")
    found = check(tmp_path / "model")
    status = (found.folder / "large.gguf").stat()
    assert status.st_size > 100_000_000
    assert 512 * status.st_blocks < 1_000_000
