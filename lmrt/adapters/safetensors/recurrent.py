"""The state of layers whose memory does not grow, by the names of transformers' configurations."""

from lmrt.adapters.safetensors.documents import Settings


def state_elements(config: Settings, hidden: int) -> int | None:
    """Return the elements of one recurrent layer's state, or None where they cannot be told."""
    for sizes in (_linear_attention, _short_convolution, _state_space, _rwkv):
        elements = sizes(config, hidden)
        if elements is not None:
            return elements
    return None


def _linear_attention(config: Settings, _hidden: int) -> int | None:
    """Gated delta nets: Qwen3-Next and its successors."""
    key_heads = config.count("linear_num_key_heads")
    value_heads = config.count("linear_num_value_heads")
    key_size = config.count("linear_key_head_dim")
    value_size = config.count("linear_value_head_dim")
    kernel = config.count("linear_conv_kernel_dim")
    if not (key_heads and value_heads and key_size and value_size and kernel):
        return None
    convolved = 2 * key_heads * key_size + value_heads * value_size
    return convolved * kernel + value_heads * key_size * value_size


def _short_convolution(config: Settings, hidden: int) -> int | None:
    """LFM2."""
    cached = config.count("conv_L_cache")
    return None if cached is None else hidden * cached


def _state_space(config: Settings, hidden: int) -> int | None:
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
    return kernel * (inner + 2 * groups * state) + state * inner


def _rwkv(config: Settings, hidden: int) -> int | None:
    head_size = config.count("head_size")
    return None if head_size is None else hidden * (head_size + 2)
