"""What speaks against a combination, memory apart: all of it, not only the first reason."""

from collections.abc import Iterator

from lmrt.domain.models import ArtifactFormat
from lmrt.domain.planning.combinations import Combination, usable_device, usable_devices
from lmrt.domain.planning.kv_types import kv_choice
from lmrt.domain.planning.query import Query
from lmrt.domain.probes import BackendProbe, Unavailable
from lmrt.domain.rejections import (
    ArchitectureUnsupported,
    BackendUnavailable,
    ContextExceeded,
    DeviceUnavailable,
    FeatureMissing,
    FormatUnsupported,
    ModalityUnsupported,
    PinnedElsewhere,
    Rejection,
    RemoteCodeRequired,
    UnsafeFormat,
)


def screen(query: Query, combination: Combination) -> tuple[Rejection, ...]:
    """Return the reasons against a combination that hold whatever memory is free.

    Of an unavailable backend, only what its probe tells nevertheless is counted.
    """
    found: list[Rejection] = [*_pins(query, combination)]
    match combination.probe.availability:
        case Unavailable(reason, message, fix):
            found.append(BackendUnavailable(reason, message, fix))
            if combination.probe.formats:
                found += _format(combination)
        case _:
            found += _device(query, combination)
            found += _format(combination)
            found += _abilities(query, combination.probe)
    found += _model(query, combination)
    return tuple(dict.fromkeys(found))


def _pins(query: Query, combination: Combination) -> Iterator[Rejection]:
    request = query.request
    if request.backend not in (None, combination.probe.backend):
        yield PinnedElsewhere("backend", str(request.backend))
    if combination.device is not None and request.device not in (None, combination.device):
        yield PinnedElsewhere("device", str(request.device))


def _device(query: Query, combination: Combination) -> Iterator[Rejection]:
    if usable_device(query, combination) is None:
        names = tuple(device.device for device in usable_devices(query, combination.probe))
        yield DeviceUnavailable(str(combination.device), names)


def _format(combination: Combination) -> Iterator[Rejection]:
    probe, artifact = combination.probe, combination.artifact
    if artifact.format not in probe.formats:
        yield FormatUnsupported(artifact.format, tuple(sorted(probe.formats)))
    elif probe.architectures is not None and artifact.architecture not in probe.architectures:
        yield ArchitectureUnsupported(artifact.architecture)


def _abilities(query: Query, probe: BackendProbe) -> Iterator[Rejection]:
    for modality in sorted(query.request.modalities - probe.modalities):
        yield ModalityUnsupported(modality, "backend")
    for feature in sorted(query.request.features - probe.features):
        yield FeatureMissing(feature)
    yield from kv_choice(query, probe).rejections


def _model(query: Query, combination: Combination) -> Iterator[Rejection]:
    request, model, artifact = query.request, query.model, combination.artifact
    for modality in sorted(request.modalities - model.modalities):
        yield ModalityUnsupported(modality, "model")
    asked, trained = request.context_length, model.trained_context
    if asked is not None and trained is not None and asked > trained:
        yield ContextExceeded(asked, trained)
    if artifact.remote_code is not None and not request.allow_remote_code:
        yield RemoteCodeRequired(artifact.remote_code)
    if artifact.format is ArtifactFormat.PICKLE and not request.allow_unsafe_weights:
        yield UnsafeFormat(artifact.files[0].path if artifact.files else artifact.id)
