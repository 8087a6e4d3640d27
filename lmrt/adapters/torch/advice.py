"""The commands that mend the engine.

https://pytorch.org/get-started/locally: the wheels on PyPI have CUDA on Linux and Metal on macOS;
those without come from an index of their own, where a plain install would find its version again.
"""

from lmrt.adapters.torch.probe import REPAIR
from lmrt.domain.machine import DeviceKind
from lmrt.domain.remedies_engine import EngineAdvice

_FROM_PYPI = "pip install --force-reinstall --index-url https://pypi.org/simple torch"

ADVICE = EngineAdvice(
    repair=REPAIR, builds={DeviceKind.CUDA: _FROM_PYPI, DeviceKind.METAL: _FROM_PYPI}
)
