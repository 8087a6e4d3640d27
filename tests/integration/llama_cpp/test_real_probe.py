"""The probe of the installed engine."""

import subprocess
import sys

from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import Available


def test_the_shallow_probe_imports_no_engine() -> None:
    script = (
        "import sys; from lmrt.adapters.llama_cpp import llama_cpp_backend, gguf_tokenizers;"
        "probe = llama_cpp_backend().probe(); gguf_tokenizers();"
        "print(type(probe.availability).__name__, {'llama_cpp', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "Available set()\n", done.stderr


def test_the_deep_probe_asks_the_engine() -> None:
    shallow, deep = llama_cpp_backend().probe(), llama_cpp_backend().probe(deep=True)
    assert isinstance(deep.availability, Available)
    assert deep.devices[-1].kind is DeviceKind.CPU
    assert deep.architectures == shallow.architectures
    details = dict(deep.details)
    assert details["engine"].startswith("llama.cpp ")
    assert "MiB free" in details["device CPU"]
    assert "CPU" in details["system"]
