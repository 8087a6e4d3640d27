"""A bench for people."""

from collections.abc import Iterator

from lmrt.cli.columns import columns
from lmrt.domain.benches import BenchReport, Measured

_HEADER = ("", "tokens", "predicted", "corrected", "measured", "off by", "limit", "reached")


def bench_lines(report: BenchReport) -> Iterator[str]:
    """Yield the lines of a bench; speeds are tokens a second."""
    plan, settings = report.plan, report.plan.settings
    threads = f"{settings.threads} thread{'s' if settings.threads != 1 else ''}"
    loaded = f" loaded as {settings.dtype}" if settings.dtype is not None else ""
    yield f"model    {plan.model_name} ({plan.model_reference})"
    yield (
        f"ran      {plan.artifact.id} · {plan.artifact.quantization.name}{loaded} on "
        f"{plan.backend} {plan.engine_version or ''}, {plan.specialization.name}, {threads}, "
        f"KV cache {settings.kv_type}"
    )
    yield f"load     {report.load_seconds:.2f} s"
    yield ""
    rows = (_HEADER, _row("prompt", report.prefill), _row("generated", report.decode))
    yield from columns(rows, right=range(1, len(_HEADER)))
    yield ""
    yield "tokens a second, medians of " + _rounds(report)
    speed = plan.chosen.speed
    if not speed.measured_bandwidth:
        yield "predicted from typical figures: this device's memory bandwidth is not known"
    if speed.correction.runs:
        yield f"corrected by {_runs(speed.correction.runs)}"
    if report.recorded:
        yield "written to the ledger, for later plans"


def _row(name: str, found: Measured) -> tuple[str, ...]:
    return (
        name,
        f"{found.tokens:,}",
        speed(found.predicted),
        speed(found.corrected),
        speed(found.median),
        f"{found.corrected / found.median - 1:+.0%}" if found.median else "-",
        speed(found.limit),
        f"{found.median / found.limit:.0%}" if found.limit else "-",
    )


def speed(rate: float) -> str:
    """Return a rate to three digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _rounds(report: BenchReport) -> str:
    count = len(report.decode.rates)
    return f"{count} round{'s' if count != 1 else ''}"


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''} on this machine"
