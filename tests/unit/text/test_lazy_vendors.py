"""Importing what stands above token ids loads none of the libraries behind it."""

import subprocess
import sys


def test_no_vendor_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys, lmrt.application.encoding, lmrt.adapters.templates, lmrt.adapters.tokenizers;"
        "print({'jinja2', 'tokenizers', 'markupsafe'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
