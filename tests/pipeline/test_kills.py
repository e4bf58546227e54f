"""The whole product on real servers, its workers killed on the way."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from fengsheng.scenario import TRUTH, load
from tests.pipeline.cluster import Cluster
from tests.pipeline.expected import expected_counts
from tests.pipeline.kills import run

WATCHES = """\
watches:
  - {id: qingshan, name: 青山茶饮, any: [青山茶饮, 青山奶茶], owner: "@lead"}
  - {id: yunling, name: 云岭茶铺, any: [云岭茶铺]}
  - {id: refund, name: 退款, any: [退款, 退钱]}
"""
KEYWORDS = {"qingshan": ["青山茶饮", "青山奶茶"], "yunling": ["云岭茶铺"], "refund": ["退款", "退钱"]}


PATIENT = {"FENGSHENG_PIPELINE__HOLD": "600"}
"""However slow the machine: a worker waits for the partitions of the one that was killed."""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kills", "fed_first"),
    [pytest.param(2, False, id="streaming"), pytest.param(1, True, id="outage")],
)
async def test_killed_workers_lose_nothing_double_nothing_and_page_once(
    own_kafka: str, elasticsearch: str, tmp_path: Path, kills: int, fed_first: bool
) -> None:
    crisis = TRUTH["crisis"]
    mentions = [m for m in load() if crisis.start - 1800 <= m.created_at < crisis.start + 1500]
    prefix = f"kills-{uuid.uuid4().hex[:8]}-"
    cluster = Cluster(tmp_path, own_kafka, elasticsearch, prefix, WATCHES, PATIENT)
    named = [m.created_at for m in mentions if any(word in m.text for word in KEYWORDS["qingshan"])]
    last_minute = max(named) // 60 * 60
    outcome = await run(
        cluster, mentions, tmp_path, workers=2, kills=kills, within=600,
        judged={"qingshan": last_minute}, fed_first=fed_first,
    )  # fmt: skip
    distinct = {m.mention_id for m in mentions}
    assert outcome.indexed == len(distinct) > 1000, cluster.logs()
    assert outcome.by_watch == dict(expected_counts(mentions, KEYWORDS))
    assert outcome.dead == 0
    assert len(outcome.kills) == kills
    qingshan = {incident: n for incident, n in outcome.opened.items() if incident.startswith("qingshan")}
    assert len(qingshan) == 1, outcome.opened
    assert set(outcome.opened.values()) == {1}
    assert set(outcome.keys.values()) == {1}, [k for k, n in outcome.keys.items() if n > 1]
