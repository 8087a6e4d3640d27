"""The engine's sampler chain for the project's sampling settings."""

from collections.abc import Sequence
from typing import Any

from lmrt.domain.sampling import SamplingSettings

_KEEP_ONE = 1


class Sampler:
    """Draws the tokens of one sequence, in the order that `lmrt.domain.sampling` writes down.

    Attributes:
        pointer: The engine's sampler chain.
    """

    def __init__(
        self,
        api: Any,
        settings: SamplingSettings,
        prompt: Sequence[int],
        *,
        vocabulary_size: int,
        context_length: int,
    ) -> None:
        self._api = api
        # Larger values mean the same, but would not fit the engine's 32 bits.
        self._window = min(settings.penalty_window, context_length)
        self._top_k = min(settings.top_k, vocabulary_size)
        params = api.llama_sampler_chain_default_params()
        params.no_perf = True
        self.pointer = api.llama_sampler_chain_init(params)
        if settings.penalizes:
            self._add_penalties(settings, prompt, vocabulary_size)
        if settings.greedy:
            self._add(api.llama_sampler_init_greedy())
        else:
            self._add_draw(settings)

    def _add_penalties(
        self, settings: SamplingSettings, prompt: Sequence[int], vocabulary_size: int
    ) -> None:
        penalties = self._api.llama_sampler_init_penalties(
            vocabulary_size,
            self._window,
            settings.repetition_penalty,
            settings.frequency_penalty,
            settings.presence_penalty,
        )
        self._add(penalties)
        for token in prompt[-self._window :]:
            self._api.llama_sampler_accept(penalties, token)

    def _add_draw(self, settings: SamplingSettings) -> None:
        api = self._api
        if self._top_k:
            self._add(api.llama_sampler_init_top_k(self._top_k))
        if settings.top_p < 1.0:
            self._add(api.llama_sampler_init_top_p(settings.top_p, _KEEP_ONE))
        if settings.min_p > 0.0:
            self._add(api.llama_sampler_init_min_p(settings.min_p, _KEEP_ONE))
        self._add(api.llama_sampler_init_temp(settings.temperature))
        # The engine reads its default seed as "a random one".
        seed = api.LLAMA_DEFAULT_SEED if settings.seed is None else settings.seed
        self._add(api.llama_sampler_init_dist(seed))

    def _add(self, sampler: int) -> None:
        self._api.llama_sampler_chain_add(self.pointer, sampler)

    def free(self) -> None:
        """Give the chain back to the engine; call it once."""
        self._api.llama_sampler_free(self.pointer)
