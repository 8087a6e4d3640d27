"""Which findings follow from a machine and what came of its backends."""

from attrs import evolve

from lmrt.application.doctor import Known, Patient, diagnose
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran
from lmrt.domain.examinations import (
    End,
    Examination,
    Finished,
    GivenUp,
    Killed,
    NotStarted,
)
from lmrt.domain.machine import DeviceKind, Machine
from lmrt.domain.probes import Available, BackendProbe, Unavailable, UnavailableReason
from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_engine import EngineAdvice
from lmrt.domain.remedies_found import engine_remedies, machine_remedies
from lmrt.domain.remedies_machine import DebugOn, MemoryHolder
from tests.support.worlds import GIB, ON_GPU, gguf_backend, gpu, machine, metal, missing_backend

RAN = Ran("hi", "cpu", 0, 4, 10.0)
ADVICE = EngineAdvice("pip repair", {DeviceKind.CUDA: "pip cuda", DeviceKind.METAL: "pip metal"})
HOLDERS = (MemoryHolder("browser", 9 * GIB), MemoryHolder("editor", GIB))


def codes(*backends: BackendDiagnosis, here: Machine | None = None) -> list[str]:
    found = engine_remedies(here or machine(8 * GIB), backends, {"alpha": ADVICE})
    return [remedy.code for remedy in found]


def gone(reason: UnavailableReason) -> BackendDiagnosis:
    trouble = Unavailable(reason, "why", "pip")
    return BackendDiagnosis(gguf_backend(availability=trouble), NotTried())


def test_every_reason_has_its_own_finding() -> None:
    found = codes(*(gone(reason) for reason in UnavailableReason))
    assert found == [
        "extra-missing",
        "engine-broken",
        "engine-version-unsupported",
        "engine-version-unsupported",
        "wheel-for-another-processor",
        "wheel-for-another-architecture",
        "engine-crashed",
        "engine-hangs",
    ]


def test_a_build_for_the_cpu_alone_is_found_beside_a_gpu() -> None:
    with_card = machine(8 * GIB, accelerators=(gpu(8 * GIB),))
    on_cpu = BackendDiagnosis(gguf_backend(), RAN)
    on_both = BackendDiagnosis(gguf_backend(ON_GPU), RAN)
    assert codes(on_cpu, here=with_card) == ["built-without-cuda"]
    assert codes(on_both, here=with_card) == []
    assert codes(on_cpu) == []
    mac = machine(8 * GIB, system="Darwin", architecture="arm64", accelerators=(metal(6 * GIB),))
    assert codes(on_cpu, here=mac) == ["built-without-metal"]


def test_an_intel_python_on_an_apple_chip_is_the_one_thing_to_mend() -> None:
    mac = machine(8 * GIB, system="Darwin", architecture="x86_64", accelerators=(metal(6 * GIB),))
    assert codes(BackendDiagnosis(gguf_backend(), RAN), here=mac) == []
    assert [one.code for one in machine_remedies(mac, ())] == ["python-under-rosetta"]


def test_a_backend_that_does_not_answer_is_found() -> None:
    failed = BackendDiagnosis(gguf_backend(), Failed("load-failed", "no", "hint"))
    (found,) = engine_remedies(machine(8 * GIB), [failed], {})
    assert (found.code, found.why) == ("trial-failed", "hint")
    assert found.command == "RT_DEBUG=1 rt prompt -m guide --backend alpha hello"


def test_little_memory_names_who_holds_it() -> None:
    (found,) = machine_remedies(machine(16 * GIB, GIB), HOLDERS)
    assert found.code == "memory-low"
    assert found.what == "1.00 GiB of 16.00 GiB main memory are free"
    assert "browser (9.00 GiB), editor (1.00 GiB)" in found.why


def test_a_small_machine_with_nothing_on_it_is_well() -> None:
    assert not list(machine_remedies(machine(GIB, 800 << 20), HOLDERS))
    assert [one.code for one in machine_remedies(machine(GIB, 400 << 20), ())] == ["memory-low"]


def test_a_full_card_is_found() -> None:
    full = machine(64 * GIB, accelerators=(gpu(8 * GIB, GIB),))
    (found,) = machine_remedies(full, HOLDERS)
    assert (found.code, found.command) == ("memory-low", "nvidia-smi")
    assert "browser" not in found.why


def test_what_could_not_be_read_is_found() -> None:
    odd = machine(8 * GIB, findings=("NVIDIA GPUs cannot be counted: driver mismatch",))
    (found,) = machine_remedies(odd, ())
    assert found.what == "NVIDIA GPUs cannot be counted: driver mismatch"


class Told:
    """An examiner that knows the outcome; the real one is tried in `tests/unit/children`."""

    def __init__(self, found: Examination) -> None:
        self.found = found
        self.asked: list[str] = []

    def examine(self, backend: str) -> Examination:
        self.asked.append(backend)
        return self.found

    def stop(self) -> None:
        raise AssertionError("nothing was interrupted")


def diagnosed(found: Examination, *probes: BackendProbe) -> tuple[Diagnosis, list[str]]:
    told = Told(found)
    patient = Patient("1", machine(8 * GIB), probes, {"alpha": ADVICE}, lambda: HOLDERS)
    return diagnose(patient, told, [Known((DebugOn(),))]), told.asked


def ended(end: End, probe: BackendProbe | None = None) -> tuple[Remedy, BackendDiagnosis]:
    found, _ = diagnosed(Examination(probe, None, end), gguf_backend())
    return found.remedies[0], found.backends[0]


def test_only_backends_that_may_run_are_tried() -> None:
    found, asked = diagnosed(
        Examination(gguf_backend(), RAN, Finished(0, "")), gguf_backend(), missing_backend()
    )
    assert asked == ["alpha"]
    assert found.works
    assert [one.code for one in found.remedies] == ["extra-missing", "debug-on"]


def test_a_crash_at_the_import_makes_the_backend_unavailable() -> None:
    for end, code in (
        (Killed("SIGILL"), "wheel-for-another-processor"),
        (Killed("SIGSEGV"), "engine-crashed"),
        (GivenUp(3.0), "engine-hangs"),
        (Finished(0, ""), "engine-broken"),
        (Finished(1, "ImportError: no"), "engine-broken"),
        (NotStarted("no room"), "engine-broken"),
    ):
        remedy, row = ended(end)
        assert (remedy.code, remedy.command) == (code, "pip repair")
        assert isinstance(row.probe.availability, Unavailable)
        assert row.trial == NotTried()


def test_a_crash_after_the_probe_is_a_failed_trial() -> None:
    remedy, row = ended(Killed("SIGSEGV"), gguf_backend())
    assert remedy.code == "trial-failed"
    assert isinstance(row.probe.availability, Available)
    assert row.trial == Failed("engine-crashed", "it crashed with SIGSEGV", "pip repair")


def test_the_engine_has_the_last_word_on_devices() -> None:
    seen = evolve(gguf_backend(), details=(("device", "told"),))
    found, _ = diagnosed(Examination(seen, RAN, Finished(0, "")), gguf_backend(ON_GPU))
    assert found.backends[0].probe == seen
