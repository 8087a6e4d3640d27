"""Finds out what really runs here, and what would have to be mended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import evolve, frozen

from lmrt.application.client import RuntimeClient
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran, Trial
from lmrt.domain.errors import GenerationFailed, LmrtError
from lmrt.domain.examinations import End, Examination, Finished, GivenUp, Killed, NotStarted
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.machine import Machine
from lmrt.domain.messages import Message
from lmrt.domain.probes import Available, BackendProbe, Unavailable, UnavailableReason
from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_engine import EngineAdvice
from lmrt.domain.remedies_found import engine_remedies, machine_remedies, memory_low
from lmrt.domain.remedies_machine import MemoryHolder
from lmrt.ports.backend import Backend
from lmrt.ports.doctor import Examiner, HealthCheck

_QUESTION = "What is lmrt?"
_TOKENS = 24
_ROOM = 512 * 2**20
"""Bytes of memory that a child process takes beside its engine's overhead, generously counted."""


@frozen
class Patient:
    """What the doctor looks at.

    Attributes:
        version: lmrt's version.
        machine: The machine.
        probes: Every backend's probe, made without importing an engine.
        advice: The commands that mend each engine, by the backend's id.
        holders: Tells which processes hold most of the memory; asked where little is free.
    """

    version: str
    machine: Machine
    probes: tuple[BackendProbe, ...]
    advice: Mapping[str, EngineAdvice]
    holders: Callable[[], tuple[MemoryHolder, ...]]


@frozen
class Known:
    """`HealthCheck` of what is known without looking."""

    remedies: tuple[Remedy, ...]

    def findings(self) -> tuple[Remedy, ...]:
        """Return it."""
        return self.remedies


def diagnose(patient: Patient, examiner: Examiner, checks: Sequence[HealthCheck]) -> Diagnosis:
    """Try every available backend in a process of its own, and look at the setup meanwhile.

    Args:
        patient: The machine and its backends.
        examiner: Tries backends out; it is stopped where this is interrupted.
        checks: Look at the setup.
    """
    usable = [probe for probe in patient.probes if isinstance(probe.availability, Available)]
    with ThreadPoolExecutor(max_workers=_at_once(patient.machine, usable)) as pool:
        try:
            running = {
                probe.backend: pool.submit(examiner.examine, probe.backend) for probe in usable
            }
            found = [remedy for check in checks for remedy in check.findings()]
            told = {backend: future.result() for backend, future in running.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            examiner.stop()
            raise
    backends = tuple(_judged(patient, probe, told.get(probe.backend)) for probe in patient.probes)
    remedies = (
        *engine_remedies(patient.machine, backends, patient.advice),
        *machine_remedies(
            patient.machine, patient.holders() if memory_low(patient.machine) else ()
        ),
        *found,
    )
    return Diagnosis(patient.version, patient.machine, backends, remedies)


def examine(client: RuntimeClient, backend: Backend, model: str) -> Iterator[BackendProbe | Trial]:
    """Yield what a backend's engine says of itself, then what came of a prompt.

    It imports the engine, which may end the process: to be run in a child of the doctor.

    Args:
        client: Runs the prompt.
        backend: The backend.
        model: The bundled model's folder.
    """
    probe = backend.probe(deep=True)
    yield probe
    if not isinstance(probe.availability, Available):
        yield NotTried()
        return
    try:
        yield _run(client, RuntimeConfig(model, backend=backend.id, offline=True))
    except LmrtError as error:
        yield Failed(error.code, error.message, error.hint or error.note)


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


def _at_once(machine: Machine, probes: Sequence[BackendProbe]) -> int:
    """Return how many children may run side by side: one after the other where memory is scarce."""
    needed = sum(probe.overhead + _ROOM for probe in probes)
    return max(1, len(probes)) if needed < machine.memory_free else 1


def _judged(patient: Patient, probe: BackendProbe, told: Examination | None) -> BackendDiagnosis:
    """Return what came of a backend; `told` is None for one that cannot run anyway."""
    if told is None:
        return BackendDiagnosis(probe, NotTried())
    advice = patient.advice.get(probe.backend)
    repair = None if advice is None else advice.repair
    reason, message = _ended(told.end)
    if told.probe is None:
        broken = evolve(probe, availability=Unavailable(reason, message, repair))
        return BackendDiagnosis(broken, NotTried())
    if told.trial is None:
        return BackendDiagnosis(told.probe, Failed(f"engine-{reason}", message, repair))
    return BackendDiagnosis(told.probe, told.trial)


def _ended(end: End) -> tuple[UnavailableReason, str]:
    match end:
        case Killed("SIGILL"):
            return UnavailableReason.WRONG_PROCESSOR, "it crashed with SIGILL"
        case Killed(name):
            return UnavailableReason.CRASHED, f"it crashed with {name}"
        case GivenUp(seconds):
            return UnavailableReason.HANGS, f"it did not answer within {seconds:g} seconds"
        case NotStarted(reason):
            return UnavailableReason.BROKEN, f"no process can be started: {reason}"
        case Finished(0):
            return UnavailableReason.BROKEN, "its process ended without a report"
        case Finished(status, said):
            return UnavailableReason.BROKEN, f"its process ended with {status}: {said}"
