"""For which processors a shared library was built, by its first bytes."""

HEAD = 4096
"""Bytes of a library's beginning that are enough to tell."""

_ELF_MACHINES = {62: "x86_64", 183: "arm64", 40: "arm", 3: "x86", 243: "riscv64"}
_MACH_TYPES = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "x86", 12: "arm"}
_NAMES = {"aarch64": "arm64", "amd64": "x86_64"}


def architectures_of(head: bytes) -> frozenset[str]:
    """Return the architectures of an ELF or Mach-O library; empty where it cannot be told.

    Sources: `e_machine` in the ELF specification, `cputype` in `mach/machine.h`. A universal file
    of macOS holds several libraries, listed at its beginning.
    """
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        machine = int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")
        return _known(_ELF_MACHINES.get(machine))
    if head[:4] == b"\xcf\xfa\xed\xfe":
        return _known(_MACH_TYPES.get(int.from_bytes(head[4:8], "little")))
    if head[:4] == b"\xca\xfe\xba\xbe":
        count = min(int.from_bytes(head[4:8], "big"), 8)
        kinds = (int.from_bytes(head[8 + 20 * n : 12 + 20 * n], "big") for n in range(count))
        return frozenset(name for kind in kinds if (name := _MACH_TYPES.get(kind)))
    return frozenset()


def runs_on(head: bytes, machine: str) -> bool:
    """Return whether a library can be loaded on a machine of an architecture, as far as is known.

    Args:
        head: The library's first bytes.
        machine: As `os.uname` names it.
    """
    built = architectures_of(head)
    return not built or _NAMES.get(machine, machine) in built


def _known(name: str | None) -> frozenset[str]:
    return frozenset() if name is None else frozenset({name})
