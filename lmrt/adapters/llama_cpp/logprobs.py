"""Log-probabilities from the engine's raw logits."""

from typing import Any

import numpy as np

from lmrt.domain.sequences import TokenLogprobs


def row_of(api: Any, context: int, output: int, size: int) -> Any:
    """Return the logits of one output as an array that the next decode overwrites."""
    return np.ctypeslib.as_array(api.llama_get_logits_ith(context, output), (size,))


def token_logprobs(logits: Any, token: int, count: int) -> TokenLogprobs:
    """Return the log-probabilities of `token` and of the `count` most likely ones."""
    scores = logits.astype(np.float64)
    peak = scores.max()
    scores -= peak + np.log(np.exp(scores - peak).sum())
    count = min(count, scores.size)
    best = np.argpartition(-scores, count - 1)[:count] if count else np.empty(0, np.intp)
    ranked = sorted(best.tolist(), key=lambda entry: (-scores[entry], entry))
    return TokenLogprobs(
        chosen=float(scores[token]), top=tuple((entry, float(scores[entry])) for entry in ranked)
    )
