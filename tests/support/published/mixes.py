"""Which type llama.cpp gives a tensor in each of its mixes of quantization.

Written after `llama_tensor_get_type_impl` in llama.cpp's `src/llama-quant.cpp`, for the mixes that
need no importance matrix; a test compares it with the engine's own dry run.
"""

import re

from attrs import frozen

from tests.support.blueprints.blueprint import Blueprint, Tensor

_BLOCK = re.compile(r"blk\.(\d+)\.")
_BASES = {"Q2_K": "Q2_K", "Q3_K_M": "Q3_K", "Q4_K_M": "Q4_K", "Q5_K_M": "Q5_K"}
_COARSER = {"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
"""What stands in where a row is no whole number of blocks of 256."""
_NEVER = ("_norm.weight", "ffn_gate_inp.weight")
_MANY_QUERIES = 4


@frozen
class Mixed:
    """What the mix depends on beside the tensor itself."""

    layers: int
    queries_per_head: int
    tied: bool
    seventy: bool


def mixed(blueprint: Blueprint) -> Mixed:
    """Return what the mixes depend on in a model."""
    layers, keys = int(str(blueprint.keys["block_count"])), blueprint.keys
    heads, cached = (int(str(keys[f"attention.head_count{end}"])) for end in ("", "_kv"))
    return Mixed(
        layers=layers,
        queries_per_head=heads // cached,
        tied=all(name != "output.weight" for name, _ in blueprint.tensors),
        seventy=blueprint.architecture == "llama" and layers == 80,
    )


def tensor_type(mix: str, tensor: Tensor, facts: Mixed) -> str:
    """Return the name of the type that a tensor is stored in.

    Args:
        mix: The mix's name: `Q4_K_M`, `MXFP4`, `F16` ….
        tensor: The tensor.
        facts: Of its model.
    """
    name, size = tensor
    if len(size) < 2 or not name.endswith("weight") or name.endswith(_NEVER):
        return "F32"
    if mix in ("F16", "BF16"):
        return mix
    wanted = _wanted(mix, name, size, facts)
    wide = wanted.endswith("_K")
    return _COARSER[wanted] if wide and size[0] % 256 else wanted


def _wanted(mix: str, name: str, size: tuple[int, ...], facts: Mixed) -> str:
    base = _BASES.get(mix, mix)
    if name == "output.weight" or (facts.tied and name == "token_embd.weight"):
        whole = base.endswith("_K") and size[0] % 256 == 0
        return "Q6_K" if whole or base in ("Q4_0", "Q5_0") else "Q8_0"
    if mix == "MXFP4":
        return "MXFP4" if len(size) > 2 else "Q8_0"
    found = _BLOCK.match(name)
    layer = int(found[1]) if found else 0
    if "attn_v.weight" in name:
        return _values(mix, base, layer, facts)
    if "ffn_down" in name:
        return _down(mix, base, layer, facts.layers)
    if "attn_output.weight" in name:
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K"}.get(mix, base)
    return base


def _values(mix: str, base: str, layer: int, facts: Mixed) -> str:
    found = base
    match mix:
        case "Q2_K":
            found = "Q4_K" if facts.queries_per_head >= _MANY_QUERIES else "Q3_K"
        case "Q3_K_M":
            found = "Q5_K" if layer < 2 else "Q4_K"
        case "Q4_K_M" | "Q5_K_M" if _more_bits(layer, facts.layers):
            found = "Q6_K"
    return "Q5_K" if facts.seventy and found in ("Q3_K", "Q4_K") else found


def _down(mix: str, base: str, layer: int, layers: int) -> str:
    match mix:
        case "Q2_K":
            return "Q3_K"
        case "Q3_K_M":
            return "Q5_K" if layer < layers // 16 else "Q4_K"
        case "Q4_K_M" | "Q5_K_M" if _more_bits(layer, layers):
            return "Q6_K"
        case _:
            return base


def _more_bits(layer: int, layers: int) -> bool:
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2
