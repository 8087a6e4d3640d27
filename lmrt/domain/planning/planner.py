"""The planner's one function."""

from collections.abc import Sequence

from lmrt.domain.config import Preference
from lmrt.domain.failures import FailedLoad
from lmrt.domain.fingerprints import fingerprint
from lmrt.domain.machine import Machine
from lmrt.domain.models import ResolvedModel
from lmrt.domain.planning.choice import rank_key
from lmrt.domain.planning.combinations import combinations
from lmrt.domain.planning.explain import losing_reason, notices, winning_reason
from lmrt.domain.planning.fitting import Assessment, Fails, Fits, assess
from lmrt.domain.planning.isolation import isolation
from lmrt.domain.planning.query import query
from lmrt.domain.planning.refusal import refusal
from lmrt.domain.plans import Alternative, Outranked, PlanRequest, Rejected, RuntimePlan
from lmrt.domain.probes import Available, BackendProbe, Unavailable
from lmrt.domain.speeds import Corrected


def plan(
    request: PlanRequest,
    model: ResolvedModel,
    machine: Machine,
    probes: Sequence[BackendProbe],
    failed: Sequence[FailedLoad] = (),
    corrections: Sequence[Corrected] = (),
) -> RuntimePlan:
    """Return how the model runs best here.

    The same arguments give the same plan; the order of `probes` and of the model's artifacts does
    not matter. Whether a combination can run depends on no other combination.

    Args:
        request: What the user asks for.
        model: The model, its artifacts' ids all different.
        machine: The machine as it is now.
        probes: What each backend can do here, one probe a backend.
        failed: Loads that failed in this process, of any model; what they rule out is rejected.
        corrections: What past runs on this machine said about estimates, in any order.

    Returns:
        The plan; each artifact x backend x device is either chosen or among its alternatives.

    Raises:
        NoExecutablePlan: Nothing can run; every combination with its reasons is in `rejected`.
    """
    asked = query(request, model, machine, failed, corrections)
    assessments = [assess(asked, found) for found in combinations(asked, probes)]
    fitting = [found for found in assessments if isinstance(found, Fits)]
    ranked = sorted(fitting, key=lambda fit: rank_key(fit, request.prefer))
    rejected = _rejected(assessments)
    if not ranked:
        raise refusal(asked, rejected)
    best = ranked[0]
    return RuntimePlan(
        model_reference=model.reference,
        model_name=model.name,
        request=request,
        artifact=best.combination.artifact,
        chosen=best.candidate,
        reason=winning_reason(ranked, request.prefer),
        notices=(*model.notices, *notices(asked, best, assessments)),
        alternatives=(*(_outranked(best, fit, request.prefer) for fit in ranked[1:]), *rejected),
        engine_version=_version(best.combination.offer.probe),
        isolated=isolation(best.candidate, asked.machine, asked.failed),
        machine=fingerprint(machine),
    )


def _version(probe: BackendProbe) -> str | None:
    match probe.availability:
        case Available(version):
            return version
        case Unavailable():
            return None


def _outranked(best: Fits, fit: Fits, prefer: Preference) -> Alternative:
    return Alternative(
        artifact=fit.candidate.artifact,
        backend=fit.candidate.backend,
        device=fit.combination.name,
        why=Outranked(losing_reason(best, fit, prefer)),
        candidate=fit.candidate,
    )


def _rejected(assessments: Sequence[Assessment]) -> tuple[Alternative, ...]:
    """Return the combinations that cannot run, those with the fewest reasons first."""
    failing = [found for found in assessments if isinstance(found, Fails)]
    return tuple(
        Alternative(
            artifact=failed.combination.artifact.id,
            backend=failed.combination.backend,
            device=failed.combination.name,
            why=Rejected(failed.rejections),
            candidate=failed.candidate,
        )
        for failed in sorted(failing, key=_failing_key)
    )


def _failing_key(failed: Fails) -> tuple[int | str, ...]:
    where = failed.combination
    return (len(failed.rejections), where.backend, where.artifact.id, where.name or "")
