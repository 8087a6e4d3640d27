"""What a request needs of a backend, read off its messages and settings."""

from lmrt.application.loader import Needs
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Message, modalities_of
from lmrt.domain.probes import Feature


def needs_of(messages: tuple[Message, ...], generation: GenerationConfig) -> Needs:
    """Return what the request needs."""
    features = set()
    if generation.constraint is not None:
        features.add(Feature.CONSTRAINTS)
    if generation.logprobs is not None:
        features.add(Feature.LOGPROBS)
    return Needs(modalities_of(messages), frozenset(features), template=not generation.raw)


def refuse_unsupported(generation: GenerationConfig) -> None:
    """Refuse settings that no backend can meet, rather than ignore them.

    Raises:
        ConfigurationError: One of them is set (`feature-unsupported`).
    """
    for name in ("tools", "reasoning"):
        if getattr(generation, name) is not None:
            raise ConfigurationError(
                f"`{name}` is not supported in this version",
                code="feature-unsupported",
                context={"option": name},
                hint=f"leave `{name}` out",
            )
