"""Asking the engine in a child process, so that a crash is a finding and not the end."""

import json
import signal
import subprocess
import sys
from typing import Any

from attrs import frozen

from lmrt.adapters.llama_cpp.efficiency import backend_device
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice

_MODULE = "lmrt.adapters.llama_cpp.deep_probe"
_TIMEOUT = 20.0


@frozen
class ChildReport:
    """What the engine told.

    Attributes:
        devices: Devices that we can plan for, accelerators first.
        details: Facts for people, as (name, value) pairs.
    """

    devices: tuple[BackendDevice, ...]
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
    usable, details = [], [("engine", str(document["engine"]))]
    for entry in document["devices"]:
        total, free = int(entry["total"]) >> 20, int(entry["free"]) >> 20
        label = f"{entry['name']}, {free:,} of {total:,} MiB free"
        details.append((f"device {entry['engine_name']}", label))
        if entry["device"] is not None:
            usable.append(backend_device(entry["device"], DeviceKind(entry["kind"])))
    details.append(("system", str(document["system"])))
    usable.sort(key=lambda device: device.kind is DeviceKind.CPU)
    return ChildReport(tuple(usable), tuple(details))
