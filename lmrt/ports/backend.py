"""The token-level backend port: token ids in, token ids out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.domain.sequences import (
    AtCapacity,
    LoadedFacts,
    SequenceEvent,
    SequenceHandle,
    SequenceRequest,
)

LoadProgress = Callable[[float], None]
"""Called with the share of the load that is done, 0 to 1; on the thread that loads."""


class LoadedModel(Protocol):
    """A model in memory.

    One thread owns it: the one that called `Backend.load` calls every method, except `release`,
    which any thread may call. Prompts that share a prefix with an earlier one start from the KV
    cache, which this object owns, where `facts.prefix_reuse` allows it.
    """

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        ...

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in; it starts with the next step.

        A sequence that was admitted never fails for lack of room: capacity is reserved for its
        prompt and for `max_tokens`, or for the whole context where that is None.

        Returns:
            The sequence's handle, or `AtCapacity` while live sequences leave no room.

        Raises:
            ConfigurationError: The prompt is empty, does not leave room for one token
                (`prompt-too-long`), or holds an id outside the vocabulary.
            GenerationFailed: The engine is gone; only `close` may follow.
        """
        ...

    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence, by a piece of its prompt or by one token.

        Sequences do not influence each other's tokens. With nothing live it returns at once.

        Returns:
            What happened, in order; for each sequence one `PrefillDone`, then `TokenSampled` …,
            then one `SequenceEnded` or `SequenceFailed`.

        Raises:
            GenerationFailed: The engine failed as a whole; only `close` may follow.
        """
        ...

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread, also during a step, without waiting for it.

        The step after it, at the latest, reports `SequenceEnded(RELEASED)` if the sequence was
        live, and draws no token for it. Unknown and ended handles are ignored.
        """
        ...

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits of the token that follows `tokens`, one for each vocabulary entry.

        For measurement and parity only; live sequences keep their state.
        """
        ...

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        ...


class Backend(Protocol):
    """One engine behind the token-level port."""

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        ...

    def probe(self, *, deep: bool = False) -> BackendProbe:
        """Say what it can do here; never raises.

        Args:
            deep: Import the engine and ask it. That may end the process, so `rt doctor` does it in
                a child. Without it, package metadata and file names answer, in milliseconds, and no
                vendor library is imported.
        """
        ...

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        """Load the plan's artifact.

        Args:
            plan: What to load and how.
            root: Folder that holds the artifact's files.
            progress: Told how far it is.

        Raises:
            LoadFailed: The engine refused the files (`engine-load-failed`); nothing stays behind.
        """
        ...
