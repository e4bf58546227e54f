"""Who is told: each thing that a route can ask for, each with its named reason."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.routing import ReceiverReason, RouteReason, route, within
from config.records import Incident, Level, Notification, NotificationState, Transition
from config.routes import Routes
from tests.alerting.sample_incident import ESCALATED, FIRED, after

DOWNGRADED = after(ESCALATED, Transition.DOWNGRADED, level=Level.III)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = ("pr", "crisis", "tea", "network")


def routes(*entries: dict[str, object]) -> Routes:
    receivers = [{"type": "slack", "name": n, "channel": "#c"} for n in NAMES]
    return Routes.model_validate({"receivers": receivers, "routes": list(entries)})


def told(incident: Incident, receiver: str) -> Notification:
    return Notification(key=incident.notification_key, incident_id=incident.id, receiver=receiver,
                        state=NotificationState.SENT, at=1.0)  # fmt: skip


def test_the_first_matching_route_wins() -> None:
    found = route(FIRED, routes({"receivers": ["tea"], "watches": ["qingshan-tea"]}, {"receivers": ["pr"]}))
    assert dict(found.owners) == {"tea": "@lead"}
    assert found.routes == (RouteReason.MATCHED, RouteReason.STOPPED)
    assert found.matched == (0,)


def test_continue_goes_on_and_an_owner_overrides() -> None:
    found = route(
        ESCALATED,
        routes(
            {"receivers": ["crisis"], "levels": ["I", "II"], "owner": "@head", "continue": True},
            {"receivers": ["tea"], "watches": ["other"]},
            {"receivers": ["pr", "crisis"]},
        ),
    )
    assert dict(found.owners) == {"crisis": "@head", "pr": "@lead"}
    assert found.routes == (RouteReason.MATCHED, RouteReason.WATCH, RouteReason.MATCHED)
    assert set(found.reasons.values()) == {ReceiverReason.ROUTED}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"watches": ["other"]}, RouteReason.WATCH),
        ({"levels": ["I"]}, RouteReason.LEVEL),
        ({"intents": ["boycott"]}, RouteReason.INTENT),
        ({"intents": ["exposure", "boycott"]}, RouteReason.MATCHED),
        ({"platforms": ["xhs"]}, RouteReason.PLATFORM),
        ({"platforms": ["weibo"]}, RouteReason.MATCHED),
        ({"keywords": ["无法连接"]}, RouteReason.KEYWORD),
        ({"keywords": ["无法连接", "异物"]}, RouteReason.MATCHED),  # a term of the evidence
        ({"keywords": ["茶叶渣"]}, RouteReason.MATCHED),  # a post
        ({"keywords": ["本轮首条负面被转发"]}, RouteReason.MATCHED),  # the reason
        ({"hours": ["09:00-17:00"]}, RouteReason.HOUR),  # it fired at 17:01 in Shanghai
        ({"hours": ["09:00-12:00", "17:00-18:00"]}, RouteReason.MATCHED),
    ],
)
def test_each_thing_a_route_asks_for(asked: dict[str, object], reason: RouteReason) -> None:
    found = route(FIRED, routes({"receivers": ["tea"], **asked}, {"receivers": ["pr"]}))
    assert found.routes[0] is reason
    assert set(found.owners) == ({"tea"} if reason is RouteReason.MATCHED else {"pr"})


def test_work_is_split_by_keyword_as_a_support_team_does() -> None:
    split = routes(
        {"receivers": ["network"], "keywords": ["无法连接", "断网"], "owner": "@network"},
        {"receivers": ["pr"], "intents": ["exposure", "boycott"], "owner": "@pr"},
        {"receivers": ["tea"]},
    )
    down = msgspec.structs.replace(FIRED.evidence, reason="Wi-Fi 无法连接 的投诉激增")
    assert route(msgspec.structs.replace(FIRED, evidence=down), split).owners == {"network": "@network"}
    assert route(FIRED, split).owners == {"pr": "@pr"}


def test_other_is_no_leading_intent_while_there_is_another() -> None:
    mostly = msgspec.structs.replace(FIRED.evidence, intents={"other": 0.8, "boycott": 0.2})
    incident = msgspec.structs.replace(FIRED, evidence=mostly)
    assert route(incident, routes({"receivers": ["pr"], "intents": ["boycott"]})).matched == (0,)


def test_no_evidence_matches_no_intent_and_no_platform() -> None:
    bare = msgspec.structs.replace(FIRED.evidence, intents={}, platforms={})
    incident = msgspec.structs.replace(FIRED, evidence=bare)
    found = route(
        incident,
        routes({"receivers": ["pr"], "intents": ["boycott"]}, {"receivers": ["pr"], "platforms": ["weibo"]}),
    )
    assert found.routes == (RouteReason.INTENT, RouteReason.PLATFORM)


def test_an_incident_that_was_handed_on_calls_the_next_person() -> None:
    owned = routes({"receivers": ["pr"], "owner": "@pr"})
    handed = after(FIRED, Transition.HANDED_ON, owner="@deputy", called=1)
    assert route(FIRED, owned).owners == {"pr": "@pr"}
    assert route(handed, owned).owners == {"pr": "@deputy"}


def test_no_route_means_nobody() -> None:
    assert not route(FIRED, routes({"receivers": ["pr"], "levels": ["I"]})).owners


def test_who_saw_the_start_also_sees_the_end() -> None:
    only_red = routes({"receivers": ["crisis"], "levels": ["I"]}, {"receivers": ["pr"]})
    found = route(DOWNGRADED, only_red, [told(ESCALATED, "crisis"), told(ESCALATED, "gone")])
    assert set(found.owners) == {"pr", "crisis"}
    assert found.reasons["crisis"] is ReceiverReason.TOLD_BEFORE


def test_a_replay_is_routed_as_the_first_time() -> None:
    night = routes({"receivers": ["tea"], "hours": ["22:00-08:00"]}, {"receivers": ["pr"]})
    late = msgspec.structs.replace(FIRED, updated_at=1_760_020_200.0)  # 22:30 in Shanghai
    assert set(route(late, night).owners) == {"tea"}
    assert route(late, night) == route(late, night)


@given(st.floats(0, 4e9), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_and_the_rest_of_the_day_share_no_moment(at: float, one: int, other: int) -> None:
    start, end = (f"{n // 60:02d}:{n % 60:02d}" for n in (one, other))
    if start != end:
        assert within(at, f"{start}-{end}", SHANGHAI) != within(at, f"{end}-{start}", SHANGHAI)


@given(st.floats(allow_nan=True))
def test_no_time_breaks_the_hours(at: float) -> None:
    assert isinstance(within(at, "00:00-24:00", SHANGHAI), bool)
