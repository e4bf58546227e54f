"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import ceil
from statistics import median

from alerting.judging import Judgement, together
from benchmarks.judgement.alone import AloneResult
from benchmarks.judgement.control import ControlResult
from benchmarks.judgement.driving import OPEN_END, SIZES, Result
from benchmarks.judgement.growing import Score
from benchmarks.judgement.kinds import KINDS
from benchmarks.judgement.rivals import Rival

RECALL, FALSE, DELAY = 0.95, 0.05, 5.0


def aims(results: Sequence[Result], control: Sequence[ControlResult]) -> str:
    """Return the aims against what was found."""
    all_ = together([r.judged for r in results])
    crises = [(found, t) for r in results for found, t in zip(r.found, r.timeline.truth, strict=True)]
    large = [found for found, t in crises if t.counts]
    recall = sum(large) / len(large)
    delay = median(_large_delays(results)) / 60
    highest = max((c.highest for c in control if c.highest is not None), key=lambda lv: lv.rank, default=None)
    rows = [
        ("recall of crises of 200 negative posts or more", f">= {RECALL}", f"{recall:.3f} ({sum(large)} of {len(large)})", recall >= RECALL),
        ("false pages a watch-day", f"<= {FALSE}", f"{all_.false_pages_a_day:.3f} ({all_.false_pages} in {all_.days:.0f} days)", all_.false_pages_a_day <= FALSE),
        ("median delay after the true onset", f"< {DELAY:g} min", f"{delay:.1f} min", delay < DELAY),
        ("highest level on the control stream", "<= III", "none" if highest is None else highest.value, highest is None or highest.rank <= 2),
    ]  # fmt: skip
    return table(("aim", "bar", "found", "met"), [(a, b, c, "yes" if d else "**no**") for a, b, c, d in rows])


def by_kind(results: Sequence[Result]) -> str:
    """Return a row for each kind and brand size."""
    rows = []
    for kind in KINDS:
        for rules, size in SIZES.items():
            own = [r for r in results if r.timeline.kind == kind.name and r.timeline.brand.rules == rules]
            if own:
                rows.append((kind.name, size, *_cells(own)))
    return table(
        ("kind", "brand", "timelines", "days", "crises", "found", "false pages", "a watch-day",
         "highest false", "median delay", "slowest tenth", "fails"), rows
    )  # fmt: skip


def by_size(results: Sequence[Result]) -> str:
    """Return recall by the crisis' negative posts."""
    edges = (0, 60, 200, 500, 1000, OPEN_END)
    rows = []
    for low, high in pairwise(edges):
        for rules, size in SIZES.items():
            found = [
                f
                for r in results
                if r.timeline.brand.rules == rules
                for f, t in zip(r.found, r.timeline.truth, strict=True)
                if low <= t.negatives < high
            ]
            if found:
                name = f"{low}-{high - 1}" if high < OPEN_END else f"{low} and more"
                rows.append((name, size, str(len(found)), str(sum(found)), f"{sum(found) / len(found):.2f}"))
    return table(("negative posts", "brand", "crises", "found", "recall"), rows)


def compared(results: Sequence[Result], others: Sequence[Rival]) -> str:
    """Return our rules and those of today side by side."""
    large = [r.judged for r in results if r.timeline.truth and all(t.counts for t in r.timeline.truth)]
    lines = [("Fengsheng", together([r.judged for r in results]), together(large))]
    lines += [(rival.name, rival.judged, rival.large) for rival in others]
    rows = [
        (name, _share(big.recall), f"{all_.false_pages_a_day:.3f}", _share(all_.precision), _minutes(big.delays, median))
        for name, all_, big in lines
    ]  # fmt: skip
    return table(
        ("rule", "recall (200 and more)", "false pages a watch-day", "precision", "median delay"), rows
    )


def of_control(control: Sequence[ControlResult]) -> str:
    """Return what each rule set told on the control stream."""
    rows = [
        (c.rules, f"{c.posts:,}", str(c.days), str(c.pages), "none" if c.highest is None else c.highest.value)
        for c in control
    ]
    return table(("rules", "posts", "days with posts", "pages", "highest level"), rows)


def of_alone(found: Sequence[AloneResult]) -> str:
    """Return what a watch told whose first posts are a cascade."""
    rows = [
        (
            SIZES[a.rules],
            f"{a.least} to {a.most - 1}" if a.most < OPEN_END else f"{a.least} and more",
            str(a.cascades),
            str(a.paged),
            f"{median(a.delays) / 60:.1f} min" if a.delays else "",
        )
        for a in found
    ]
    return table(("brand", "negative posts", "cascades", "paged", "median delay"), rows)


def growth(found: Sequence[Score], law: tuple[float, float]) -> str:
    """Return how the projections did, and the constants that all crises together give."""
    rows = [
        (
            s.name,
            "20 to 60 (shown)" if s.minutes is None else str(s.minutes),
            str(s.asked),
            f"{s.coverage:.1%}",
            f"x{s.width:.1f}",
            f"x{s.error:.2f}",
        )
        for s in found
    ]
    names = (
        "projection",
        "minutes after the onset",
        "asked",
        "inside the 90 % interval",
        "its width",
        "median error",
    )
    return (
        f"{table(names, rows)}\n\nConstants from all of them: median ratio {law[0]:.2f}, spread {law[1]:.2f}."
    )


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(results: Sequence[Result]) -> tuple[str, ...]:
    all_ = together([r.judged for r in results])
    highest = max((r.highest for r in results if r.highest is not None), key=lambda lv: lv.rank, default=None)
    return (
        str(len(results)),
        f"{all_.days:.0f}",
        str(all_.crises),
        str(all_.found),
        str(all_.false_pages),
        f"{all_.false_pages_a_day:.3f}",
        "" if highest is None else highest.value,
        _minutes(all_.delays, median),
        _minutes(all_.delays, lambda delays: sorted(delays)[ceil(0.9 * len(delays)) - 1]),
        ", ".join(_fails(results, all_)),
    )


def _fails(results: Sequence[Result], all_: Judgement) -> list[str]:
    large = [f for r in results for f, t in zip(r.found, r.timeline.truth, strict=True) if t.counts]
    fails = []
    if large and sum(large) / len(large) < RECALL:
        fails.append("recall")
    if all_.false_pages_a_day > FALSE:
        fails.append("false pages")
    if large and all_.delays and median(all_.delays) >= DELAY * 60:
        fails.append("delay")
    return fails


def _large_delays(results: Sequence[Result]) -> list[float]:
    return [
        d
        for r in results
        if r.timeline.truth and all(t.counts for t in r.timeline.truth)
        for d in r.judged.delays
    ]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _minutes(seconds: Sequence[float], of: Callable[[list[float]], float]) -> str:
    return f"{of(list(seconds)) / 60:.1f} min" if seconds else ""
