"""The prompt's text: argument, standard input, or both."""

import sys

from lmrt.domain.errors import ConfigurationError


def prompt_text(argument: str | None) -> str:
    """Return the text to send: the argument, a blank line, then what is piped in.

    Args:
        argument: The text on the command line; `-` stands for standard input.

    Raises:
        ConfigurationError: There is no text (`empty-prompt`), or what is piped in is not UTF-8
            (`unreadable-input`).
    """
    if sys.stdin is None or sys.stdin.closed:
        piped = ""
    else:
        piped = "" if sys.stdin.isatty() else _read_stdin()
    given = "" if argument in (None, "-") else str(argument)
    text = "\n\n".join(part for part in (given, piped.strip("\n")) if part.strip())
    if not text:
        raise ConfigurationError(
            "the prompt is empty",
            code="empty-prompt",
            hint='give the text as an argument, `rt prompt "…"`, or pipe it in',
        )
    return text


def _read_stdin() -> str:
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"standard input is not UTF-8 text: byte {data[error.start]:#04x} at {error.start:,}",
            code="unreadable-input",
            context={"offset": error.start},
            hint="pipe text in, for example through `iconv -t utf-8`",
        ) from None
