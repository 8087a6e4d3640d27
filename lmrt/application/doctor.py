"""Finds out what really runs here."""

from lmrt.application.client import RuntimeClient
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran, Trial
from lmrt.domain.errors import GenerationFailed, LmrtError
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Message
from lmrt.domain.probes import Available, BackendProbe
from lmrt.ports.machine import MachineProbe

_QUESTION = "What is lmrt?"
_TOKENS = 48


def diagnose(client: RuntimeClient, machine: MachineProbe, model: str, version: str) -> Diagnosis:
    """Probe every backend in depth and let each available one answer a prompt.

    Args:
        client: Runs the prompts.
        machine: Looks at the machine.
        model: The bundled model's reference.
        version: lmrt's version.
    """
    probes = client.runtime_loader.probe(deep=True)
    return Diagnosis(
        version=version,
        machine=machine.inspect(),
        backends=tuple(BackendDiagnosis(probe, _try(client, probe, model)) for probe in probes),
    )


def _try(client: RuntimeClient, probe: BackendProbe, model: str) -> Trial:
    if not isinstance(probe.availability, Available):
        return NotTried()
    try:
        return _run(client, RuntimeConfig(model, backend=probe.backend))
    except LmrtError as error:
        return Failed(error.code, error.message, error.hint)


def _run(client: RuntimeClient, config: RuntimeConfig) -> Ran:
    with client.load(config) as runtime:
        response = client.runtime_executor.execute(
            runtime,
            (Message.user(_QUESTION),),
            GenerationConfig(max_tokens=_TOKENS, temperature=0.0),
        )
        if not response.text.strip():
            raise GenerationFailed("the model said nothing", code="generation-failed")
        return Ran(
            text=response.text,
            specialization=runtime.plan.specialization.name,
            layers_on_device=runtime.facts.layers_on_device,
            layers=len(runtime.plan.artifact.weights.layers),
            tokens_per_second=response.timings.decode_rate,
        )
