"""Names of the model types that the adapter writes text with.

A model type is on the list if a small random model of it gave, piece by piece and mixed with other
sequences in one step, the logits that transformers gives for the whole text in one plain forward
pass. Not on it: recurrent and hybrid models, latent attention (transformers keeps its keys and
values whole, which the planner does not count), sparse attention, models that look at the length of
the cache in place of positions (BLOOM, Falcon, OPT), rotary embeddings that depend on what else is
computed (Phi-3.5-MoE), encoders, and everything that is more than text but for Gemma 3.
"""

TESTED_VERSION = (5, 23)
"""The version of transformers that the names were tested with."""

_NAMES = """
    afmoe apertus arcee aria_text beam cohere cohere2 cohere2_moe cwm diffllama dots1 ernie4_5
    ernie4_5_moe exaone4 exaone_moe flex_olmo flint gemma gemma2 gemma3 gemma3_text gemma3n_text
    gemma4_text gemma4_unified_text glm glm4 glm4_moe gpt2 gpt_bigcode gpt_neox gpt_oss granite
    granite_swa granitemoe granitemoe_swa granitemoeshared helium hunyuan_v1_dense hunyuan_v1_moe
    hy_v3 hyperclovax internlm3 iquestcoder jais2 jetmoe kolibri1 laguna llama llama4_text mellum
    mimo_v2_flash minimax_m2 ministral ministral3 mistral mixtral nanochat nemotron olmo olmo2
    olmo3 olmoe persimmon phi phi3 qwen2 qwen2_moe qwen3 qwen3_moe seed_oss smollm3 solar_open
    stablelm starcoder2 vaultgemma
    """

TEXT_ARCHITECTURES = frozenset(_NAMES.split())
