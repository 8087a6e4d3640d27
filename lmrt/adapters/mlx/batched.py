"""A lane of many sequences: mlx-lm's `BatchGenerator`."""

import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from lmrt.adapters.mlx.caches import states
from lmrt.adapters.mlx.engine import Engine
from lmrt.adapters.mlx.lanes import Drawn, LaneEvent, Prefilled, Start, Text
from lmrt.adapters.mlx.sampler import Sampler
from lmrt.domain.sequences import SequenceHandle

_NEVER = sys.maxsize


class BatchedLane:
    """`Lane` of sequences that join and leave at any step.

    Prompts of equal length are computed side by side, others one after the other, so that none is
    padded; a sequence joins the others with its last prompt token. The generator is told no limit
    and no end: who leaves is decided outside.
    """

    def __init__(self, engine: Engine, model: Any, *, sequences: int, piece: int) -> None:
        """Make an empty lane.

        Args:
            engine: The engine.
            model: Called with tokens and caches; gives 32-bit logits of the last token alone.
            sequences: Most sequences that it holds.
            piece: Most tokens of prompts that one step computes.
        """
        self._core, self._piece = engine.core, piece
        self._generator = engine.generator(
            model,
            max_tokens=_NEVER,
            completion_batch_size=sequences,
            prefill_batch_size=1,
            prefill_step_size=piece,
            stream=engine.core.default_stream(engine.core.default_device()),
        )
        self._members: dict[SequenceHandle, _Member] = {}
        self._handles: dict[int, SequenceHandle] = {}

    @property
    def empty(self) -> bool:
        """Whether it holds no sequence."""
        return not self._members

    def add(self, start: Start) -> None:
        """Take a sequence in."""
        sampler = start.sampler
        (uid,) = self._generator.insert(
            [list(start.rest)],
            caches=[start.begun.caches],
            all_tokens=[list(start.begun.tokens)],
            # Those without a sampler of their own are drawn in one go: the largest wins
            samplers=[None if sampler.greedy else sampler.draw],
            logits_processors=[[sampler.process] if sampler.looks_at_logits else []],
        )
        self._handles[uid] = start.handle
        self._members[start.handle] = _Member(uid, start)

    def step(self) -> list[LaneEvent]:
        """Advance every sequence."""
        if not self._members:
            return []
        self._generator.prefill_batch_size = self._side_by_side()
        prompts, answers = self._generator.next()
        events: list[LaneEvent] = []
        for answer in answers:
            handle = self._handles[answer.uid]
            self._members[handle].tokens.append(answer.token)
            rows = self._members[handle].sampler.rows
            events.append(Drawn(handle, answer.token, rows.popleft() if rows else answer.logprobs))
        for prompt in prompts:
            handle = self._handles[prompt.uid]
            self._members[handle].advance(prompt.progress[0])
            if prompt.end_of_prompt:
                self._members[handle].prefilled = True
                events.append(Prefilled(handle))
        return events

    def computed(self, handle: SequenceHandle) -> Sequence[int]:
        """Return the tokens of a sequence that the caches hold."""
        return self._members[handle].tokens

    def text(self, handle: SequenceHandle) -> Text | None:
        """Return a copy of what is computed of a sequence."""
        member = self._members[handle]
        if not member.started:
            return None
        return self._text(self._generator.extract_cache([member.uid])[member.uid])

    def take(self, handle: SequenceHandle) -> Text | None:
        """Take a sequence out."""
        member = self._members.pop(handle)
        del self._handles[member.uid]
        found = self._generator.remove([member.uid], return_prompt_caches=member.started)
        if not member.started:
            return None
        return self._text(found[member.uid])

    def close(self) -> None:
        """Give back what the lane holds."""
        self._generator.close()

    def _side_by_side(self) -> int:
        """Return how many of the prompts next in line are to be computed together.

        They are alike in length and fit one step. Nothing joins prompts that are begun.
        """
        waiting = [member for member in self._members.values() if not member.prefilled]
        if not waiting or waiting[0].started:
            return 1
        shape = waiting[0].shape
        alike = list(takewhile(lambda member: member.shape == shape, waiting))
        return max(1, min(len(alike), self._piece // max(1, len(waiting[0].rest) - 1)))

    def _text(self, extracted: tuple[list[Any], list[int]]) -> Text:
        caches, tokens = extracted
        # Until it is computed, the copy would hold on to the caches of the whole lane
        self._core.eval(states(caches))
        return Text(list(tokens), caches)


class _Member:
    """One sequence of the lane."""

    def __init__(self, uid: int, start: Start) -> None:
        self.uid = uid
        self.sampler: Sampler = start.sampler
        self.tokens = list(start.begun.tokens)
        self.started = self.prefilled = False
        self.rest = start.rest
        self._begun = len(start.begun.tokens)

    @property
    def shape(self) -> tuple[int, int]:
        """How many tokens its prompt began with, and how many were left."""
        return self._begun, len(self.rest)

    def advance(self, processed: int) -> None:
        """Take note that so many tokens of the rest of the prompt are computed."""
        self.started = True
        self.tokens += self.rest[len(self.tokens) - self._begun : processed]
