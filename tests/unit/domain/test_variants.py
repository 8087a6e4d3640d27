"""An artifact is named by its id, its file's end, its quantization or its format."""

import pytest
from attrs import evolve

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.models import Artifact, ArtifactFormat, Quantization, ResolvedModel
from lmrt.domain.variants import named_variant
from tests.support.worlds import model


def _model() -> ResolvedModel:
    one = model().artifacts[0]

    def artifact(id: str, format: ArtifactFormat, quantization: str) -> Artifact:  # noqa: A002
        rounded = Quantization(quantization, 4.5)
        return evolve(one, id=id, format=format, quantization=rounded)

    artifacts = (
        artifact("m-Q4_K_M.gguf", ArtifactFormat.GGUF, "Q4_K_M"),
        artifact("m-UD-Q4_K_XL.gguf", ArtifactFormat.GGUF, "Q4_K_M"),
        artifact("q8/m.Q8_0-00001-of-00002.gguf", ArtifactFormat.GGUF, "Q8_0"),
        artifact("MLX", ArtifactFormat.MLX, "4-bit"),
    )
    return evolve(model(), artifacts=artifacts)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("m-q4_k_m.gguf", "m-Q4_K_M.gguf"),
        ("Q4_K_M", "m-Q4_K_M.gguf"),
        ("UD-Q4_K_XL", "m-UD-Q4_K_XL.gguf"),
        ("q8_0", "q8/m.Q8_0-00001-of-00002.gguf"),
        ("4-bit", "MLX"),
        ("mlx", "MLX"),
    ],
)
def test_one_is_found(name: str, id: str) -> None:  # noqa: A002
    assert named_variant(_model(), name).id == id


@pytest.mark.parametrize("name", ["gguf", "Q9", "", " "])
def test_none_or_several_are_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        named_variant(_model(), name)
    assert caught.value.code == "invalid-option"
    assert "`m-Q4_K_M.gguf`" in caught.value.message
