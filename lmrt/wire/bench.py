"""The document of `rt bench`."""

from lmrt.domain.benches import BenchReport, Measured
from lmrt.domain.payloads import JsonObject
from lmrt.wire.documents import document
from lmrt.wire.plan import converter

KIND = "bench"


def bench_payload(report: BenchReport) -> JsonObject:
    """Return the document of a bench; speeds are tokens a second."""
    plan = report.plan
    return document(
        KIND,
        {
            "model_reference": plan.model_reference,
            "model_name": plan.model_name,
            "artifact": plan.artifact.id,
            "format": str(plan.artifact.format),
            "quantization": plan.artifact.quantization.name,
            "backend": plan.backend,
            "engine_version": plan.engine_version,
            "specialization": plan.specialization.name,
            "settings": converter.unstructure(plan.settings),
            "measured_bandwidth": plan.chosen.speed.measured_bandwidth,
            "correction": converter.unstructure(plan.chosen.speed.correction),
            "load_seconds": report.load_seconds,
            "prefill": _measured(report.prefill),
            "decode": _measured(report.decode),
            "recorded": report.recorded,
        },
    )


def _measured(found: Measured) -> JsonObject:
    return {
        "tokens": found.tokens,
        "predicted": found.predicted,
        "corrected": found.corrected,
        "measured": found.median,
        "limit": found.limit,
        "rounds": list(found.rates),
    }
