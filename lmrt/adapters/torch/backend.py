"""The backend `torch`, as far as this version has it."""

from pathlib import Path

from lmrt.adapters.torch.installation import installed_version
from lmrt.adapters.torch.probe import BACKEND, probe_of
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import LoadedModel, LoadProgress


class ProbeOnly:
    """Implements `Backend` without loading: its probe is never available, so no plan names it.

    Args:
        devices: Where the NVIDIA driver shows its GPUs, as `nvidia0`, `nvidia1` …
    """

    def __init__(self, devices: Path = Path("/dev")) -> None:
        self._devices = devices

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        return BACKEND

    def probe(self, *, deep: bool = False) -> BackendProbe:  # noqa: ARG002 - there is no more
        """Say what it could do here, and why it cannot."""
        gpus = sum(path.name[6:].isdigit() for path in self._devices.glob("nvidia*"))
        return probe_of(installed_version(), gpus)

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
