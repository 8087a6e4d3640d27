"""Data types by the domain's names and by the engine's."""

import torch

from lmrt.domain.config import Dtype, KvType

ENGINE_TYPES = {
    KvType.F32: torch.float32,
    KvType.BF16: torch.bfloat16,
    KvType.F16: torch.float16,
}
"""What the KV cache can be, and with it the activations."""

KV_TYPES = {found: kv_type for kv_type, found in ENGINE_TYPES.items()}
DTYPES = {found: Dtype(kv_type.value) for kv_type, found in ENGINE_TYPES.items()}
"""What weights that are not rounded can be."""
