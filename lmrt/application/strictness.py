"""What is refused of a configuration: notices where it is strict, backends that do not exist."""

from collections.abc import Iterable

from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.notices import Notice


def strict_notice(notice: Notice) -> ConfigurationError:
    """Return the error that stands in for a notice where the user asked to be strict."""
    return ConfigurationError(
        f"refused because of `strict`: {notice.message}",
        code="strict-notice",
        context={"notice": notice.code},
        hint="ask for what is possible here, or leave `--strict` out",
    )


def refuse_unknown_backend(config: RuntimeConfig, backends: Iterable[str]) -> None:
    """Refuse a configuration that is pinned to a backend that does not exist.

    Raises:
        ConfigurationError: It is (`invalid-option`); those that exist are named.
    """
    names = sorted(backends)
    if config.backend is None or config.backend in names:
        return
    known = ", ".join(f"`{name}`" for name in names)
    raise ConfigurationError(
        f"`backend` is {config.backend!r}, but must be one of {known}",
        code="invalid-option",
        context={"option": "backend", "value": config.backend, "wanted": known},
        hint=f"give `--backend` one of {known}, or leave it out",
    )
