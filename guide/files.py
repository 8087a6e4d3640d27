"""Where the model is, what its files are called, and how large they may be."""

import hashlib
from pathlib import Path

MODEL_DIR = Path(__file__).parent.parent / "models" / "guide"
SAFETENSORS = "model.safetensors"
GGUF = "guide-F32.gguf"
MAX_PARAMETERS = 2_000_000
MAX_SAFETENSORS_BYTES = 4_000_000
MAX_GGUF_BYTES = 8_000_000


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
