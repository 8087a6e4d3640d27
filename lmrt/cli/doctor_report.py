"""`rt doctor --report`: a block of Markdown for a bug report, with nothing private in it."""

import getpass
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from attrs import frozen

from lmrt.cli.doctor_text import diagnosis_lines
from lmrt.domain.diagnosis import Diagnosis
from lmrt.domain.redaction import Private, private_values, redacted, safe_variables

_PACKAGES = (
    "lmrt",
    "llama-cpp-python",
    "mlx",
    "mlx-lm",
    "torch",
    "transformers",
    "huggingface-hub",
    "tokenizers",
    "numpy",
)
_LONGEST = 100
"""Lines of the last error that are shown, the last ones."""


@frozen
class Report:
    """What a report is made of.

    Attributes:
        diagnosis: What the doctor found.
        plan: The plan of the bundled model, or why there is none, in lines.
        error: The last error, as the user passed it on, or None.
        variables: The environment.
    """

    diagnosis: Diagnosis
    plan: tuple[str, ...]
    error: str | None
    variables: Mapping[str, str]


def report_text(report: Report, private: Private) -> str:
    """Return the block."""
    text = redacted("\n".join(_lines(report)), private)
    # Nothing inside may end the block
    return "```text\n" + text.replace("```", "'''") + "\n```\n"


def private_to_this_user(variables: Mapping[str, str]) -> Private:
    """Return what on this machine must not stand in a report."""
    home = Path.home()
    names = [variables.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")]
    with suppress(OSError, KeyError):
        names.append(getpass.getuser())
    host = platform.node()
    return Private(
        homes=tuple(dict.fromkeys((str(home), os.path.realpath(home)))),
        users=tuple(dict.fromkeys((*filter(None, names), home.name))),
        hosts=tuple(dict.fromkeys((host, host.partition(".")[0]))),
        values=private_values(variables),
    )


def _lines(report: Report) -> Iterator[str]:
    yield from diagnosis_lines(report.diagnosis, columns=None)
    yield from _section("python", (f"{platform.python_version()} on {platform.platform()}",))
    yield from _section("packages", _versions())
    told = [f"{name}={value}" for name, value in safe_variables(report.variables)]
    yield from _section("environment", told)
    yield from _section("plan of the bundled model", report.plan)
    if report.error is not None:
        yield from _section("last error", report.error.splitlines()[-_LONGEST:])


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield from lines


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
