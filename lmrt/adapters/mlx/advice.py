"""The commands that mend the engine; every build for Apple chips has its GPU."""

from lmrt.adapters.mlx.probe import REPAIR
from lmrt.domain.remedies_engine import EngineAdvice

ADVICE = EngineAdvice(repair=REPAIR)
