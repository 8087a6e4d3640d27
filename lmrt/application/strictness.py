"""What `strict` makes of a notice."""

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
