"""Any order of admit, step, release and logits leaves every sequence with its own tokens."""

import threading
from collections import defaultdict
from functools import lru_cache
from typing import ClassVar, Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lmrt.domain.sampling import GREEDY, SamplingSettings
from lmrt.domain.sequences import (
    AtCapacity,
    EndReason,
    SequenceHandle,
    SequenceRequest,
)
from lmrt.ports.backend import LoadedModel
from tests.support.plans import execution_settings
from tests.support.sequences import Heard, drain, run, sort_events

CONTEXT, SEQUENCES, BATCH = 256, 3, 24
SHAPE = execution_settings(context_length=CONTEXT, max_sequences=SEQUENCES, batch_size=BATCH)
SAMPLED = SamplingSettings(
    temperature=0.9, top_k=20, top_p=0.95, min_p=0.02, presence_penalty=0.5, seed=4
)

PROMPTS = st.tuples(
    st.sampled_from([(), (5, 6, 7), (5, 6, 7, *range(8, 30)), (9,) * 100]),
    st.lists(st.integers(0, 31), min_size=1, max_size=12).map(tuple),
).map(lambda parts: parts[0] + parts[1])

REQUESTS = st.builds(
    SequenceRequest,
    tokens=PROMPTS,
    sampling=st.sampled_from([GREEDY, SAMPLED]),
    end_tokens=st.sampled_from([frozenset(), frozenset({3, 11})]),
    max_tokens=st.sampled_from([1, 2, 7, 20, 60, 120, None]),
)


class OpenModel(Protocol):
    """Loads a model with the shape above."""

    def __call__(self) -> LoadedModel: ...


class BackendMachine(RuleBasedStateMachine):
    """Subclasses set `open_model`."""

    open_model: ClassVar[OpenModel]

    def __init__(self) -> None:
        super().__init__()
        self.model = type(self).open_model()
        self.asked: dict[SequenceHandle, SequenceRequest] = {}
        self.heard: dict[SequenceHandle, Heard] = defaultdict(Heard)
        self.released: set[SequenceHandle] = set()

    @property
    def live(self) -> list[SequenceHandle]:
        return [handle for handle in self.asked if not self.heard[handle].over]

    @rule(asked=REQUESTS)
    def admit(self, asked: SequenceRequest) -> None:
        promised = sum(cells(self.asked[handle]) for handle in self.live)
        full = len(self.live) == SEQUENCES or promised + cells(asked) > CONTEXT
        handle = self.model.admit(asked)
        if isinstance(handle, AtCapacity):
            assert full
        else:
            assert not full
            assert handle not in self.asked
            self.asked[handle] = asked

    @rule(count=st.integers(1, 12))
    def step(self, count: int) -> None:
        for _ in range(count):
            before = set(self.released)
            events = self.model.step()
            sort_events(self.heard, events)
            assert all(self.heard[handle].over for handle in before)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(sorted(self.asked)))
        thread = threading.Thread(target=self.model.release, args=(handle,))
        thread.start()
        thread.join()
        if handle in self.live:
            self.released.add(handle)

    @rule(tokens=PROMPTS)
    def logits(self, tokens: tuple[int, ...]) -> None:
        assert len(self.model.logits(tokens)) == self.model.facts.vocabulary_size

    @invariant()
    def every_sequence_says_what_it_says_alone(self) -> None:
        for handle, heard in self.heard.items():
            alone = self.alone(self.asked[handle])
            assert heard.tokens == alone.tokens[: len(heard.tokens)]
            if heard.over and heard.reason is not EndReason.RELEASED:
                assert (heard.tokens, heard.reason) == (alone.tokens, alone.reason)
            if heard.reason is EndReason.RELEASED:
                assert handle in self.released

    def teardown(self) -> None:
        for handle, rest in drain(self.model, *self.live).items():
            self.heard[handle].events.extend(rest.events)
        self.every_sequence_says_what_it_says_alone()
        assert not self.model.step()
        self.model.close()

    @classmethod
    @lru_cache(maxsize=4096)
    def alone(cls, asked: SequenceRequest) -> Heard:
        """Return what a request gets on a model of its own."""
        model = cls.open_model()
        try:
            return run(model, asked)
        finally:
            model.close()


def cells(asked: SequenceRequest) -> int:
    """Return the cells that a request reserves, as the port says."""
    if asked.max_tokens is None:
        return CONTEXT
    return min(CONTEXT, len(asked.tokens) + asked.max_tokens)


FEW = settings(max_examples=12, stateful_step_count=25, deadline=None)
"""Enough to meet every rule in many orders, and quick."""
