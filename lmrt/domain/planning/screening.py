"""What speaks against a combination, memory apart: all of it, not only the first reason."""

from collections.abc import Iterator

from lmrt.domain.models import ArtifactFormat
from lmrt.domain.planning.combinations import Combination
from lmrt.domain.planning.failed import ruled_out
from lmrt.domain.planning.query import Query
from lmrt.domain.planning.windows import longest_window
from lmrt.domain.probes import BackendProbe, Feature, Unavailable
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
    WindowUnsupported,
)


def screen(query: Query, combination: Combination) -> tuple[Rejection, ...]:
    """Return the reasons against a combination that hold whatever memory is free.

    Of an unavailable backend, only what its probe tells nevertheless is counted.
    """
    found: list[Rejection] = [*_pins(query, combination)]
    match combination.offer.probe.availability:
        case Unavailable(reason, message, fix):
            found.append(BackendUnavailable(reason, message, fix))
            if combination.offer.probe.formats:
                found += _format(combination)
        case _:
            found += _device(combination)
            found += _format(combination)
            found += _abilities(query, combination.offer.probe)
            found += _window(query, combination)
            found += combination.dtypes.rejections
            found += combination.kv_types.rejections
    found += _model(query, combination)
    found += ruled_out(query.failed, combination.artifact, combination.backend, combination.name)
    return tuple(dict.fromkeys(found))


def _pins(query: Query, combination: Combination) -> Iterator[Rejection]:
    request = query.request
    if request.backend not in (None, combination.backend):
        yield PinnedElsewhere("backend", str(request.backend))
    if combination.name is not None and request.device not in (None, combination.name):
        yield PinnedElsewhere("device", str(request.device))


def _device(combination: Combination) -> Iterator[Rejection]:
    if combination.device is None:
        names = tuple(device.device for device in combination.offer.devices)
        yield DeviceUnavailable(str(combination.name), names)


def _format(combination: Combination) -> Iterator[Rejection]:
    probe, artifact = combination.offer.probe, combination.artifact
    if artifact.format not in probe.formats:
        readable = tuple(sorted(str(name) for name in probe.formats))
        yield FormatUnsupported(str(artifact.format), readable)
    elif artifact.quantization.method not in (None, *probe.methods):
        stored = f"{artifact.format} rounded by {artifact.quantization.method}"
        yield FormatUnsupported(stored, tuple(sorted(probe.methods)))
    elif probe.architectures is not None and artifact.architecture not in probe.architectures:
        yield ArchitectureUnsupported(artifact.architecture)


def _abilities(query: Query, probe: BackendProbe) -> Iterator[Rejection]:
    for modality in sorted(query.request.modalities - probe.modalities):
        yield ModalityUnsupported(str(modality), "backend")
    for feature in sorted(query.request.features - probe.features):
        yield FeatureMissing(str(feature))


def _window(query: Query, combination: Combination) -> Iterator[Rejection]:
    asked, window = query.request.context_length, longest_window(query, combination)
    if asked is not None and window is not None and asked > window:
        yield WindowUnsupported(asked, window)


def _model(query: Query, combination: Combination) -> Iterator[Rejection]:
    request, model, artifact = query.request, query.model, combination.artifact
    for modality in sorted(request.modalities - model.modalities):
        yield ModalityUnsupported(str(modality), "model")
    asked, trained = request.context_length, model.trained_context
    if asked is not None and trained is not None and asked > trained:
        yield ContextExceeded(asked, trained)
    yield from _remote_code(query, combination)
    if artifact.format is ArtifactFormat.PICKLE and not request.allow_unsafe_weights:
        yield UnsafeFormat(artifact.files[0].path if artifact.files else artifact.id)


def _remote_code(query: Query, combination: Combination) -> Iterator[Rejection]:
    """Yield what speaks against a model that brings code of its own.

    Where the backend knows the architecture, its own code runs in place of the model's.
    """
    probe, artifact = combination.offer.probe, combination.artifact
    known = probe.architectures is not None and artifact.architecture in probe.architectures
    if artifact.remote_code is None or known:
        return
    if not query.request.allow_remote_code:
        yield RemoteCodeRequired(artifact.remote_code)
    elif Feature.REMOTE_CODE not in probe.features:
        yield FeatureMissing(str(Feature.REMOTE_CODE))
