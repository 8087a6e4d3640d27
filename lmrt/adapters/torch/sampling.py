"""Drawing tokens with tensor operations, in the order that `lmrt.domain.sampling` writes down.

All rows of a step are drawn from together, and their tokens reach the host in one transfer.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import torch
from attrs import frozen

from lmrt.domain.sampling import SamplingSettings

NO_NUMBER = -1
"""Stands for a token where a row holds NaN."""

_SEEDS = 1 << 64
_LIKELY = 1024
_SMALLEST = 1e-30


class Sampler:
    """How one sequence draws; its random numbers depend on its seed alone.

    They are made on the CPU, so that a seed gives the same ones on every device.

    Attributes:
        settings: What to draw by.
    """

    def __init__(self, settings: SamplingSettings) -> None:
        self.settings = settings
        self._random = torch.Generator()
        if settings.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(settings.seed % _SEEDS)

    def next(self) -> float:
        """Return the next random number, at least 0 and less than 1."""
        return float(torch.rand((), dtype=torch.float64, generator=self._random))


@frozen
class Row:
    """What a row of logits is drawn with.

    Attributes:
        sampler: The sequence's.
        history: Token ids of its prompt and of its answer so far.
    """

    sampler: Sampler
    history: Sequence[int]


def draw(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """Return the next token of each row.

    Args:
        logits: Raw, (rows, vocabulary); they are left as they are.
        rows: How to draw from each.

    Returns:
        A token id for each row, or `NO_NUMBER`.
    """
    scores = _penalized(logits.float(), rows)
    largest, tokens = scores.max(dim=-1)
    alike: dict[Choose, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if not row.sampler.settings.greedy:
            alike[_choice(row.sampler.settings)].append(place)
    for choose, places in alike.items():
        samplers = [rows[place].sampler for place in places]
        tokens[places] = choose(scores[places], _parameters(samplers, scores))
    chosen: list[int] = torch.where(largest.isnan(), NO_NUMBER, tokens).tolist()
    return chosen


def _penalized(scores: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
    if not any(row.sampler.settings.penalizes for row in rows):
        return scores
    scores = scores.clone()
    for place, row in enumerate(rows):
        settings = row.sampler.settings
        if settings.penalizes:
            counts = Counter(row.history[-settings.penalty_window :])
            seen = torch.tensor(list(counts), dtype=torch.int64, device=scores.device)
            times = torch.tensor(list(counts.values()), device=scores.device)
            old, factor = scores[place, seen], settings.repetition_penalty
            new = torch.where(old > 0, old / factor, old * factor)
            new -= times * settings.frequency_penalty + settings.presence_penalty
            scores[place, seen] = new
    return scores


@frozen
class _Parameters:
    """Settings of rows that are drawn from together: the largest `top_k`, and tensors (rows, 1)."""

    longest: int
    temperature: torch.Tensor
    top_k: torch.Tensor
    top_p: torch.Tensor
    log_min_p: torch.Tensor
    random: torch.Tensor


Choose = Callable[[torch.Tensor, _Parameters], torch.Tensor]
"""Draws from scores, (rows, vocabulary), a token each, (rows)."""


def _choice(settings: SamplingSettings) -> Choose:
    if settings.top_k:
        return _from_largest
    return _from_all if settings.top_p >= 1.0 else _from_nucleus


def _parameters(samplers: Sequence[Sampler], scores: torch.Tensor) -> _Parameters:
    settings = [sampler.settings for sampler in samplers]
    longest = min(max(each.top_k for each in settings), scores.shape[-1])
    values = (
        [max(each.temperature, _SMALLEST) for each in settings],
        [min(each.top_k, longest) for each in settings],
        # What came before the largest is 0, which must be less; a sum of shares may exceed 1.
        [max(each.top_p, _SMALLEST) if each.top_p < 1.0 else 2.0 for each in settings],
        [math.log(each.min_p) if each.min_p > 0.0 else -math.inf for each in settings],
        [sampler.next() for sampler in samplers],
    )
    each = torch.tensor(values, dtype=torch.float32, device=scores.device)[..., None].unbind()
    return _Parameters(longest, *each)


def _from_largest(scores: torch.Tensor, parameters: _Parameters) -> torch.Tensor:
    values, tokens = scores.topk(parameters.longest, dim=-1)
    rank = torch.arange(parameters.longest, device=scores.device)
    values = values.masked_fill(rank >= parameters.top_k, -torch.inf)
    return _from_ranked(values, values.softmax(-1), tokens, parameters)


def _from_nucleus(scores: torch.Tensor, parameters: _Parameters) -> torch.Tensor:
    total = scores.logsumexp(-1, keepdim=True)
    values, tokens = scores.topk(min(_LIKELY, scores.shape[-1]), dim=-1)
    shares = (values - total).exp()
    if bool((shares.sum(-1, keepdim=True) < parameters.top_p).any()):
        # Sorting a large vocabulary takes ten times as long, so only where it must be.
        values, tokens = scores.sort(dim=-1, descending=True)
        shares = (values - total).exp()
    return _from_ranked(values, shares, tokens, parameters)


def _from_ranked(
    values: torch.Tensor, shares: torch.Tensor, tokens: torch.Tensor, parameters: _Parameters
) -> torch.Tensor:
    """Draw from scores that are sorted, the largest first; `shares` are their probabilities."""
    before = shares.cumsum(-1) - shares
    values = values.masked_fill(before >= parameters.top_p, -torch.inf)
    place = _place(values, values[:, :1], parameters)
    inside = place < values.shape[-1]
    return tokens.gather(-1, torch.where(inside, place, 0))[:, 0]


def _from_all(scores: torch.Tensor, parameters: _Parameters) -> torch.Tensor:
    largest, tokens = scores.max(dim=-1, keepdim=True)
    place = _place(scores, largest, parameters)
    return torch.where(place < scores.shape[-1], place, tokens)[:, 0]


def _place(values: torch.Tensor, largest: torch.Tensor, parameters: _Parameters) -> torch.Tensor:
    """Return a place each, (rows, 1); where rounding leads beyond the end, their number."""
    below = values < largest + parameters.log_min_p
    weights = ((values - largest) / parameters.temperature).masked_fill(below, -torch.inf).exp()
    reached = weights.cumsum(-1)
    return torch.searchsorted(reached, parameters.random * reached[:, -1:], right=True)
