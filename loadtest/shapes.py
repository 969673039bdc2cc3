"""Load shapes: how many users ask at which moment. Plain functions, they know nothing of Locust."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Stage:
    """A number of users up to a moment.

    Attributes:
        until_s: Seconds after the start at which the stage ends.
        users: Users that ask meanwhile.
    """

    until_s: float
    users: int


def steady(peak: int, duration_s: float) -> list[Stage]:
    """All users all the time."""
    return [Stage(duration_s, peak)]


def ramp(peak: int, duration_s: float) -> list[Stage]:
    """Ten equal steps up to the peak, to see where throughput stops growing."""
    return [Stage(duration_s * (step / 10), max(1, peak * step // 10)) for step in range(1, 11)]


def spike(peak: int, duration_s: float) -> list[Stage]:
    """A tenth of the users, all of them for the middle fifth, a tenth again."""
    calm = max(1, peak // 10)
    return [Stage(duration_s * 0.4, calm), Stage(duration_s * 0.6, peak), Stage(duration_s, calm)]


SHAPES: Final[Mapping[str, Callable[[int, float], list[Stage]]]] = {
    "steady": steady,
    "ramp": ramp,
    "spike": spike,
    "soak": steady,
}
DURATIONS_S: Final[Mapping[str, float]] = {"steady": 20, "ramp": 40, "spike": 30, "soak": 1800}
"""How long each shape lasts unless told otherwise."""


def users_at(stages: list[Stage], elapsed_s: float) -> int | None:
    """Users at a moment; None after the end."""
    return next((stage.users for stage in stages if elapsed_s < stage.until_s), None)
