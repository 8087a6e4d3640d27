"""Profiles of the property tests: `fast` by default, else what HYPOTHESIS_PROFILE names.

`fast` and `soak` try the same examples every time, so that a change is judged by what it changed;
`fuzz` tries others in every run and finds what they missed.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fast")
PROPERTY_TESTS = Path(__file__).parent / "property"

settings.register_profile("fast", max_examples=100, derandomize=True, deadline=None)
for profile, examples, repeats in (("soak", 250, True), ("fuzz", 2_000, False)):
    settings.register_profile(
        profile,
        max_examples=examples,
        derandomize=repeats,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `pytest -m soak` run the property tests too, where a longer profile is on."""
    for item in items:
        if PROFILE != "fast" and item.path.is_relative_to(PROPERTY_TESTS):
            item.add_marker("soak")
