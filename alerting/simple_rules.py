"""Two rules that people use today, to compare with: a scheduled count, and a ratio of two windows.

Both are given the times of a watch's *negative* mentions, which is more than most such
rules know, and give the moments at which they would have told somebody. A run that
stays above the bar is told once, when it begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

CRON_EVERY: Final = 1200.0
"""Seconds between two runs of the scheduled search: 20 minutes."""
CRON_MORE_THAN: Final = 30
"""Negative mentions since the last run above which it tells."""
SPIKE_WINDOW: Final = 600.0
"""Seconds of each of the two windows that are compared."""
SPIKE_RATIO: Final = 3.0
"""Times the window before that tell."""
SPIKE_LEAST: Final = 15
"""Negative mentions below which no ratio tells."""


def cron(times: Iterable[float], every: float = CRON_EVERY, more_than: float = CRON_MORE_THAN) -> list[float]:
    """Return when a search run `every` seconds finds more than a fixed count since its last run.

    Examples
    --------
    >>> cron([10, 20, 30, 1210, 1220, 1230], every=1200, more_than=2)  # told once
    [1200.0]
    >>> cron([10, 20, 30, 4810, 4820, 4830], every=1200, more_than=2)
    [1200.0, 6000.0]
    """
    counts = _counts(times, every)
    return _begun({n for n, count in counts.items() if count > more_than}, every)


def spike(
    times: Iterable[float],
    window: float = SPIKE_WINDOW,
    ratio: float = SPIKE_RATIO,
    least: int = SPIKE_LEAST,
) -> list[float]:
    """Return when a window holds at least `ratio` times the window before it, and `least` at all.

    An empty window before counts as one mention.

    Examples
    --------
    >>> spike([5, 15, 16, 17], window=10, ratio=3, least=3)
    [20.0]
    >>> spike([5, 6, 15, 16, 17], window=10, ratio=3, least=3)
    []
    """
    counts = _counts(times, window)
    return _begun({n for n, c in counts.items() if c >= least and c >= ratio * max(1, counts[n - 1])}, window)


SIMPLE_RULES: Final[Mapping[str, Callable[[Iterable[float]], list[float]]]] = {"cron": cron, "spike": spike}
"""The rules by the names that a report gives them."""


def _counts(times: Iterable[float], width: float) -> Counter[int]:
    return Counter(int(at // width) for at in times)


def _begun(above: set[int], width: float) -> list[float]:
    """Ends of those windows whose predecessor is not above the bar as well."""
    return [(n + 1) * width for n in sorted(above) if n - 1 not in above]
