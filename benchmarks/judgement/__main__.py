"""Make labelled brand timelines of real posts, judge them, and print or write the tables.

    python -m benchmarks.judgement DATA [--model DIR] [--rules FILE] [--cache DIR] [--write]

DATA holds ced_cascades, covid_cascades and change3_control (.jsonl.xz). The texts are
classified once and kept in the cache, outside the repository; a stopped run goes on there.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.judgement import tables
from benchmarks.judgement.alone import AloneResult, alone
from benchmarks.judgement.control import ControlResult, control
from benchmarks.judgement.driving import Result, drive
from benchmarks.judgement.growing import as_told, constants, moments, scores
from benchmarks.judgement.kinds import Plan, make, plans
from benchmarks.judgement.material import Material, material
from benchmarks.judgement.reading import fingerprint, readings
from benchmarks.judgement.rivals import rivals
from benchmarks.judgement.sources import SEED, read
from config.loading import load
from config.rules import Rules, RuleSets
from config.settings import ScoringSettings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "judgement.md"
MARK = "<!-- judgement -->"


def main() -> int:
    """Judge."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "fengsheng-judgement"
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the three files")
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "fengsheng-small")
    parser.add_argument("--rules", type=Path, default=ROOT / "config" / "rules.yaml")
    parser.add_argument("--cache", type=Path, default=cache)
    parser.add_argument("--control-days", type=int, default=3, help="busiest days in a row (default 3)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/judgement.md")
    options = parser.parse_args()
    scoring = ScoringSettings()
    sources = read(options.data, options.control_days)
    stuff = material(sources, readings(sources.texts(), options.model, options.cache, scoring), scoring)
    rules = load(options.rules, RuleSets).rules
    begun = time.monotonic()
    results = judged(stuff, rules, options.seed, options.jobs)
    calm = control(stuff, rules)
    first = alone(stuff, rules)
    seconds = time.monotonic() - begun
    told = _told(results, calm, first, stuff, options.model, options.seed, seconds)
    print(told)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
        PAGE.write_text(f"{before}{MARK}\n{told}\n{MARK}{rest.partition(MARK)[2]}", encoding="utf-8")
    return 0


def judged(stuff: Material, rules: Mapping[str, Rules], seed: int, jobs: int) -> list[Result]:
    """Return what came of every timeline, in the order of `plans`."""
    results: list[Result] = []
    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(stuff, rules, seed)) as pool:
        for result in pool.map(_judge, plans(), chunksize=4):
            results.append(result)
            print(f"\r{len(results)} timelines, {result.timeline.kind}", end=" " * 30, file=sys.stderr)
    print(file=sys.stderr)
    return results


_given: list[tuple[Material, Mapping[str, Rules], int]] = []
"""What a process of the pool works with."""


def _start(stuff: Material, rules: Mapping[str, Rules], seed: int) -> None:
    _given[:] = [(stuff, rules, seed)]


def _judge(plan: Plan) -> Result:
    stuff, rules, seed = _given[0]
    return drive(make(stuff, seed, plan), rules)


def _told(
    results: Sequence[Result],
    calm: Sequence[ControlResult],
    first: Sequence[AloneResult],
    stuff: Material,
    model: Path,
    seed: int,
    seconds: float,
) -> str:
    posts = sum(r.posts for r in results)
    folds = moments(stuff, seed)
    told = as_told([pair for result in results for pair in result.growth])
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    return "\n".join(
        [
            f"{len(results)} timelines, {sum(r.timeline.days for r in results)} watch-days, {posts:,} posts;"
            f" {len(stuff.cascades)} cascades for crises; seed {seed}; model {fingerprint(model)};"
            f" {machine}; {seconds:.0f} s after the texts were classified; {today}",
            "",
            tables.aims(results, calm),
            "",
            "### By kind",
            "",
            tables.by_kind(results),
            "",
            "### By size of the crisis",
            "",
            tables.by_size(results),
            "",
            "### Against the rules of today",
            "",
            tables.compared(results, rivals(results)),
            "",
            "### The control stream, as it was",
            "",
            tables.of_control(calm),
            "",
            "### A watch's first posts",
            "",
            tables.of_alone(first),
            "",
            "### Growth",
            "",
            tables.growth(
                [*([told] if told else []), *scores(folds)],
                constants([asked for fold in folds for asked in fold]),
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
