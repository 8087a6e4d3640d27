"""Speeds of graphics processors as their makers publish them, by name.

Apple's memory bandwidths are those of its announcements and technical specifications (apple.com),
of which a table is in llama.cpp's discussion 4167. Where a chip comes in two versions the smaller
figure is taken (M3 Max: 300 and 400, M4 Max: 410 and 546 GB/s). Operations are those of the GPU in
f32, which is its rate in 16 bits too, as `packages/tasks/src/hardware.ts` of huggingface.js lists
them (commit 033a6ee, the M3, M2 Pro and M4 corrected in its pull request 1044).

NVIDIA's bandwidth is asked of the driver. Operations are those of its tensor cores with 16-bit
operands and without sparsity: GPUs made for data centres as their data sheets say, GeForce cards
about twice what that list gives for their shaders.
"""

from attrs import frozen


@frozen
class Published:
    """Figures of one processor: bytes, and operations in 16 bits, a second."""

    bandwidth: float | None
    arithmetic: float


_APPLE = {
    "Apple M1": Published(68e9, 2.6e12),
    "Apple M1 Pro": Published(200e9, 5.2e12),
    "Apple M1 Max": Published(400e9, 10.4e12),
    "Apple M1 Ultra": Published(800e9, 21e12),
    "Apple M2": Published(100e9, 3.6e12),
    "Apple M2 Pro": Published(200e9, 6.8e12),
    "Apple M2 Max": Published(400e9, 13.5e12),
    "Apple M2 Ultra": Published(800e9, 27.2e12),
    "Apple M3": Published(100e9, 4.1e12),
    "Apple M3 Pro": Published(150e9, 7.4e12),
    "Apple M3 Max": Published(300e9, 14.2e12),
    "Apple M4": Published(120e9, 4.6e12),
    "Apple M4 Pro": Published(273e9, 9.2e12),
    "Apple M4 Max": Published(410e9, 18.4e12),
}

_NVIDIA = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "A40": 150e12,
    "T4": 65e12,
    "RTX 4090": 165e12,
    "RTX 4080": 97e12,
    "RTX 4070": 58e12,
    "RTX 3090": 71e12,
    "RTX 3080": 61e12,
    "RTX 3070": 41e12,
    "RTX 3060": 25e12,
}


def apple_chip(name: str) -> Published | None:
    """Return the figures of a chip, or None where they are not known here."""
    return _APPLE.get(name)


def nvidia_arithmetic(name: str) -> float | None:
    """Return the operations a second of a card, or None where they are not known here."""
    words = f" {name} "
    fitting = [known for known in _NVIDIA if f" {known} " in words or f" {known}-" in words]
    return _NVIDIA[max(fitting, key=len)] if fitting else None
