"""The document of an answer."""

from lmrt.domain.notices import Notice
from lmrt.domain.payloads import JsonObject
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.responses import PromptResponse, TextLogprob, Timings, Usage
from lmrt.wire.documents import document
from lmrt.wire.plan import converter


def response_payload(response: PromptResponse) -> JsonObject:
    """Return the document of an answer, with a summary of the plan that ran.

    Times are seconds, rates tokens a second; the bytes of a token are base64.
    """
    logprobs = response.logprobs
    return document(
        "response",
        {
            "text": response.text,
            "finish_reason": str(response.finish_reason),
            "usage": _usage(response.usage),
            "timings": _timings(response.timings),
            "notices": [converter.unstructure(notice, Notice) for notice in response.notices],
            "logprobs": None if logprobs is None else [_logprob(token) for token in logprobs],
            "plan": _plan(response.plan),
        },
    )


def _usage(usage: Usage) -> JsonObject:
    fields: JsonObject = converter.unstructure(usage)
    return {**fields, "total_tokens": usage.total_tokens}


def _timings(timings: Timings) -> JsonObject:
    fields: JsonObject = converter.unstructure(timings)
    return {
        **fields,
        "prefill_rate": timings.prefill_rate,
        "decode_rate": timings.decode_rate,
    }


def _logprob(token: TextLogprob) -> JsonObject:
    fields: JsonObject = converter.unstructure(token)
    names = ("token", "data", "logprob")
    return {**fields, "top": [dict(zip(names, entry, strict=True)) for entry in fields["top"]]}


def _plan(plan: RuntimePlan) -> JsonObject:
    return {
        "model_reference": plan.model_reference,
        "model_name": plan.model_name,
        "artifact": plan.artifact.id,
        "format": str(plan.artifact.format),
        "quantization": plan.artifact.quantization.name,
        "backend": plan.backend,
        "specialization": plan.specialization.name,
        "settings": converter.unstructure(plan.settings),
        "reason": plan.reason,
    }
