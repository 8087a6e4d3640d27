"""Why a candidate won, why another lost, and what differs from what was asked or expected."""

from collections.abc import Iterator, Sequence

from lmrt.domain.config import Preference
from lmrt.domain.explanations import describe
from lmrt.domain.notices import (
    ContextReduced,
    CpuFallback,
    DtypeReduced,
    KvTypeReduced,
    Notice,
    PartialOffload,
)
from lmrt.domain.planning.choice import Respect, merits, respect
from lmrt.domain.planning.combinations import CPU
from lmrt.domain.planning.context import context_ladder
from lmrt.domain.planning.fitting import Assessment, Fails, Fits
from lmrt.domain.planning.query import Query
from lmrt.domain.plans import OnCpu, OnDevice, SplitLayers, SpreadLayers
from lmrt.domain.sizes import format_size

_BETTER = {
    Respect.DTYPE: "weights rounded less",
    Respect.CONTEXT: "more context",
    Respect.KV_TYPE: "a better KV cache",
    Respect.QUALITY: "better quality",
    Respect.SPEED: "faster",
    Respect.PLACE: "more of it on an accelerator",
    Respect.MEMORY: "less memory",
}


def winning_reason(ranked: Sequence[Fits], prefer: Preference) -> str:
    """Return why the first of the candidates that can run won, one sentence."""
    if len(ranked) == 1:
        return "the only candidate that can run here"
    winner, next_best = ranked[0], ranked[1]
    best = f"best of {len(ranked)} that can run (preference `{prefer}`)"
    name = _name(next_best)
    won = respect(winner, next_best, prefer)
    if won is Respect.ORDER:
        return f"{best}: equal to {name} in every respect, and first by name"
    return f"{best}: {_BETTER[won]} than the next, {name}: {_figures(won, winner, next_best)}"


def losing_reason(winner: Fits, loser: Fits, prefer: Preference) -> str:
    """Return in which respect a candidate that can run is behind, with the figures."""
    lost = respect(winner, loser, prefer)
    figures = _figures(lost, loser, winner)
    match lost:
        case Respect.DTYPE:
            return f"fits only with its weights rounded further: {figures}"
        case Respect.CONTEXT:
            return f"less context fits: {figures}"
        case Respect.KV_TYPE:
            return f"fits only with a smaller KV cache type: {figures}"
        case Respect.QUALITY:
            return f"lower quality: {figures}"
        case Respect.SPEED:
            return f"slower: {figures}"
        case Respect.PLACE:
            return f"less of it on an accelerator: {figures}"
        case Respect.MEMORY:
            return f"takes more memory: {figures}"
        case Respect.ORDER:
            return "equal in every respect; the names decide"


def _figures(name: Respect, one: Fits, other: Fits) -> str:
    """Return the figures of the first, set against those of the second."""
    ours, theirs = merits(one), merits(other)
    match name:
        case Respect.DTYPE:
            return f"{_loaded_as(one)}, not {_loaded_as(other)}"
        case Respect.CONTEXT:
            return f"{one.context:,} tokens, not {other.context:,}"
        case Respect.KV_TYPE:
            return f"{one.candidate.settings.kv_type}, not {other.candidate.settings.kv_type}"
        case Respect.QUALITY:
            return f"{ours.quality:g} bits a weight, not {theirs.quality:g}"
        case Respect.SPEED:
            return f"about {ours.speed:,g} tokens/s, not {theirs.speed:,g}"
        case Respect.PLACE:
            return f"{ours.place:.0%} of the layers, not {theirs.place:.0%}"
        case Respect.MEMORY:
            apart = format_size(abs(ours.memory - theirs.memory))
            return f"{format_size(ours.memory)}, {apart} apart"
        case Respect.ORDER:
            return ""


def _loaded_as(fit: Fits) -> str:
    dtype = fit.candidate.settings.dtype
    return "as stored" if dtype is None else str(dtype)


def _name(fit: Fits) -> str:
    return f"`{fit.candidate.artifact}` on `{fit.candidate.backend}`, `{fit.combination.name}`"


def notices(query: Query, chosen: Fits, assessments: Sequence[Assessment]) -> Iterator[Notice]:
    """Yield what the user should know about the choice."""
    settings = chosen.candidate.settings
    default = context_ladder(query.request, query.model)[0]
    if chosen.context < default:
        yield ContextReduced(default, settings.context_length)
    if settings.kv_type is not chosen.default_kv_type:
        yield KvTypeReduced(str(chosen.default_kv_type), str(settings.kv_type))
    if settings.dtype is not chosen.default_dtype:
        yield DtypeReduced(str(chosen.default_dtype), str(settings.dtype))
    match chosen.candidate.placement:
        case OnCpu():
            yield from _cpu_fallback(query, chosen, assessments)
        case SplitLayers(device, layers, total):
            yield PartialOffload(device, layers, total)
        case OnDevice() | SpreadLayers():
            pass


def _cpu_fallback(
    query: Query, chosen: Fits, assessments: Sequence[Assessment]
) -> Iterator[CpuFallback]:
    """Yield a notice if the chosen backend leaves an accelerator alone against its will."""
    if query.request.device == CPU or not query.machine.accelerators:
        return
    rivals = [
        row
        for row in assessments
        if row.combination.offer is chosen.combination.offer and row.combination.name != CPU
    ]
    reasons = [_against_its_will(chosen, row) for row in rivals]
    if None in reasons:
        return
    device = query.machine.accelerators[0].device
    for row, reason in zip(rivals, reasons, strict=True):
        same = row.combination.artifact is chosen.combination.artifact
        if same and row.combination.name == device and reason is not None:
            yield CpuFallback(device, reason)


def _against_its_will(chosen: Fits, rival: Assessment) -> str | None:
    """Return what keeps a rival from being chosen, or None if only the preference does."""
    match rival:
        case Fails(combination, rejections, _):
            return f"`{combination.backend}` {describe(rejections[0])}"
        case Fits():
            if rival.context < chosen.context:
                return f"only {rival.context:,} tokens of context fit into its memory"
            if rival.candidate.settings.kv_type is not rival.default_kv_type:
                return f"only a {rival.candidate.settings.kv_type} KV cache fits into its memory"
            return None
