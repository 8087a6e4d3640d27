"""The backend `mlx`, as far as this version has it."""

import os
from pathlib import Path

from lmrt.adapters.mlx.installation import installed_version
from lmrt.adapters.mlx.probe import BACKEND, probe_of
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import LoadedModel, LoadProgress


class ProbeOnly:
    """Implements `Backend` without loading: its probe is never available, so no plan names it."""

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        return BACKEND

    def probe(self, *, deep: bool = False) -> BackendProbe:  # noqa: ARG002 - there is no more
        """Say what it could do here, and why it cannot."""
        system = os.uname()
        return probe_of(installed_version(), system.sysname, system.machine)

    def load(
        self,
        plan: RuntimePlan,
        root: Path,  # noqa: ARG002 - the port's
        progress: LoadProgress | None = None,  # noqa: ARG002 - the port's
    ) -> LoadedModel:
        """Refuse.

        Raises:
            LoadFailed: Always (`engine-load-failed`).
        """
        raise LoadFailed(
            f"this version of lmrt does not run models with `{BACKEND}`",
            code="engine-load-failed",
            context={"backend": BACKEND, "model": plan.model_name},
            hint="leave `--backend` out; the planner chooses one that runs",
        )
