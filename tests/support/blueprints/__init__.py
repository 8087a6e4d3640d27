"""Headers of real models, by our own name: GGUF files of full size that take no disk space.

::

    BLUEPRINTS["gemma3"](layers=6).write(path)
"""

from collections.abc import Callable, Mapping

from tests.support.blueprints import dense, gemmas, mixtures, recurrent, windows
from tests.support.blueprints.blueprint import Blueprint

BLUEPRINTS: Mapping[str, Callable[..., Blueprint]] = {
    made.__name__: made
    for made in (
        dense.llama,
        dense.mistral,
        dense.qwen2,
        dense.qwen3,
        dense.gemma,
        dense.phi3,
        gemmas.gemma2,
        gemmas.gemma3,
        gemmas.gemma3n,
        gemmas.gemma4,
        windows.gpt_oss,
        windows.llama4,
        mixtures.qwen3moe,
        mixtures.deepseek2,
        recurrent.mamba,
        recurrent.lfm2,
        recurrent.granite_hybrid,
        recurrent.falcon_h1,
        recurrent.qwen3next,
    )
}
