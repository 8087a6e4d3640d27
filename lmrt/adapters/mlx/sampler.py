"""Drawing tokens in the order that `lmrt.domain.sampling` writes down, on the engine's arrays."""

import math
import secrets
from collections import deque
from typing import Any

from lmrt.domain.generation import MAX_SEED
from lmrt.domain.sampling import SamplingSettings

_MINUS_INFINITY = -math.inf


class Sampler:
    """Draws the tokens of one sequence.

    Every draw uses a key of its own, which follows from the seed and the number of the draw alone;
    so a seed gives the same tokens whatever else is live. The engine computes one token ahead:
    what is drawn is told one step later.

    Attributes:
        rows: Raw logits of tokens drawn but not yet told, where they are kept.
    """

    def __init__(
        self,
        core: Any,
        settings: SamplingSettings,
        *,
        vocabulary_size: int,
        context_length: int,
        keep_rows: bool,
    ) -> None:
        self.rows: deque[Any] = deque()
        self._core = core
        self._settings = settings
        self._keep_rows = keep_rows
        self._size = vocabulary_size
        self._window = min(settings.penalty_window, context_length)
        self._top_k = settings.top_k if settings.top_k < vocabulary_size else 0
        seed = settings.seed if settings.seed is not None else secrets.randbelow(MAX_SEED + 1)
        self._key = core.random.key(seed)

    @property
    def greedy(self) -> bool:
        """Whether the largest logit always wins."""
        return self._settings.greedy

    @property
    def looks_at_logits(self) -> bool:
        """Whether `process` does anything."""
        return self._keep_rows or self._settings.penalizes

    def process(self, tokens: Any, logits: Any) -> Any:
        """Return the logits after the penalties, 32-bit, shape (1, vocabulary).

        Args:
            tokens: Prompt and answer so far, shape (length,).
            logits: The raw logits, 32-bit, shape (1, vocabulary).
        """
        if self._keep_rows:
            self.rows.append(logits[0])
        if not self._settings.penalizes:
            return logits
        core, settings = self._core, self._settings
        counts = core.zeros((self._size,), core.float32).at[tokens[-self._window :]].add(1.0)
        factor = settings.repetition_penalty
        changed = core.where(logits > 0, logits / factor, logits * factor)
        changed = changed - counts * settings.frequency_penalty - settings.presence_penalty
        return core.where(counts > 0, changed, logits)

    def draw(self, logits: Any) -> Any:
        """Return one token, shape (1,).

        Args:
            logits: 32-bit, shape (1, vocabulary), or the same less a constant.
        """
        if self.greedy:
            return self._core.argmax(logits, axis=-1)
        ranked, tokens = self._ranked(logits)
        ranked = self._cut(ranked)
        # The largest becomes 0, which no temperature makes infinite
        heated = (ranked - ranked.max(axis=-1, keepdims=True)) / self._settings.temperature
        self._key, key = self._core.random.split(self._key)
        place = self._core.random.categorical(heated, key=key)
        if tokens is None:
            return place
        return self._core.take_along_axis(tokens, place[:, None], axis=-1)[:, 0]

    def _ranked(self, logits: Any) -> tuple[Any, Any]:
        """Return the `top_k` logits, the largest first, with their tokens.

        Where no step looks at the order, that is all logits as they are, and None.
        """
        core = self._core
        if self._top_k:
            best = core.argpartition(-logits, kth=self._top_k - 1, axis=-1)[:, : self._top_k]
            logits = core.take_along_axis(logits, best, axis=-1)
        elif self._settings.top_p < 1.0:
            best = None
        else:
            return logits, None
        order = core.argsort(-logits, axis=-1)
        tokens = order if best is None else core.take_along_axis(best, order, axis=-1)
        return core.take_along_axis(logits, order, axis=-1), tokens

    def _cut(self, ranked: Any) -> Any:
        """Give no chance to what `top_p` and `min_p` leave out."""
        core, settings = self._core, self._settings
        if settings.top_p < 1.0:
            shares = core.softmax(ranked, axis=-1)
            before = core.cumsum(shares, axis=-1) - shares
            kept = before < settings.top_p
            kept[:, 0] = True
            ranked = core.where(kept, ranked, _MINUS_INFINITY)
        if settings.min_p > 0.0:
            floor = ranked.max(axis=-1, keepdims=True) + math.log(settings.min_p)
            ranked = core.where(ranked >= floor, ranked, _MINUS_INFINITY)
        return ranked
