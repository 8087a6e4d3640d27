"""An artifact needs its own files, and the texts beside them; nothing else of the repository."""

import pytest
from attrs import evolve

from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.needed import needed_files
from lmrt.domain.models import Artifact, ArtifactFile, ArtifactFormat, HubSource
from tests.support.worlds import model

NAMES = [
    ".gitattributes", "README.md", "LICENSE", "config.json", "generation_config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model",
    "chat_template.jinja", "preprocessor_config.json", "video_preprocessor_config.json",
    "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    "model.safetensors.index.json", "consolidated.safetensors", "pytorch_model.bin",
    "modeling_own.py", "a-Q4_K_M.gguf", "a-Q8_0.gguf", "onnx/model.onnx", "onnx/config.json",
]  # fmt: skip
LISTING = Listing(
    "org/name",
    "c" * 40,
    tuple(RemoteFile(name, size, None, "0" * 40) for size, name in enumerate(sorted(NAMES))),
)
WEIGHTS = [
    "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
]  # fmt: skip
TEXTS = [
    "chat_template.jinja", "config.json", "generation_config.json", "preprocessor_config.json",
    "special_tokens_map.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "video_preprocessor_config.json",
]  # fmt: skip


def artifact(form: ArtifactFormat, *files: str) -> Artifact:
    return evolve(
        model().artifacts[0],
        format=form,
        files=tuple(ArtifactFile(name, 1) for name in files),
        source=HubSource("org/name", "c" * 40),
    )


def needed(wanted: Artifact) -> list[str]:
    return sorted(file.name for file in needed_files(LISTING, wanted))


def test_a_gguf_needs_nothing_but_itself() -> None:
    assert needed(artifact(ArtifactFormat.GGUF, "a-Q4_K_M.gguf")) == ["a-Q4_K_M.gguf"]


@pytest.mark.parametrize("form", [ArtifactFormat.SAFETENSORS, ArtifactFormat.MLX])
def test_a_directory_needs_its_texts_and_no_other_weights(form: ArtifactFormat) -> None:
    assert needed(artifact(form, *WEIGHTS)) == sorted([*WEIGHTS, *TEXTS])


def test_python_comes_only_where_the_model_has_to_execute_it() -> None:
    wanted = artifact(ArtifactFormat.SAFETENSORS, *WEIGHTS)
    with_code = evolve(wanted, remote_code="modeling_own.py")
    assert set(needed(with_code)) - set(needed(wanted)) == {"modeling_own.py"}


def test_the_smallest_comes_first() -> None:
    files = needed_files(LISTING, artifact(ArtifactFormat.SAFETENSORS, *WEIGHTS))
    assert [file.size for file in files] == sorted(file.size for file in files)


def test_texts_of_another_folder_are_not_needed() -> None:
    wanted = artifact(ArtifactFormat.SAFETENSORS, "onnx/model.onnx")
    assert needed(wanted) == ["onnx/config.json", "onnx/model.onnx"]
