"""A lane for one sequence, with the engine's plain caches.

It is for sequences that nobody can join, for models that mlx-lm does not batch, and for rounded
caches, which it does not batch either. Without padding, attention needs no mask for single tokens.
"""

from collections.abc import Sequence
from typing import Any

from lmrt.adapters.mlx.caches import copied, states
from lmrt.adapters.mlx.engine import Engine
from lmrt.adapters.mlx.lanes import Drawn, LaneEvent, Prefilled, Start, Text
from lmrt.domain.sequences import SequenceHandle

_TIDY_EVERY = 256


class SoloLane:
    """`Lane` of one sequence.

    The next token is computed while the last one is told, as mlx-lm itself does: so the caches hold
    every token that was told, but for the last one of all where a limit ended the sequence.
    """

    def __init__(self, engine: Engine, model: Any, start: Start, *, piece: int) -> None:
        """Take a sequence in.

        Args:
            engine: The engine.
            model: Called with tokens and caches; gives 32-bit logits of the last token alone.
            start: The sequence.
            piece: Most tokens of the prompt that one step computes.
        """
        self._engine, self._core = engine, engine.core
        self._model = model
        self._start: Start | None = start
        self._piece = piece
        self._tokens = start.begun.tokens
        self._rest = list(start.rest)
        self._history = engine.caches.TokenBuffer(self._tokens)
        self._next: Any = None
        self._drawn = 0

    @property
    def empty(self) -> bool:
        """Whether it holds no sequence."""
        return self._start is None

    def step(self) -> list[LaneEvent]:
        """Advance the sequence."""
        start = self._start
        if start is None:
            return []
        events: list[LaneEvent] = []
        if self._rest:
            piece, self._rest = self._rest[: self._piece], self._rest[self._piece :]
            self._compute(self._core.array(piece), start)
            self._tokens += piece
            if self._rest:
                self._core.eval(states(start.begun.caches))
                self._core.clear_cache()
                return events
            events.append(Prefilled(start.handle))
        token, row = self._next
        self._drawn += 1
        if self._drawn < start.limit:
            self._compute(token, start)
        number = token.item()
        if self._drawn < start.limit:
            self._tokens.append(number)
        events.append(Drawn(start.handle, number, row))
        if self._drawn % _TIDY_EVERY == 0:
            self._core.clear_cache()
        return events

    def computed(self, handle: SequenceHandle) -> Sequence[int]:  # noqa: ARG002 - there is one
        """Return the tokens that the caches hold."""
        return self._tokens

    def text(self, handle: SequenceHandle) -> Text | None:  # noqa: ARG002 - there is one
        """Return a copy of what is computed."""
        start = self._start
        if start is None or not self._tokens:
            return None
        return Text(list(self._tokens), copied(start.begun.caches, cut=0))

    def take(self, handle: SequenceHandle) -> Text | None:  # noqa: ARG002 - there is one
        """Take the sequence out."""
        start, self._start, self._next = self._start, None, None
        return None if start is None or not self._tokens else start.begun

    def close(self) -> None:
        """Give back what the lane holds."""
        self._start = self._next = None

    def _compute(self, tokens: Any, start: Start) -> None:
        """Put tokens into the caches; where the prompt is whole, begin to draw the next token."""
        logits = self._model(tokens[None], cache=start.begun.caches)[:, -1]
        sampler = start.sampler
        if sampler.looks_at_logits:
            history = self._history.update_and_fetch(tokens)
        if self._rest:
            return
        if sampler.looks_at_logits:
            logits = sampler.process(history, logits)
        token = sampler.draw(logits)
        row = sampler.rows.popleft() if sampler.rows else logits[0]
        self._next = token, row
        self._core.async_eval(token, row)
