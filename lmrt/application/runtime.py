"""A loaded model with everything that a prompt needs."""

from typing import Self

from lmrt.application.scheduler import Scheduler
from lmrt.domain.models import ResolvedModel
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.sequences import LoadedFacts
from lmrt.ports.text import Tokenizer


class LoadedRuntime:
    """A loaded backend runtime, ready to execute prompts from any thread.

    Attributes:
        model: The model's metadata, with the chat template of the artifact that was loaded.
        plan: The plan that it was loaded by.
        tokenizer: The artifact's tokenizer.
        scheduler: The engine thread's owner.
        load_seconds: How long the load took.
    """

    def __init__(
        self,
        model: ResolvedModel,
        plan: RuntimePlan,
        tokenizer: Tokenizer,
        scheduler: Scheduler,
        load_seconds: float,
    ) -> None:
        self.model = model
        self.plan = plan
        self.tokenizer = tokenizer
        self.scheduler = scheduler
        self.load_seconds = load_seconds

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        return self.scheduler.facts

    @property
    def failed(self) -> bool:
        """Whether the engine failed as a whole, so that only `close` may follow."""
        return self.scheduler.failed

    def close(self) -> None:
        """Free the model; a second call does nothing."""
        self.scheduler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
