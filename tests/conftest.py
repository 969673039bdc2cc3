"""What every test shares: where the tree is, models and runs, how Hypothesis runs."""

import os
import signal
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def shipped_model(root: Path) -> Path:
    """The model file that is shipped."""
    path = root / "models" / "scandid.onnx"
    if not path.exists():
        pytest.skip("the model is not trained yet")
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model file with random weights."""
    from tests.tiny_model import write_tiny_model  # noqa: PLC0415 - loads torch, which is slow

    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    write_tiny_model(path)
    return path


@pytest.fixture(scope="module")
def keep_threads() -> Iterator[None]:
    """Runs set the number of torch's threads; put it back."""
    import torch  # noqa: PLC0415 - slow to load

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def hears_interrupts() -> Iterator[None]:
    """Hear Ctrl-C: what runs in the background of a shell does not, nor what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies under ``tests/integration``, and run it after the quick tests."""
    integration = ROOT / "tests" / "integration"
    for item in items:
        if item.path.is_relative_to(integration):
            item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.get_closest_marker("integration") is not None)
