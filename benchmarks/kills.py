"""Feed a real dump through workers that are killed with -9 on the way, and hold the index against a plain count.

    python -m benchmarks.kills FILE [--posts 20000] [--workers 2] [--kills 2] [--keyword 病毒 --keyword 口罩 …]

Needs Java 17 and Maven (the servers are those of the tests). Exits 1 if a post was lost
or doubled, a watch's count is wrong, or a page went out twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from streams.feeds.replay import load_sorted
from tests.pipeline.cluster import Cluster
from tests.pipeline.expected import expected_counts
from tests.pipeline.kills import run
from tests.servers.launch import start_elasticsearch, start_kafka


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--keyword", action="append", default=[])
    parser.add_argument("--within", type=float, default=3_000.0, help="seconds")
    options = parser.parse_args()
    keywords = {
        f"watch-{n}": [word] for n, word in enumerate(options.keyword or ["病毒", "口罩", "武汉", "疫苗"])
    }
    watches = "watches:\n" + "".join(
        f"  - {{id: {watch}, name: {words[0]}, any: [{words[0]}]}}\n" for watch, words in keywords.items()
    )
    mentions = load_sorted([options.file])[: options.posts]
    with tempfile.TemporaryDirectory(prefix="fengsheng-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with start_kafka(folder / "kafka") as kafka, start_elasticsearch(folder / "elasticsearch") as elastic:
            cluster = Cluster(folder / "cluster", kafka.address, elastic.address, "kills-", watches)
            outcome = asyncio.run(
                run(cluster, mentions, folder, options.workers, options.kills, options.within)
            )
    expected = expected_counts(mentions, keywords)
    total = len({m.mention_id for m in mentions})
    kills = ", ".join(f"{at:.0f} s" for at in outcome.kills)
    print(
        f"{total} posts in {outcome.seconds:.0f} s ({total / outcome.seconds:.0f} posts/s), killed at {kills}"
    )
    print("| what | expected | found |\n| --- | ---: | ---: |")
    print(f"| posts in the index | {total} | {outcome.indexed} |\n| dead letters | 0 | {outcome.dead} |")
    for watch, words in keywords.items():
        print(f"| {words[0]} | {expected[watch]} | {outcome.by_watch.get(watch, 0)} |")
    twice = [key for key, n in outcome.keys.items() if n > 1]
    print(f"| notifications posted twice | 0 | {len(twice)} |")
    print(f"\n{len(outcome.opened)} incidents, {sum(outcome.keys.values())} messages in Slack")
    right = (
        outcome.indexed == total and not outcome.dead and not twice and set(outcome.opened.values()) <= {1}
    )
    right = right and all(expected[w] == outcome.by_watch.get(w, 0) for w in keywords)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
