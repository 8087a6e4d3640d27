"""A saved plan taken up again: exactly as it was, or not at all."""

from collections.abc import Iterator, Sequence

from attrs import evolve

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.explanations import describe
from lmrt.domain.fingerprints import fingerprint
from lmrt.domain.machine import Machine
from lmrt.domain.models import (
    Artifact,
    ArtifactFormat,
    ArtifactSource,
    HubSource,
    LocalSource,
    ResolvedModel,
)
from lmrt.domain.planning.gangs import JOINT, joined, members
from lmrt.domain.planning.isolation import isolation
from lmrt.domain.planning.pools import pools
from lmrt.domain.plans import OnCpu, PlanRequest, RuntimePlan, device_of
from lmrt.domain.probes import Available, BackendProbe, Unavailable
from lmrt.domain.rejections import UnsafeFormat

_HEADER = ("format", "architecture", "quantization", "weights", "dtype", "remote_code")
"""What an artifact's header tells; the rest of it is files and where they are."""


def replayed(
    saved: RuntimePlan,
    request: PlanRequest,
    model: ResolvedModel,
    machine: Machine,
    probes: Sequence[BackendProbe],
) -> RuntimePlan:
    """Return a saved plan, if everything that it rests on is as it was.

    More free memory than there was changes nothing, and a local folder may have moved. Whether the
    engine gets a process of its own is decided anew.

    Args:
        saved: The plan.
        request: What is asked for now; the plan keeps its own request, but reading pickle files
            must be allowed anew.
        model: What the plan's reference leads to now.
        machine: The machine as it is now.
        probes: What each backend can do now.

    Raises:
        ConfigurationError: Something has changed (`plan-changed`); all of it is named.
    """
    artifact = next((one for one in model.artifacts if one.id == saved.artifact.id), None)
    changes = [*_backend(saved, request, machine, probes), *_memory(saved, machine)]
    if artifact is None:
        changes.insert(0, f"`{saved.artifact.id}` is no longer among the model's artifacts")
    else:
        changes[:0] = [*_files(saved.artifact, artifact), *_consent(artifact, request)]
    if changes or artifact is None:
        raise _changed(saved, changes)
    kept = evolve(saved.request, allow_unsafe_weights=request.allow_unsafe_weights)
    return evolve(
        saved,
        request=kept,
        artifact=artifact,
        machine=fingerprint(machine),
        isolated=isolation(saved.chosen, machine),
    )


def _files(saved: Artifact, found: Artifact) -> Iterator[str]:
    before = {file.path: file.size for file in saved.files}
    now = {file.path: file.size for file in found.files}
    for path in dict.fromkeys((*before, *now)):
        match before.get(path), now.get(path):
            case None, _:
                yield f"`{path}` is new among its files"
            case _, None:
                yield f"`{path}` is no longer among its files"
            case old, new if old != new:
                yield f"`{path}` had {old:,} bytes, now it has {new:,}"
    moved = isinstance(saved.source, LocalSource) and isinstance(found.source, LocalSource)
    if saved.source != found.source and not moved:
        yield f"its files came from {_place(saved.source)}, now from {_place(found.source)}"
    other = [name for name in _HEADER if getattr(saved, name) != getattr(found, name)]
    if other:
        yield f"the header of `{found.id}` tells another {', '.join(other).replace('_', ' ')}"


def _place(source: ArtifactSource) -> str:
    match source:
        case LocalSource(root):
            return f"`{root}`"
        case HubSource(repository, revision):
            return f"`{repository}@{revision[:7]}`"


def _consent(artifact: Artifact, request: PlanRequest) -> Iterator[str]:
    if artifact.format is ArtifactFormat.PICKLE and not request.allow_unsafe_weights:
        name = artifact.files[0].path if artifact.files else artifact.id
        yield f"{describe(UnsafeFormat(name))}, and `--allow-unsafe-weights` is not given now"


def _backend(
    saved: RuntimePlan, request: PlanRequest, machine: Machine, probes: Sequence[BackendProbe]
) -> Iterator[str]:
    probe = next((one for one in probes if one.backend == saved.backend), None)
    if probe is None:
        yield f"there is no backend `{saved.backend}`"
        return
    match probe.availability:
        case Unavailable(_, message, _):
            yield f"`{saved.backend}` cannot run: {message}"
            return
        case Available(version):
            if version != saved.engine_version:
                yield f"`{saved.backend}` was {saved.engine_version}, now it is {version}"
    offered = {device.device for device in probe.devices}
    for name in device_of(saved.chosen.placement).split(JOINT):
        on_cpu = isinstance(saved.chosen.placement, OnCpu)
        if name not in offered or not (on_cpu or machine.accelerator(name)):
            yield f"`{saved.backend}` can no longer use `{name}`"
    for missing in sorted(request.modalities - probe.modalities):
        yield f"`{saved.backend}` takes no {missing}"
    for lacking in sorted(request.features - probe.features):
        yield f"`{saved.backend}` lacks `{lacking}`"


def _memory(saved: RuntimePlan, machine: Machine) -> Iterator[str]:
    chosen = saved.chosen
    cores = machine.processor.physical_cores
    if chosen.settings.threads > cores:
        yield f"it was made for {chosen.settings.threads} threads, and there are {cores} cores"
    device = device_of(chosen.placement)
    accelerator = None if isinstance(chosen.placement, OnCpu) else joined(machine, device)
    if accelerator is None and not isinstance(chosen.placement, OnCpu):
        return
    limits = pools(machine, accelerator, saved.request.memory_budget, members(machine, device))
    for short in limits.shortages(chosen.memory):
        yield f"it {describe(short)}"


def _changed(saved: RuntimePlan, changes: Sequence[str]) -> ConfigurationError:
    more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
    return ConfigurationError(
        f"the plan for `{saved.model_name}` no longer holds: {changes[0]}{more}",
        code="plan-changed",
        context={"model": saved.model_reference, "changes": list(changes)},
        note="\n".join(changes) if len(changes) > 1 else None,
        hint=f"plan again: `rt plan {saved.model_reference} --save FILE`",
    )
