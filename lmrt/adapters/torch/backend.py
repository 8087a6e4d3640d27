"""The backend `torch`."""

from pathlib import Path

from lmrt.adapters.torch.probe import BACKEND, shallow_probe
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import LoadedModel, LoadProgress


class TorchBackend:
    """`Backend` over transformers' models on torch; the engine is imported by the first load."""

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        return BACKEND

    def probe(self, *, deep: bool = False) -> BackendProbe:
        """Say what it can do here; never raises."""
        if not deep:
            return shallow_probe()
        from lmrt.adapters.torch.deep_probe import deep_probe

        return deep_probe()

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        """Load the plan's artifact.

        Raises:
            LoadFailed: The engine refused the files (`engine-load-failed`); nothing stays behind.
        """
        from lmrt.adapters.torch import engine

        engine.transformers()
        from lmrt.adapters.torch.loading import load_model

        return load_model(plan, root, progress)
