"""Which models the engine computes several sequences of at once, each getting its own tokens.

Tested with random weights: sequences of different lengths that join and leave got the tokens that
they get alone. The others count positions as one number for all, or mask by rows that are not the
sequences; their sequences are computed one after the other.
"""

from typing import Any

_NAMES = """
    afmoe apertus bailing_moe cohere cohere2 deepseek_v2 deepseek_v3 deepseek_v32 dots1 ernie4_5
    exaone exaone4 falcon_h1 gemma gemma3 gemma3_text gemma3n gemma4_text glm4 glm4_moe
    glm4_moe_lite gpt2 gpt_neox gpt_oss gptj granite granitemoe granitemoehybrid helium
    hunyuan_v1_dense internlm2 internlm3 lfm2 lfm2_moe llama longcat_flash mamba mamba2 mellum
    mimo minicpm minimax ministral3 mistral3 mixtral nanochat nemotron olmo2 olmo3
    olmoe phi phi3 phimoe pixtral qwen2 qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_moe
    qwen3_next qwen3_vl qwen3_vl_moe recurrent_gemma seed_oss smollm3 stablelm starcoder2
    """

BATCHED_MODELS = frozenset(_NAMES.split())
"""Names of modules in `mlx_lm.models`."""

_BY_LENGTH = "DynamicNTKScalingRoPE"


def batches(model: Any) -> bool:
    """Return whether the engine computes several sequences of this model together."""
    name = type(model).__module__.rpartition(".")[2]
    # Positions that depend on a sequence's length are worked out for one sequence only
    one_length = any(type(module).__name__ == _BY_LENGTH for module in model.modules())
    return name in BATCHED_MODELS and not one_length
