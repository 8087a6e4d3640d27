"""Which backends a parity check compares, and with which data types."""

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from lmrt.application.loader import RuntimeLoader
from lmrt.domain.config import Dtype, KvType, Preference, RuntimeConfig
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.explanations import fix
from lmrt.domain.options import invalid_option
from lmrt.domain.parity.report import CannotLoad, CannotRun, LeftOut
from lmrt.domain.parity.request import ParityRequest
from lmrt.domain.plans import Alternative, Rejected, RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.domain.rejections import FormatUnsupported

_BOTH_FORMATS = (
    "backends read different formats: put the model's GGUF and its safetensors files, with "
    "`config.json` and `tokenizer.json`, into one folder"
)


@frozen
class Contender:
    """A backend that can run the model, with the configuration that it runs it with."""

    plan: RuntimePlan
    config: RuntimeConfig


def contenders(
    loader: RuntimeLoader, request: ParityRequest
) -> tuple[tuple[Contender, ...], tuple[LeftOut, ...]]:
    """Return the backends to compare, and those that cannot run the model.

    Raises:
        ConfigurationError: A backend is named that does not exist, or only one is named
            (`invalid-option`).
        NoExecutablePlan: A backend that is named cannot run the model, or fewer than two can
            (`parity-needs-two`).
        LmrtError: As `RuntimeLoader.plan`.
    """
    probes = {probe.backend: probe for probe in loader.probe()}
    _check_names(request, tuple(probes))
    able: list[Contender] = []
    left_out: list[LeftOut] = []
    for name in dict.fromkeys(request.backends) or probes:
        try:
            able.append(_contender(loader, request, probes[name]))
        except NoExecutablePlan as error:
            if request.backends:
                raise
            rows = tuple(row for row in error.rejected if row.backend == name)
            left_out.append(LeftOut(name, CannotRun(rows)))
    refuse_fewer_than_two(request, [found.plan.backend for found in able], left_out)
    return tuple(able), tuple(left_out)


def refuse_fewer_than_two(
    request: ParityRequest, able: Sequence[str], left_out: Sequence[LeftOut]
) -> None:
    """Refuse a comparison of one backend with itself.

    Raises:
        NoExecutablePlan: Fewer than two backends are left (`parity-needs-two`); with the reasons
            against the others.
    """
    if len(able) > 1:
        return
    reference = request.config.model_reference
    who = f"only `{able[0]}`" if able else "no backend"
    rejected = tuple(
        row for left in left_out if isinstance(left.why, CannotRun) for row in left.why.rejected
    )
    failed = [left.why for left in left_out if isinstance(left.why, CannotLoad)]
    raise NoExecutablePlan(
        f"{who} can run `{reference}` here, and parity compares two backends",
        code="parity-needs-two",
        rejected=rejected,
        context={
            "model": reference,
            "able": list(able),
            "left_out": [left.backend for left in left_out],
        },
        note=_told(failed[0]) if failed else None,
        hint=failed[0].hint if failed else _hint(rejected),
    )


def _contender(loader: RuntimeLoader, request: ParityRequest, probe: BackendProbe) -> Contender:
    """Return how the backend runs the model, as exactly as it can.

    Raises:
        NoExecutablePlan: It cannot.
    """
    *exact, last = _configurations(request.config, probe)
    for config in exact:
        try:
            return Contender(loader.plan(config), config)
        except NoExecutablePlan:
            continue
    return Contender(loader.plan(last), last)


def _configurations(asked: RuntimeConfig, probe: BackendProbe) -> Iterator[RuntimeConfig]:
    """Yield what to try with a backend, the most exact first.

    What the user asks for is the only one; `dtype` counts where the backend converts weights.
    """
    pinned = evolve(asked, backend=probe.backend, prefer=Preference.QUALITY)
    if asked.dtype is not None or asked.kv_type is not None:
        converts = any(device.dtypes or device.other_dtypes for device in probe.devices)
        yield pinned if converts else evolve(pinned, dtype=None)
        return
    for dtype in (Dtype.F32, None):
        for kv_type in (KvType.F32, None):
            yield evolve(pinned, dtype=dtype, kv_type=kv_type)


def _check_names(request: ParityRequest, known: tuple[str, ...]) -> None:
    wanted = "two or more of " + ", ".join(f"`{name}`" for name in sorted(known))
    names = set(request.backends)
    if names and (len(names) < 2 or names - set(known)):
        raise invalid_option("backends", ",".join(request.backends), wanted)


def _told(failed: CannotLoad) -> str:
    return f"{failed.message}: {failed.note}" if failed.note else failed.message


def _hint(rows: tuple[Alternative, ...]) -> str | None:
    """Return what makes a candidate run that one thing alone keeps from running."""
    alone = [
        row.why.rejections[0]
        for row in rows
        if isinstance(row.why, Rejected) and len(row.why.rejections) == 1
    ]
    if any(isinstance(found, FormatUnsupported) for found in alone):
        return _BOTH_FORMATS
    return next(filter(None, map(fix, alone)), None)
