from typing import Any

from attrs import evolve

from lmrt.domain.config import KvType
from lmrt.domain.models import WeightBytes
from lmrt.domain.planning import plan
from lmrt.domain.plans import ExecutionSettings, PlanRequest
from lmrt.domain.probes import Feature
from tests.support.worlds import (
    GIB,
    MIB,
    ON_CPU,
    ON_GPU,
    Q4,
    gguf_backend,
    gpu,
    machine,
    model,
)


def settings_for(layer_bytes: int, cores: int = 8, **request: Any) -> ExecutionSettings:
    """Return the settings for a model whose 32 layers have so many bytes each."""
    artifact = evolve(Q4, weights=WeightBytes((layer_bytes,) * 32, 10, 10))
    box = machine(64 * GIB)
    box = evolve(box, processor=evolve(box.processor, physical_cores=cores))
    asked = PlanRequest(**request)
    return plan(asked, model(artifact), box, [gguf_backend()]).settings


def test_a_tiny_model_decodes_on_one_thread() -> None:
    assert settings_for(MIB // 4).threads == 1


def test_every_32_mib_read_a_token_keep_one_more_thread_busy() -> None:
    assert settings_for(1 * MIB).threads == 2
    assert settings_for(2 * MIB).threads == 3
    assert settings_for(2 * MIB).batch_threads == 3


def test_threads_end_at_the_physical_cores() -> None:
    assert settings_for(100 * MIB, cores=6).threads == 6
    assert settings_for(100 * MIB, cores=1).threads == 1


def test_layers_on_an_accelerator_need_no_cpu_threads() -> None:
    box = machine(64 * GIB, accelerators=(gpu(24 * GIB),))
    plan_ = plan(PlanRequest(), model(Q4), box, [gguf_backend(ON_GPU, ON_CPU)])

    assert plan_.specialization.name == "cuda-full"
    assert (plan_.settings.threads, plan_.settings.batch_size) == (1, 2048)


def test_a_batch_is_512_on_the_cpu_and_never_longer_than_the_context() -> None:
    assert settings_for(MIB).batch_size == 512
    assert settings_for(MIB, context_length=256).batch_size == 256


def test_the_context_is_rounded_up_as_the_engine_does() -> None:
    assert settings_for(MIB, context_length=1000).context_length == 1024


def test_attention_is_fused_except_with_an_exact_cache() -> None:
    assert settings_for(MIB).flash_attention
    assert settings_for(MIB, kv_type=KvType.Q8_0).flash_attention
    assert not settings_for(MIB, kv_type=KvType.F32).flash_attention


def test_attention_is_not_fused_where_the_backend_cannot() -> None:
    plain = gguf_backend(features=frozenset({Feature.PARTIAL_OFFLOAD}))

    assert not plan(PlanRequest(), model(Q4), machine(64 * GIB), [plain]).settings.flash_attention


def test_at_most_four_sequences_are_planned_for() -> None:
    for offered, planned in ((1, 1), (3, 3), (64, 4)):
        probe = gguf_backend(max_sequences=offered)
        found = plan(PlanRequest(), model(Q4), machine(64 * GIB), [probe])
        assert found.settings.max_sequences == planned
