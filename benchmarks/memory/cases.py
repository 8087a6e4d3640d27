"""Plans for one file or directory, on a machine where everything fits."""

from pathlib import Path

from attrs import evolve, frozen

from lmrt.domain.config import KvType
from lmrt.domain.describe import merged
from lmrt.domain.machine import DeviceKind, Machine, Processor
from lmrt.domain.models import DescribedArtifact
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.probes import BackendProbe

MIB = 2**20
_MACHINE = Machine(
    system="Linux",
    architecture="x86_64",
    processor=Processor("any", 2, 2),
    memory_total=2**42,
    memory_free=2**42,
)


@frozen
class Case:
    """One row of the table.

    Attributes:
        model: Which model, by our own name.
        context: Tokens of context.
        kv_type: Data type of the KV cache.
    """

    model: str
    context: int
    kv_type: KvType


def planned(
    path: Path, described: DescribedArtifact, probe: BackendProbe, case: Case
) -> RuntimePlan:
    """Return the plan for a case on the CPU."""
    model = merged(
        [described],
        reference=str(path),
        location=str(path),
        resolved_as="path",
        fallback_name=case.model,
    )
    on_cpu = tuple(one for one in probe.devices if one.kind is DeviceKind.CPU)
    request = PlanRequest(context_length=case.context, kv_type=case.kv_type)
    return plan(request, model, _MACHINE, [evolve(probe, devices=on_cpu)])
