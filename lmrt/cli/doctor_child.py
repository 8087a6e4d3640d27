"""The child process of `rt doctor`: imports one engine, lets it answer, and writes its report.

::

    python -P -m lmrt.cli.doctor_child BACKEND REPORT
"""

import sys
from pathlib import Path

from lmrt.application.doctor import examine
from lmrt.bootstrap.client import runtime_client
from lmrt.bootstrap.engines import backends
from lmrt.bootstrap.models import bundled_models
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.wire.examination import report_line


def main() -> None:
    """Write the report, one line for each thing that is known."""
    name, report = sys.argv[1:]
    backend = next(each for each in backends() if each.id == name)
    model = str(bundled_models()[BUNDLED_MODEL])
    with Path(report).open("w", encoding="utf-8") as file, runtime_client(aliases={}) as client:
        for told in examine(client, backend, model):
            file.write(report_line(told) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
