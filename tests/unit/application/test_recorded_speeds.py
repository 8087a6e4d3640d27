"""Which runs go into the ledger, and what they are held against."""

from pathlib import Path
from threading import Barrier, Thread

from attrs import evolve

from lmrt.application.recording import SpeedRecorder
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.responses import Timings
from lmrt.domain.speed_runs import LEAST_DECODED, LEAST_PROMPT, speed_run
from lmrt.domain.speeds import SpeedRun, decode_seconds, prompt_seconds
from tests.support.worlds import GIB, Q8, gguf_backend, machine, model

PLAN = plan(PlanRequest(), model(Q8), machine(64 * GIB), [gguf_backend()])
TIMINGS = Timings(0.0, 2.0, 10.0, 12.0, prefilled_tokens=100, decoded_tokens=50)


class Kept:
    """A ledger in a list."""

    def __init__(self) -> None:
        self.all: list[SpeedRun] = []

    def record(self, run: SpeedRun) -> None:
        self.all.append(run)

    def runs(self, machine: str) -> tuple[SpeedRun, ...]:
        return tuple(self.all)


def recorded(timings: Timings, found: RuntimePlan = PLAN) -> list[SpeedRun]:
    kept = Kept()
    with SpeedRecorder(kept).run() as record:
        pass
    record(found, timings)
    return kept.all


def test_a_run_is_held_against_what_was_expected_of_so_many_tokens() -> None:
    (run,) = recorded(TIMINGS)
    paces = PLAN.chosen.speed.paces
    assert run.prefill is not None
    assert run.decode is not None

    assert (run.prefill.measured, run.decode.measured) == (50.0, 5.0)
    assert run.prefill.predicted == 100 / prompt_seconds(paces, 100, PLAN.settings.batch_size)
    assert run.decode.predicted == 1 / decode_seconds(paces, 125)
    assert run.machine == PLAN.machine
    assert run.key.model == "llama 8B"


def test_a_first_prompt_does_not_count_since_it_loads_the_weights() -> None:
    (run,) = recorded(evolve(TIMINGS, load=1.0))

    assert run.prefill is None
    assert run.decode is not None


def test_a_few_tokens_say_nothing() -> None:
    few = evolve(TIMINGS, prefilled_tokens=LEAST_PROMPT - 1, decoded_tokens=LEAST_DECODED - 1)

    assert recorded(few) == []
    assert recorded(evolve(few, decoded_tokens=LEAST_DECODED)) != []


def test_a_correction_is_no_part_of_what_is_held_against_it() -> None:
    key = speed_run(PLAN, TIMINGS, warm=True)
    speed = PLAN.chosen.speed
    said = evolve(speed, decode=speed.decode * 3, correction=evolve(speed.correction, decode=3.0))
    corrected = evolve(PLAN, chosen=evolve(PLAN.chosen, speed=said))

    assert speed_run(corrected, TIMINGS, warm=True) == key


def test_a_plan_of_an_older_version_is_not_recorded() -> None:
    assert recorded(TIMINGS, evolve(PLAN, machine=None)) == []


def test_runs_beside_each_other_do_not_count() -> None:
    kept = Kept()
    recorder, together = SpeedRecorder(kept), Barrier(2)

    def run() -> None:
        with recorder.run() as record:
            together.wait()
        record(PLAN, TIMINGS)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.all == []

    with recorder.run() as record:
        pass
    record(PLAN, TIMINGS)
    assert len(kept.all) == 1


def test_nothing_of_the_model_but_its_size_is_kept() -> None:
    secret = evolve(PLAN, model_name="my secret model", model_reference=str(Path.home()))
    (run,) = recorded(TIMINGS, secret)

    assert "secret" not in repr(run)
    assert str(Path.home()) not in repr(run)
