"""Whether counts fit a distribution: Pearson's chi-square test."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import NormalDist

_EXPECTED_AT_LEAST = 5.0


def fits(samples: Iterable[int], expected: Mapping[int, float], *, alarm: float = 1e-5) -> bool:
    """Return whether the samples may come from the distribution.

    Args:
        samples: Outcomes.
        expected: Outcome to probability, summing to 1.
        alarm: How often a true distribution would be called false.
    """
    counts = Counter(samples)
    total = counts.total()
    if not counts.keys() <= expected.keys():
        return False
    statistic, cells = 0.0, 0
    rare_seen, rare_expected = 0, 0.0
    for outcome, chance in expected.items():
        if chance * total >= _EXPECTED_AT_LEAST:
            statistic += (counts[outcome] - chance * total) ** 2 / (chance * total)
            cells += 1
        else:
            rare_seen += counts[outcome]
            rare_expected += chance * total
    if rare_expected >= 1.0:
        statistic += (rare_seen - rare_expected) ** 2 / rare_expected
        cells += 1
    return cells < 2 or statistic <= _critical(cells - 1, alarm)


def _critical(freedom: int, alarm: float) -> float:
    """Return the value that chi-square exceeds so rarely (Wilson and Hilferty 1931)."""
    normal = NormalDist().inv_cdf(1.0 - alarm)
    spread = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - spread + normal * math.sqrt(spread)) ** 3)
