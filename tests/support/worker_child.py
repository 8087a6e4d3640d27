"""A worker process whose backends are fakes, and such that end as real ones do when they must.

`python -m tests.support.worker_child DESCRIPTOR`
"""

import os
import signal
import sys
from pathlib import Path

from attrs import frozen

from lmrt.adapters.fake import FakeBackend, fake_probe, hashed_language
from lmrt.adapters.worker import serve
from lmrt.domain.errors import LoadFailed
from lmrt.domain.failures import OutOfMemory
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import LoadedModel, LoadProgress
from lmrt.wire.plan import plan_from_payload

LANGUAGE = hashed_language(64)
REFUSES, NO_MEMORY, BROKEN, LEAVES = "refuses", "no-memory", "broken", "leaves"


@frozen
class Doomed:
    """A backend whose loads end the way that its name says; signals are named as they are."""

    id: str

    def probe(self, *, deep: bool = False) -> BackendProbe:
        return fake_probe(self.id)

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        sys.stdout.write("on stdout\n")
        sys.stdout.flush()
        os.write(2, b"the engine's last words\n")
        if progress is not None:
            progress(0.5)
        if self.id == REFUSES:
            raise LoadFailed("no", code="malformed-file", context={"path": root}, hint="do that")
        if self.id == NO_MEMORY:
            failure = OutOfMemory("cuda:0", "cudaMalloc failed")
            raise LoadFailed("no", code="out-of-memory", note=failure.told, failure=failure)
        if self.id == BROKEN:
            raise KeyError("what nobody expected")
        if self.id == LEAVES:
            os._exit(3)
        os.kill(os.getpid(), signal.Signals[self.id])
        raise AssertionError("it lives")


NAMES = ("SIGKILL", "SIGSEGV", "SIGILL", "SIGABRT", REFUSES, NO_MEMORY, BROKEN, LEAVES)

if __name__ == "__main__":
    fakes = {
        "fake": FakeBackend(language=LANGUAGE),
        "fails-at-step": FakeBackend(language=LANGUAGE, fail_at_step=3),
        "refused": FakeBackend(
            load_failure=LoadFailed("no", code="engine-load-failed", note="it was made to fail")
        ),
    }
    doomed = {name: Doomed(name) for name in NAMES}
    serve(int(sys.argv[1]), {**fakes, **doomed}, plan_from_payload)
