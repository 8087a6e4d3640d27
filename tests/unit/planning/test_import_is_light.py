import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
import lmrt.domain.planning
print(*(set(sys.modules) - before))
"""


def test_the_planner_needs_attrs_and_the_standard_library_alone() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}

    assert "lmrt" in loaded, run.stderr
    assert loaded - sys.stdlib_module_names == {"attr", "attrs", "lmrt"}
