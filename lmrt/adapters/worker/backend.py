"""A backend whose engine runs in a process of its own."""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from lmrt.adapters.worker.messages import facts_in
from lmrt.adapters.worker.model import WorkerModel
from lmrt.adapters.worker.process import Ended, Worker
from lmrt.domain.failures import (
    MAIN_MEMORY,
    EngineCrashed,
    EngineUnusable,
    LoadFailure,
    OutOfMemory,
    load_failed,
)
from lmrt.domain.payloads import JsonObject
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import Backend, LoadedModel, LoadProgress


@frozen
class WorkerBackend:
    """`Backend` that stands in for another; each loaded model is one process.

    Attributes:
        inner: The backend; only its name and its probe are used in this process.
        command: Starts a process that calls `serve` with the number that is added to it.
        write_plan: Returns a plan as JSON values, for the `read_plan` of `serve`.
    """

    inner: Backend
    command: Sequence[str]
    write_plan: Callable[[RuntimePlan], JsonObject]

    @property
    def id(self) -> str:
        """Its name in plans and options: that of the backend inside."""
        return self.inner.id

    def probe(self, *, deep: bool = False) -> BackendProbe:
        """Say what the backend inside can do here; never raises."""
        return self.inner.probe(deep=deep)

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        """Load the plan's artifact in a process of its own.

        Raises:
            LoadFailed: As the backend inside; also where the process ended (`engine-crashed`) or
                cannot be started. Nothing stays behind.
        """
        message = f"`{self.id}` could not load `{plan.artifact.id}`"
        context = {"path": str(root)}
        try:
            worker = Worker(self.command)
        except OSError as error:
            raise load_failed(message, _not_started(error), context=context) from error
        # The candidates that were not chosen are of no use there, and many
        plain = evolve(plan, alternatives=(), counterfactuals=())
        asked = {
            "call": "load",
            "backend": self.id,
            "plan": self.write_plan(plain),
            "root": str(root),
            "progress": progress is not None,
        }
        try:
            facts = facts_in(worker.call(asked, progress=progress).message["facts"])
        except Ended as end:
            failure = EngineCrashed(end.signal, end.told)
            raise load_failed(message, failure, context=context) from None
        except BaseException:
            worker.end(patience=0.0)
            raise
        return WorkerModel(worker, facts, self.id)


def _not_started(error: OSError) -> LoadFailure:
    told = f"the engine's process cannot be started: {error}"
    if error.errno == errno.ENOMEM:
        return OutOfMemory(MAIN_MEMORY, told)
    return EngineUnusable(told)
