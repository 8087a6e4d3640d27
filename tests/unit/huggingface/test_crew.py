"""Jobs are done side by side until one fails; then nobody changes a file any more."""

from threading import Barrier, Event

import pytest

from lmrt.adapters.huggingface.crew import Gate, GateShutError, side_by_side


def test_every_job_is_done_once_and_results_are_in_order() -> None:
    done = side_by_side(lambda job: job * 2, range(20), 4, Gate())
    assert done == [job * 2 for job in range(20)]
    assert side_by_side(lambda job: job, [], 4, Gate()) == []


def test_jobs_are_done_at_the_same_time() -> None:
    everyone = Barrier(4, timeout=30)
    assert len(side_by_side(lambda _: everyone.wait(), range(4), 4, Gate())) == 4


def test_the_first_failure_ends_it_and_is_raised() -> None:
    gate, never = Gate(), Event()
    begun: list[int] = []

    def work(job: int) -> None:
        begun.append(job)
        if job:
            never.wait()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, range(100), 2, gate)
    assert len(begun) <= 2
    with pytest.raises(GateShutError), gate.passed():
        raise AssertionError("somebody passed a gate that is shut")
    with pytest.raises(GateShutError):
        gate.wait(1000)
    never.set()


def test_a_gate_that_is_open_lets_pass() -> None:
    gate = Gate()
    with gate.passed():
        passed = True
    gate.wait(0)
    assert passed
