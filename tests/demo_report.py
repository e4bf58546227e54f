"""Judge a report of ``fengsheng demo --report``: crisis paged once, launch never, all resolved."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fengsheng.scenario import TRUTH, load


def faults(report: dict[str, Any]) -> list[str]:
    """Return what is wrong with the report, a sentence each."""
    found = []
    crisis, launch = TRUTH["crisis"], TRUTH["launch"]
    incidents = report["watches"]["qingshan-tea"]["incidents"]
    paged = [i for i in incidents if crisis.start <= i["detected_at"] < crisis.end]
    if len(paged) != 1:
        found.append(f"the crisis gave {len(paged)} incidents, expected 1")
    elif paged[0]["level"] not in ("I", "II"):
        found.append(f"the crisis reached level {paged[0]['level']}, expected I or II")
    elif paged[0]["pages"] < 1:
        found.append("the crisis was never paged")
    if any(launch.start <= i["detected_at"] < launch.end for i in incidents):
        found.append("the launch was paged")
    for watch, seen in report["watches"].items():
        found += [f"{watch}: not resolved: {i}" for i in seen["incidents"] if i["resolved_at"] is None]
        if watch != "qingshan-tea" and seen["pages"]:
            found.append(f"{watch}: {seen['pages']} pages about nothing")
    if len(incidents) != 1:
        found.append(
            f"{len(incidents)} incidents; the second wave must reopen the first, nothing else may fire"
        )
    expected = len({mention.mention_id for mention in load()})
    if report["posts"] != expected:
        found.append(f"{report['posts']} posts in the index, expected {expected}")
    if report["dead"]:
        found.append(f"{report['dead']} dead letters, expected none")
    if report["seconds"] > 180:
        found.append(f"took {report['seconds']} s, expected at most 180")
    return found


if __name__ == "__main__":
    wrong = faults(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print("\n".join(wrong) if wrong else "demo: crisis paged once, launch silent, all resolved")
    sys.exit(bool(wrong))
