"""The commands that mend the engine.

https://llama-cpp-python.readthedocs.io/en/latest/#installation-configuration: `CMAKE_ARGS` reaches
the build, which happens here since no wheel is taken.
"""

from lmrt.adapters.llama_cpp.probe import REBUILD
from lmrt.domain.machine import DeviceKind
from lmrt.domain.remedies_engine import EngineAdvice

ADVICE = EngineAdvice(
    repair=REBUILD,
    builds={
        DeviceKind.CUDA: f"CMAKE_ARGS=-DGGML_CUDA=on {REBUILD}",
        DeviceKind.METAL: f"CMAKE_ARGS=-DGGML_METAL=on {REBUILD}",
    },
)
