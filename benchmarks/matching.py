"""How much slower matching is with 10,000 keywords than with 10: ``python -m benchmarks.matching``."""

from __future__ import annotations

import random
import statistics
import time

from rich.console import Console
from rich.table import Table

from config.watches import Watch
from streams.matching import Matcher

KEYWORDS = (10, 100, 1_000, 10_000)
TEXTS = 2_000
ROUNDS = 5
SYLLABLES = "青山茶饮云岭奶低糖门店新品排队好喝难客服退款投诉虫子今天朋友周末推荐城市海天地人"


def watches(keywords: int, chance: random.Random) -> list[Watch]:
    """Watches of ten keywords each, four characters a keyword, as brand names are."""
    words = ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(keywords)]
    return [
        Watch(id=f"w{n}", name="w", any=words[n : n + 8], none=words[n + 8 : n + 10])
        for n in range(0, keywords, 10)
    ]


def microseconds(matcher: Matcher, texts: list[str]) -> float:
    """Median over the rounds of the time of one text."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for text in texts:
            matcher.match(text)
        spent.append((time.perf_counter() - begun) / len(texts) * 1e6)
    return statistics.median(spent)


def main() -> None:
    """Print the table."""
    chance = random.Random(7)
    texts = ["".join(chance.choices(SYLLABLES + "，。！ ", k=80)) for _ in range(TEXTS)]
    table = Table(title=f"{TEXTS} texts of 80 characters, median of {ROUNDS} rounds")
    for head in ("keywords", "build ms", "µs a text", "ratio"):
        table.add_column(head, justify="right")
    first = None
    for keywords in KEYWORDS:
        listened = watches(keywords, chance)
        begun = time.perf_counter()
        matcher = Matcher(listened)
        build = (time.perf_counter() - begun) * 1e3
        each = microseconds(matcher, texts)
        first = first or each
        table.add_row(f"{keywords:,}", f"{build:.1f}", f"{each:.1f}", f"{each / first:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
