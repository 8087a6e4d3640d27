"""The name and the reason of the execution path inside a backend."""

from lmrt.domain.machine import DeviceKind
from lmrt.domain.plans import OnCpu, OnDevice, Placement, Specialization, SplitLayers, SpreadLayers


def specialization(placement: Placement, kind: DeviceKind, layers: int) -> Specialization:
    """Return the specialization of a placement on a kind of device."""
    match placement:
        case OnCpu():
            return Specialization("cpu", f"all {layers} layers run on the CPU")
        case OnDevice(device):
            return Specialization(f"{kind}-full", f"all {layers} layers run on `{device}`")
        case SplitLayers(device, count, total):
            return Specialization(
                f"{kind}-partial({count}/{total})",
                f"{count} of {total} layers fit on `{device}`, the others run on the CPU",
            )
        case SpreadLayers(shares):
            counts = "+".join(str(count) for _, count in shares)
            names = ", ".join(f"`{name}`" for name, _ in shares)
            return Specialization(
                f"{kind}-spread({counts})", f"the {placement.total} layers are spread over {names}"
            )
