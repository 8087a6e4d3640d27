"""A complete backend without an engine: a toy model over bytes, and a machine made to order.

It keeps every promise of the ports, so that the planner, the application and their callers can be
run and tested where no engine is installed. `hashed_language` speaks noise that depends on the last
few tokens; `scripted_language` answers every prompt with one text.
"""

from lmrt.adapters.fake.backend import FakeBackend, fake_probe
from lmrt.adapters.fake.language import Language, hashed_language, scripted_language
from lmrt.adapters.fake.machine import FakeMachineProbe, fake_machine
from lmrt.adapters.fake.model import FakeModel
from lmrt.adapters.fake.tokenizer import FakeTokenizer, FakeTokenizerFactory

__all__ = [
    "FakeBackend",
    "FakeMachineProbe",
    "FakeModel",
    "FakeTokenizer",
    "FakeTokenizerFactory",
    "Language",
    "fake_machine",
    "fake_probe",
    "hashed_language",
    "scripted_language",
]
