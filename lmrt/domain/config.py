"""What the user asks of the runtime: which model, and how and where it may run."""

from enum import StrEnum
from pathlib import Path

from attrs import field, frozen

from lmrt.domain.options import choice, non_empty_text, whole


class KvType(StrEnum):
    """The data type of the KV cache."""

    F32 = "f32"
    F16 = "f16"
    BF16 = "bf16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"

    @property
    def bits(self) -> float:
        """Bits that one element takes, block scales counted (ggml's block layouts)."""
        return _KV_BITS[self]

    @property
    def block(self) -> int:
        """Elements that are rounded together; a head's size must be a multiple of it."""
        return 32 if self in (KvType.Q8_0, KvType.Q4_0) else 1


_KV_BITS = {
    KvType.F32: 32.0,
    KvType.F16: 16.0,
    KvType.BF16: 16.0,
    KvType.Q8_0: 8.5,
    KvType.Q4_0: 4.5,
}


class Dtype(StrEnum):
    """The data type that weights are loaded as, where an engine does not keep what is stored."""

    F32 = "f32"
    F16 = "f16"
    BF16 = "bf16"
    INT8 = "int8"
    INT4 = "int4"

    @property
    def bits(self) -> float:
        """Bits that one weight takes, the scales of rounded ones counted."""
        return _DTYPE_BITS[self]

    @property
    def rounded(self) -> bool:
        """Whether the weights of matrices become integers with scales when they are loaded."""
        return self in (Dtype.INT8, Dtype.INT4)


# One 16-bit scale a row of int8; one 16-bit scale and zero point a group of 64 of int4.
_DTYPE_BITS = {
    Dtype.F32: 32.0,
    Dtype.F16: 16.0,
    Dtype.BF16: 16.0,
    Dtype.INT8: 8.0,
    Dtype.INT4: 4.5,
}


class Preference(StrEnum):
    """What weighs most where several candidates can run."""

    BALANCED = "balanced"
    SPEED = "speed"
    QUALITY = "quality"
    MEMORY = "memory"


def _kv_type(value: KvType | str | None) -> KvType | None:
    return None if value is None else choice(KvType, "kv-type", value)


def _dtype(value: Dtype | str | None) -> Dtype | None:
    return None if value is None else choice(Dtype, "dtype", value)


def _preference(value: Preference | str) -> Preference:
    return choice(Preference, "prefer", value)


@frozen
class RuntimeConfig:
    """Which model to run, and what is asked of the way it runs.

    Attributes:
        model_reference: Alias, local path, name under `models_dir` or Hub repository.
        models_dir: Root of local models, for names without a path.
        backend: Pin to one backend (`llama.cpp`, `mlx`, `torch`). Default: the planner chooses.
        device: Pin to one device (`cpu`, `cuda:0`, `metal`). Default: the planner chooses.
        context_length: Tokens of context. Default: the smaller of the trained length and 16,384,
            halved with a notice down to 4,096 while nothing fits.
        kv_type: Data type of the KV cache. Default: the backend's first choice, f16.
        memory_budget: Most bytes to use. Default: what is free less a margin.
        prefer: What weighs most where several candidates can run.
        offline: Open no socket.
        strict: Raise an error in place of every notice.
        allow_remote_code: Let a model's own Python code be executed, by a backend that can; none
            of those here does, so that such a model stays refused. Dangerous.
        allow_unsafe_weights: Let pickle files be read, which can execute code. `torch` reads
            `pytorch_model*.bin`, and refuses what is more than tensors. Dangerous.
        dtype: Data type that weights are loaded as, on backends that convert them (`torch`,
            `mlx`). Default: as stored where the device computes in that type, else the device's
            first choice; `int8` or `int4`, with a notice, where nothing larger fits.
        threads: CPU threads, at most one a core. Default: as many as there is work for.

    Raises:
        ConfigurationError: A value is outside its range (`invalid-option`).
    """

    model_reference: str = field(validator=non_empty_text)
    models_dir: Path = field(default=Path("models"), converter=Path)
    backend: str | None = field(default=None, validator=non_empty_text)
    device: str | None = field(default=None, validator=non_empty_text)
    context_length: int | None = field(default=None, validator=whole(1))
    kv_type: KvType | None = field(default=None, converter=_kv_type)
    memory_budget: int | None = field(default=None, validator=whole(1))
    prefer: Preference = field(default=Preference.BALANCED, converter=_preference)
    offline: bool = False
    strict: bool = False
    allow_remote_code: bool = False
    allow_unsafe_weights: bool = False
    dtype: Dtype | None = field(default=None, converter=_dtype)
    threads: int | None = field(default=None, validator=whole(1))
