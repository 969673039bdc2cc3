"""The journal of a run's uploads: where there is none, it says how there comes to be one."""

from pathlib import Path

import pytest

from scandid import InputError
from training.journal import Journal
from training.stores import LOCAL_URI


def test_a_run_that_is_not_tracked_says_how_to(tmp_path: Path) -> None:
    """A folder without a journal is told from one without a run: nothing must be trained anew."""
    with pytest.raises(InputError, match=r"is no tracked run, it holds no tracking\.json") as told:
        Journal.load(tmp_path)
    assert "--resume tracks a run that is there" in str(told.value)
    Journal(tmp_path, LOCAL_URI, "scandid").save()
    assert Journal.load(tmp_path).uri == LOCAL_URI
