"""Profiles of the property tests: `fast` by default, `soak` with HYPOTHESIS_PROFILE=soak."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fast")
PROPERTY_TESTS = Path(__file__).parent / "property"

settings.register_profile("fast", max_examples=100, derandomize=True, deadline=None)
settings.register_profile(
    "soak", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `pytest -m soak` run the property tests too, where their soak profile is on."""
    for item in items:
        if PROFILE == "soak" and item.path.is_relative_to(PROPERTY_TESTS):
            item.add_marker("soak")
