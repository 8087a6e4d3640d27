"""The backend `llama.cpp`."""

from pathlib import Path

from lmrt.adapters.llama_cpp.probe import BACKEND, shallow_probe
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import LoadedModel, LoadProgress


class LlamaCppBackend:
    """`Backend` over llama-cpp-python's C API; the engine is imported by the first load."""

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        return BACKEND

    def probe(self, *, deep: bool = False) -> BackendProbe:
        """Say what it can do here; never raises."""
        if not deep:
            return shallow_probe()
        from lmrt.adapters.llama_cpp.deep_probe import deep_probe

        return deep_probe()

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        """Load the plan's artifact.

        Raises:
            LoadFailed: The engine refused the files (`engine-load-failed`); nothing stays behind.
        """
        from lmrt.adapters.llama_cpp.loading import load_model

        return load_model(plan, root, progress)
