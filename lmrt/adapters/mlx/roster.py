"""Which sequences are live, in which lanes, and what is kept of those that went."""

from typing import Any

from attrs import frozen

from lmrt.adapters.mlx.assignment import lane_for, padded
from lmrt.adapters.mlx.batched import BatchedLane
from lmrt.adapters.mlx.caches import CacheMaker, can_cut, compact, copied
from lmrt.adapters.mlx.engine import Engine
from lmrt.adapters.mlx.lanes import Lane, LaneEvent, Start, Text
from lmrt.adapters.mlx.live import Live
from lmrt.adapters.mlx.prefixes import PrefixStore
from lmrt.adapters.mlx.sampler import Sampler
from lmrt.adapters.mlx.solo import SoloLane
from lmrt.domain.batching.requests import cells_of, limit_of
from lmrt.domain.batching.slots import common_prefix
from lmrt.domain.sequences import (
    AtCapacity,
    LoadedFacts,
    PrefixReuse,
    SequenceHandle,
    SequenceRequest,
)


@frozen(eq=False)
class Computing:
    """What lanes compute with.

    Attributes:
        engine: The engine.
        model: Called with tokens and caches; gives 32-bit logits of the last token alone.
        new_caches: Makes caches.
        piece: Most tokens of a prompt that one step computes.
        batches: Whether the engine computes several sequences of this model together.
    """

    engine: Engine
    model: Any
    new_caches: CacheMaker
    piece: int
    batches: bool


class Roster:
    """The live sequences of one model, their lanes and the prefix cache."""

    def __init__(self, computing: Computing, facts: LoadedFacts) -> None:
        self._computing = computing
        self._facts = facts
        self._store = PrefixStore(
            facts.context_length,
            None if facts.prefix_reuse is PrefixReuse.ANY else facts.max_sequences,
            lambda caches: can_cut(computing.engine, caches),
        )
        self._lanes: list[Lane] = []
        self._handles = 0
        self.live: dict[SequenceHandle, Live] = {}

    def admit(self, request: SequenceRequest) -> Live | AtCapacity:
        """Take a sequence in, where there is room for it."""
        facts, cells = self._facts, cells_of(request, self._facts)
        promised = sum(each.cells for each in self.live.values())
        if len(self.live) >= facts.max_sequences or promised + cells > facts.context_length:
            return AtCapacity()
        self._handles += 1
        handle = SequenceHandle(self._handles)
        limit, reason = limit_of(request, facts)
        begun = self._begun(list(request.tokens))
        reused = len(begun.tokens)
        start = Start(handle, begun, request.tokens[reused:], self._sampler(request), limit)
        lane = self._enter(start, cells)
        self.live[handle] = Live(handle, request, lane, cells, reused, limit, reason)
        self._make_room()
        return self.live[handle]

    def step(self) -> list[LaneEvent]:
        """Advance every live sequence."""
        events = [event for lane in self._lanes for event in lane.step()]
        self._make_room()
        return events

    def retire(self, live: Live, *, keep: bool = True) -> None:
        """Take a sequence out; what was computed of it is kept for later prompts."""
        del self.live[live.handle]
        text = live.lane.take(live.handle)
        if live.lane.empty:
            live.lane.close()
            self._lanes.remove(live.lane)
        if text is not None and keep and self._facts.prefix_reuse is not PrefixReuse.NONE:
            compact(self._computing.engine, text.caches)
            self._store.put(text)
        self._make_room()

    def close(self) -> None:
        """Give back everything."""
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()
        self.live.clear()
        self._store.clear()

    def _begun(self, prompt: list[int]) -> Text:
        """Return as much of a prompt as was computed before, but never all of it."""
        kept, length = self._store.longest(prompt)
        source, found = self._longest_live(prompt)
        if source is not None and found > length:
            kept, length = source.lane.text(source.handle), found
        if kept is None:
            return Text([], self._computing.new_caches())
        return Text(prompt[:length], copied(kept.caches, len(kept.tokens) - length))

    def _longest_live(self, prompt: list[int]) -> tuple[Live | None, int]:
        """Return the live sequence that holds most of a prompt's start, and how much."""
        best: tuple[Live | None, int] = (None, 0)
        if self._facts.prefix_reuse is not PrefixReuse.ANY:
            return best
        for each in self.live.values():
            length = common_prefix(list(each.lane.computed(each.handle)), prompt[:-1])
            if length > best[1]:
                best = (each, length)
        return best

    def _sampler(self, request: SequenceRequest) -> Sampler:
        return Sampler(
            self._computing.engine.core,
            request.sampling,
            vocabulary_size=self._facts.vocabulary_size,
            context_length=self._facts.context_length,
            keep_rows=request.logprobs is not None,
        )

    def _enter(self, start: Start, cells: int) -> Lane:
        """Put a sequence into the lane that fits it; one that nobody can join is alone."""
        work, context = self._computing, self._facts.context_length
        if not work.batches or cells == context:
            solo = SoloLane(work.engine, work.model, start, piece=work.piece)
            self._lanes.append(solo)
            return solo
        lanes = [lane for lane in self._lanes if isinstance(lane, BatchedLane)]
        members = [
            [each.cells for each in self.live.values() if each.lane is lane] for lane in lanes
        ]
        place = lane_for(members, cells, context)
        if place is None:
            sequences = self._facts.max_sequences
            lanes.append(
                BatchedLane(work.engine, work.model, sequences=sequences, piece=work.piece)
            )
            self._lanes.append(lanes[-1])
            place = -1
        lanes[place].add(start)
        return lanes[place]

    def _make_room(self) -> None:
        lengths: dict[int, list[int]] = {}
        for each in self.live.values():
            lengths.setdefault(id(each.lane), []).append(len(each.lane.computed(each.handle)))
        self._store.fit(sum(map(padded, lengths.values())), len(self.live))
