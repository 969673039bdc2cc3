"""What every test shares: where the tree is, which tests start processes, how Hypothesis runs."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a busy machine must not turn a right answer into a failure. In continuous
# integration the examples are the same in every run, so that a red run can be repeated.
settings.register_profile("scandid", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("scandid")


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the checkout."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies under ``tests/integration``, and run it after the quick tests."""
    integration = ROOT / "tests" / "integration"
    for item in items:
        if item.path.is_relative_to(integration):
            item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.get_closest_marker("integration") is not None)
