"""The state of layers whose memory does not grow, by the names of transformers' configurations.

A state's width is what a token's part is computed from: the projection, the input of the
convolution and what comes out of it, and the result.
"""

from lmrt.adapters.safetensors.documents import Settings
from lmrt.domain.models import RecurrentState


def recurrent_state(config: Settings, hidden: int) -> RecurrentState | None:
    """Return one recurrent layer's state, or None where its size cannot be told."""
    for sizes in (_linear_attention, _short_convolution, _state_space, _rwkv):
        state = sizes(config, hidden)
        if state is not None:
            return state
    return None


def attends_beside(config: Settings) -> bool:
    """Return whether every layer both attends and keeps a state."""
    return config.text("model_type") == "falcon_h1"


def _linear_attention(config: Settings, _hidden: int) -> RecurrentState | None:
    """Gated delta nets: Qwen3-Next and its successors."""
    key_heads = config.count("linear_num_key_heads")
    value_heads = config.count("linear_num_value_heads")
    key_size = config.count("linear_key_head_dim")
    value_size = config.count("linear_value_head_dim")
    kernel = config.count("linear_conv_kernel_dim")
    if not (key_heads and value_heads and key_size and value_size and kernel):
        return None
    inner = value_heads * value_size
    convolved = 2 * key_heads * key_size + inner
    return RecurrentState(convolved * kernel + inner * key_size, _width(inner, convolved))


def _short_convolution(config: Settings, hidden: int) -> RecurrentState | None:
    """LFM2."""
    cached = config.count("conv_L_cache")
    return None if cached is None else RecurrentState(hidden * cached, 6 * hidden)


def _state_space(config: Settings, hidden: int) -> RecurrentState | None:
    """Mamba, Mamba 2, and the hybrids built on them."""
    state = config.count("mamba_d_state", "ssm_state_size", "state_size")
    kernel = config.count("mamba_d_conv", "conv_kernel")
    if not state or kernel is None:
        return None
    heads = config.count("mamba_n_heads", "mamba_num_heads", "num_heads")
    head_size = config.count("mamba_d_head", "mamba_head_dim", "head_dim")
    if heads and head_size:
        inner = heads * head_size
    else:
        inner = (config.count("mamba_expand", "expand") or 2) * hidden
    groups = config.count("mamba_n_groups", "n_groups") or 0
    convolved = inner + 2 * groups * state
    return RecurrentState(kernel * convolved + state * inner, _width(inner, convolved))


def _rwkv(config: Settings, hidden: int) -> RecurrentState | None:
    head_size = config.count("head_size")
    return None if head_size is None else RecurrentState(hidden * (head_size + 2), 10 * hidden)


def _width(inner: int, convolved: int) -> int:
    return (inner + convolved) + 2 * convolved + inner
