"""`rt plan NAME --machine FILE`, through the catalogue and a Hub: as the golden pages have it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.support import rt
from tests.golden.machines import FOLDER
from tests.golden.plans import FOLDER as PAGES
from tests.support.hub_server import HubServer
from tests.support.published import MODELS, serve

NAME = "phi4:14b"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with HubServer() as server:
        model = next(one for one in MODELS if one.alias == NAME)
        serve(server, model, tmp_path_factory.mktemp("published"))
        yield server


def block(machine: str) -> str:
    """Return what a machine's page tells of the model."""
    page = (PAGES / f"{machine}.txt").read_text("utf-8")
    return next(part for part in page.split("\n\n") if part.startswith(f"{NAME}\n"))


@pytest.mark.parametrize("machine", ["apple-m4-max-128gb", "rtx-3060-12gb", "laptop-half-full"])
def test_the_command_plans_what_the_page_tells(
    machine: str, hub: HubServer, tmp_path: Path
) -> None:
    file = str(FOLDER / f"{machine}.json")
    run = rt("plan", NAME, "--machine", file, "--json", home=tmp_path, env={"HF_ENDPOINT": hub.url})

    assert run.returncode == 0, run.stderr
    chosen, told = json.loads(run.stdout)["chosen"], block(machine)
    assert f"  runs      {chosen['artifact']} on {chosen['backend']}\n" in told
    assert f"  layers    {chosen['specialization']['name']}: " in told
    assert f"  context   {chosen['settings']['context_length']:,} tokens, " in told


def test_the_command_says_what_a_small_machine_lacks(hub: HubServer, tmp_path: Path) -> None:
    file = str(FOLDER / "apple-m1-8gb.json")
    run = rt("plan", NAME, "--machine", file, home=tmp_path, env={"HF_ENDPOINT": hub.url})

    assert run.returncode == 4
    assert run.stdout == ""
    assert run.stderr.startswith("error[no-executable-plan]: `Phi-4 14b` cannot run here: ")
    lacking = next(line for line in block("apple-m1-8gb").splitlines() if "closest is" in line)
    assert lacking.strip() in run.stderr
