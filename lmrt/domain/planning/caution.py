"""How far past runs may change the choice: only as far as they are not noise."""

from lmrt.domain.plans import SpeedEstimate

NOISE = 1.1
"""Two runs of the same on a machine that does other things too differ by so much."""


def cautious_decode(estimate: SpeedEstimate) -> float:
    """Return the tokens a second that candidates are ranked by.

    Of what past runs say only what exceeds the noise counts: a candidate that they found within 10%
    of its estimate ranks as if nobody had run it, and one that ranks ahead of another without runs
    only because of them is at least 10% faster than that.
    """
    said = estimate.correction.decode
    counted = min(said * NOISE, 1.0) if said < 1.0 else max(said / NOISE, 1.0)
    return estimate.decode / said * counted
