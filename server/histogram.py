"""A Prometheus histogram that takes many values at once: a batch costs little more than a value."""

from bisect import bisect_left
from collections.abc import Sequence

from prometheus_client import Histogram


class BulkHistogram(Histogram):
    """Adds a sequence of values with one write for each bucket that has any.

    A write goes to a file in memory and costs half a microsecond, ten times the search for the
    bucket.
    """

    def observe_many(self, values: Sequence[float]) -> None:
        """Add values, the same as :meth:`observe` for each."""
        bounds, counts = self._upper_bounds, dict[int, int]()
        for value in values:
            index = bisect_left(bounds, value)
            counts[index] = counts.get(index, 0) + 1
        for index, count in counts.items():
            self._buckets[index].inc(count)
        self._sum.inc(sum(values))
