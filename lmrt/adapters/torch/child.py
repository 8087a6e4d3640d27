"""Asking the engine in a child process, so that a crash is a finding and not the end."""

import json
import signal
import subprocess
import sys
from typing import Any

from attrs import frozen

_MODULE = "lmrt.adapters.torch.deep_probe"
_TIMEOUT = 60.0


@frozen
class ChildReport:
    """What the engine told.

    Attributes:
        devices: Our names of the devices that it can use.
        details: Facts for people, as (name, value) pairs.
    """

    devices: frozenset[str]
    details: tuple[tuple[str, str], ...]


@frozen
class ChildFailed:
    """The engine could not be asked; `message` says why, in one line."""

    message: str


def ask_child(
    command: tuple[str, ...] = (sys.executable, "-m", _MODULE), timeout: float = _TIMEOUT
) -> ChildReport | ChildFailed:
    """Run the deep probe and return its report.

    Args:
        command: What to run; it prints one JSON document as its last line.
        timeout: Seconds to wait for it.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return ChildFailed(f"the engine did not answer within {timeout:g} seconds")
    except OSError as error:
        return ChildFailed(f"the engine's probe cannot be started: {error}")
    if done.returncode < 0:
        return ChildFailed(f"the engine crashed: {_signal_name(-done.returncode)}")
    if done.returncode:
        return ChildFailed(f"the engine cannot be imported: {_last_line(done.stderr)}")
    try:
        return _report(json.loads(_last_line(done.stdout)))
    except (ValueError, KeyError, TypeError) as error:
        return ChildFailed(f"the engine's probe gave no report: {error!r}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "no output"


def _report(document: dict[str, Any]) -> ChildReport:
    usable, details = set(), [("engine", str(document["engine"]))]
    for entry in document["devices"]:
        usable.add(str(entry["device"]))
        details.append((f"device {entry['device']}", str(entry["label"])))
    return ChildReport(frozenset(usable), tuple(details))
