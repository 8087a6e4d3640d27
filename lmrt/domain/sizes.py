"""Amounts of memory, read and written."""

import re

from lmrt.domain.options import invalid_option

_UNITS = {
    "": 1,
    "K": 2**10,
    "M": 2**20,
    "G": 2**30,
    "T": 2**40,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]*)")


def parse_size(name: str, text: str) -> int:
    """Return the bytes that a text such as `6GB`, `512MiB` or `4G` means.

    `GB` is 10^9 bytes, `GiB` and `G` are 2^30.

    Args:
        name: The option, for the error.
        text: The amount.

    Raises:
        ConfigurationError: It is no amount (`invalid-option`).
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match["unit"].upper()) if match else None
    if match is None or unit is None or float(match["number"]) * unit < 1:
        raise invalid_option(name, text, "an amount of memory such as `6GB` or `512MiB`")
    return int(float(match["number"]) * unit)


def format_size(count: int) -> str:
    """Return the bytes in the binary unit that fits best, as `1.50 GiB`."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if abs(amount) < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{count} B" if unit == "B" else f"{amount:.2f} {unit}"


def format_size_up(count: int) -> str:
    """Return the bytes as `format_size` does, but never less than they are."""
    unit = next((each for each in (2**40, 2**30, 2**20, 2**10) if count >= each), None)
    return format_size(count if unit is None else -(-count * 100 // unit) * unit // 100)
