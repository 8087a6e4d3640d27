"""What past runs make of an estimate: the median of measured over predicted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from lmrt.domain.speeds import Comparison, Corrected, Correction, RunKey, SpeedRun


def corrections(runs: Iterable[SpeedRun]) -> tuple[Corrected, ...]:
    """Return what follows from runs on one machine, whatever their order.

    One entry for each key that occurs, and for those that stand for several of them.
    """
    groups: dict[RunKey, list[SpeedRun]] = defaultdict(list)
    for run in runs:
        for key in dict.fromkeys(run.key.wider()):
            groups[key].append(run)
    found = (_together(key, group) for key, group in groups.items())
    return tuple(sorted(found, key=lambda each: repr(each.key)))


def nearest(table: Mapping[RunKey, Corrected], key: RunKey) -> Correction:
    """Return the correction of a key.

    Of the runs with that very key, else of those that are nearest; for prompts and for generated
    tokens apart, since a run may tell one of them only.
    """
    found = [table[each] for each in key.wider() if each in table]
    prefill = next((each for each in found if each.prefill is not None), None)
    decode = next((each for each in found if each.decode is not None), None)
    return Correction(
        prefill=1.0 if prefill is None or prefill.prefill is None else prefill.prefill,
        decode=1.0 if decode is None or decode.decode is None else decode.decode,
        runs=max((each.runs for each in (prefill, decode) if each is not None), default=0),
    )


def _together(key: RunKey, group: list[SpeedRun]) -> Corrected:
    return Corrected(
        key=key,
        prefill=_median(run.prefill for run in group),
        decode=_median(run.decode for run in group),
        runs=len(group),
    )


def _median(compared: Iterable[Comparison | None]) -> float | None:
    # By hand: the module `statistics` takes longer to import than all of this.
    factors = sorted(each.factor for each in compared if each is not None)
    if not factors:
        return None
    middle = len(factors) // 2
    return factors[middle] if len(factors) % 2 else (factors[middle - 1] + factors[middle]) / 2
