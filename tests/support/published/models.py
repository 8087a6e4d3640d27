"""Models of the catalogue with their published sizes, and the files that stand in each repository.

The sizes are those of the `config.json` in the maker's repository, which the catalogue names; a
test counts the weights that follow from them and compares with the catalogue's numbers, which come
from elsewhere. Of a repository of many GGUFs those are listed that need no importance matrix.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from tests.support.blueprints import dense, gemmas, mixtures, windows
from tests.support.blueprints.blueprint import Blueprint
from tests.support.blueprints.parts import Sizes
from tests.support.published.hf_tensors import Build

OFFICIAL_QWEN = ("Q4_K_M", "Q5_0", "Q5_K_M", "Q6_K", "Q8_0")
BARTOWSKI = ("Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
UNSLOTH = (*BARTOWSKI, "BF16")

_QWEN3_06B = Sizes(1024, 16, 8, 128, 3072, 151_936)
_QWEN3_4B = Sizes(2560, 32, 8, 128, 9728, 151_936)
_QWEN3_8B = Sizes(4096, 32, 8, 128, 12_288, 151_936)
_QWEN3_30B = Sizes(2048, 32, 4, 128, 768, 151_936, experts=128, used=8)
_LLAMA_8B = Sizes(4096, 32, 8, 128, 14_336, 128_256)
_LLAMA_70B = Sizes(8192, 64, 8, 128, 28_672, 128_256)
_GEMMA3_4B = Sizes(2560, 8, 4, 256, 10_240, 262_208)
_GEMMA3_27B = Sizes(5376, 32, 16, 128, 21_504, 262_208)
_GPT_OSS_20B = Sizes(2880, 64, 8, 64, 2880, 201_088, experts=32, used=4)
_GPT_OSS_120B = evolve(_GPT_OSS_20B, experts=128)
_MISTRAL_24B = Sizes(5120, 32, 8, 128, 32_768, 131_072)
_QWEN2_14B = Sizes(5120, 40, 8, 128, 13_824, 152_064)
_PHI4 = Sizes(5120, 40, 10, 128, 17_920, 100_352)
_SMOLLM2 = Sizes(2048, 32, 32, 64, 8192, 49_152)

_GEMMA = Build(prefix="language_model.", head_norms=True, four_norms=True, encoder=419_816_304)


@frozen
class Published:
    """One model.

    Attributes:
        alias: Its name in the catalogue.
        blueprint: Its header in GGUF.
        sizes: The sizes of its layers.
        layers: Their number.
        build: In what its modules differ from others'.
        config: What its `config.json` holds beside the sizes.
        stem: How the names of its GGUFs begin.
        mixes: The mixes of quantization in its GGUF repository.
        tied: Whether the output head is the token embedding.
        nested: The key that says what sort of inputs an encoder reads, where there is one.
    """

    alias: str
    blueprint: Blueprint = field(repr=False)
    sizes: Sizes
    layers: int
    build: Build
    config: Mapping[str, Any]
    stem: str
    mixes: tuple[str, ...]
    tied: bool = False
    nested: str | None = None

    def file(self, mix: str) -> str:
        """Return the name of the GGUF of a mix."""
        return f"{self.stem}-{mix.lower() if mix == 'MXFP4' else mix}.gguf"


_QWEN = Build(head_norms=True)
_OSS: Mapping[str, Any] = {
    "model_type": "gpt_oss",
    "quantization_config": {"quant_method": "mxfp4"},
    "sliding_window": 128,
}


def _alternating(layers: int) -> Mapping[str, Any]:
    kinds = ("sliding_attention", "full_attention")
    return {**_OSS, "layer_types": [kinds[layer % 2] for layer in range(layers)]}


def _qwen3(alias: str, sizes: Sizes, layers: int, stem: str, mixes: tuple[str, ...]) -> Published:
    tied = sizes.hidden < 4096
    made = dense.qwen3(layers, sizes, tied=tied)
    return Published(alias, made, sizes, layers, _QWEN, {"model_type": "qwen3"}, stem, mixes, tied)


def _llama(
    alias: str, sizes: Sizes, layers: int, stem: str, *, tied: bool = False, **changes: Any
) -> Published:
    made = dense.llama(layers, sizes, tied=tied)
    config = {"model_type": "llama"}
    found = Published(alias, made, sizes, layers, Build(), config, stem, BARTOWSKI, tied)
    return evolve(found, **changes)


def _gemma3(alias: str, sizes: Sizes, layers: int, stem: str) -> Published:
    made = gemmas.gemma3(layers, sizes)
    build = evolve(_GEMMA, encoder=_GEMMA.encoder + 1152 * (sizes.hidden - _GEMMA3_4B.hidden))
    config = {"model_type": "gemma3_text", "sliding_window": 1024}
    mixes = ("Q4_K_M", "Q8_0", "F16")
    return Published(alias, made, sizes, layers, build, config, stem, mixes, True, "gemma3")


def _gpt_oss(alias: str, sizes: Sizes, layers: int, stem: str) -> Published:
    made = windows.gpt_oss(layers, sizes)
    build = Build(biased=True, sinks=True)
    return Published(alias, made, sizes, layers, build, _alternating(layers), stem, ("MXFP4",))


MODELS = (
    _qwen3("qwen3:0.6b", _QWEN3_06B, 28, "Qwen3-0.6B", ("Q8_0",)),
    _qwen3("qwen3:4b", _QWEN3_4B, 36, "Qwen3-4B", OFFICIAL_QWEN),
    _qwen3("qwen3:8b", _QWEN3_8B, 36, "Qwen3-8B", OFFICIAL_QWEN),
    Published(
        "qwen3:30b-a3b",
        mixtures.qwen3moe(),
        _QWEN3_30B,
        48,
        _QWEN,
        {"model_type": "qwen3_moe", "moe_intermediate_size": 768},
        "Qwen3-30B-A3B",
        OFFICIAL_QWEN,
    ),
    _llama("llama3.1:8b", _LLAMA_8B, 32, "Meta-Llama-3.1-8B-Instruct"),
    _llama("llama3.3:70b", _LLAMA_70B, 80, "Llama-3.3-70B-Instruct"),
    _gemma3("gemma3:4b", _GEMMA3_4B, 34, "gemma-3-4b-it"),
    _gemma3("gemma3:27b", _GEMMA3_27B, 62, "gemma-3-27b-it"),
    _gpt_oss("gpt-oss:20b", _GPT_OSS_20B, 24, "gpt-oss-20b"),
    _gpt_oss("gpt-oss:120b", _GPT_OSS_120B, 36, "gpt-oss-120b"),
    _llama(
        "mistral-small:24b",
        _MISTRAL_24B,
        40,
        "Mistral-Small-3.2-24B-Instruct-2506",
        mixes=UNSLOTH,
        build=Build(prefix="language_model.", encoder=438_958_080),
        config={"model_type": "mistral"},
        nested="mistral3",
    ),
    Published(
        "deepseek-r1:14b",
        dense.qwen2(48, _QWEN2_14B),
        _QWEN2_14B,
        48,
        Build(biased=True),
        {"model_type": "qwen2", "use_sliding_window": False},
        "DeepSeek-R1-Distill-Qwen-14B",
        (*BARTOWSKI, "F16"),
    ),
    _llama(
        "phi4:14b",
        _PHI4,
        40,
        "phi-4",
        mixes=UNSLOTH,
        build=Build(fused=True),
        config={"model_type": "phi3"},
    ),
    _llama("smollm2:1.7b", _SMOLLM2, 24, "SmolLM2-1.7B-Instruct", tied=True),
)
"""By size within each family, as the catalogue has them."""
