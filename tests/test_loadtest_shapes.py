"""Load shapes: how many users ask when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.shapes import DURATIONS_S, SHAPES, users_at

peaks = st.integers(1, 10_000)
durations = st.floats(1, 100_000)


@pytest.mark.parametrize("shape", SHAPES)
@given(peak=peaks, duration_s=durations)
def test_a_shape_lasts_as_long_as_it_is_told(shape: str, peak: int, duration_s: float) -> None:
    """Somebody asks from the start to the end, never more than the peak, which is reached."""
    stages = SHAPES[shape](peak, duration_s)
    assert all(1 <= stage.users <= peak for stage in stages)
    assert max(stage.users for stage in stages) == peak
    assert users_at(stages, 0) is not None
    assert users_at(stages, duration_s * 0.999) is not None
    assert users_at(stages, duration_s) is None


@given(peak=peaks, duration_s=durations)
def test_a_ramp_never_falls(peak: int, duration_s: float) -> None:
    """Ten steps, each at least as high as the one before."""
    users = [stage.users for stage in SHAPES["ramp"](peak, duration_s)]
    assert len(users) == 10
    assert users == sorted(users)


def test_a_spike_comes_and_goes() -> None:
    """A tenth of the users, then all of them for a fifth of the time, then a tenth."""
    stages = SHAPES["spike"](50, 100)
    assert [users_at(stages, second) for second in (0, 39, 41, 59, 61, 99)] == [5, 5, 50, 50, 5, 5]


def test_every_shape_has_a_duration() -> None:
    """A shape can be run by its name alone, and the soak is the longest."""
    assert DURATIONS_S.keys() == SHAPES.keys()
    assert max(DURATIONS_S, key=DURATIONS_S.__getitem__) == "soak"
