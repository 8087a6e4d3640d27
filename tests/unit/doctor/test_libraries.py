"""For whom a library was built, by the bytes that linkers write."""

import sys
from pathlib import Path

import pytest

from lmrt.domain.libraries import HEAD, architectures_of, runs_on

X86 = b"\x7fELF\x02\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + (62).to_bytes(2, "little")
ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + (183).to_bytes(2, "little")
MACH_ARM = b"\xcf\xfa\xed\xfe" + (0x0100000C).to_bytes(4, "little")
MACH_X86 = b"\xcf\xfa\xed\xfe" + (0x01000007).to_bytes(4, "little")
UNIVERSAL = (
    b"\xca\xfe\xba\xbe\x00\x00\x00\x02"
    + (0x01000007).to_bytes(4, "big")
    + bytes(16)
    + (0x0100000C).to_bytes(4, "big")
    + bytes(16)
)


@pytest.mark.parametrize(
    ("head", "built"),
    [
        (X86, {"x86_64"}),
        (ARM, {"arm64"}),
        (MACH_ARM, {"arm64"}),
        (MACH_X86, {"x86_64"}),
        (UNIVERSAL, {"x86_64", "arm64"}),
        (b"", set()),
        (b"\x7fELF", set()),
        (b"\xca\xfe\xba\xbe", set()),
        (b"#!/bin/sh\n", set()),
    ],
)
def test_architectures(head: bytes, built: set[str]) -> None:
    assert architectures_of(head) == built


@pytest.mark.parametrize(
    ("head", "machine", "runs"),
    [
        (X86, "x86_64", True),
        (X86, "aarch64", False),
        (ARM, "aarch64", True),
        (ARM, "arm64", True),
        (MACH_X86, "arm64", False),
        (UNIVERSAL, "arm64", True),
        (b"no library", "x86_64", True),
    ],
)
def test_what_cannot_be_told_is_tried(head: bytes, machine: str, runs: bool) -> None:
    assert runs_on(head, machine) is runs


def test_this_python_runs_here() -> None:
    import os

    head = Path(sys.executable).resolve().read_bytes()[:HEAD]
    assert runs_on(head, os.uname().machine)
