"""The generic webhook: signed as Standard Webhooks say, one id for one notification, every transition."""

from __future__ import annotations

import base64

import pytest

from alerting.senders.webhook import sign
from config.records import Transition
from tests.alerting.office import office
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE, after
from tests.alerting.webhook_servers import Fault


async def test_a_program_is_told_every_transition_with_the_incident() -> None:
    async with office("webhook") as one:
        delivery = one.delivery()
        for incident in LIFE:
            await delivery.deliver(incident)
        assert [event["type"] for event in one.http.taken] == [
            "incident.fired", "incident.escalated", "incident.recovering", "incident.resolved",
            "incident.reopened",
        ]  # fmt: skip
        first = one.http.taken[0]
        assert first["timestamp"] == "2025-10-09T09:01:00.000Z"
        assert (first["data"]["page"], first["data"]["receiver"]) == (True, "pr")
        assert first["data"]["incident"]["id"] == FIRED.id
        assert first["data"]["incident"]["evidence"]["first"]["author_name"] == "爱喝茶的小李"


async def test_every_attempt_has_the_same_id_and_its_own_time() -> None:
    async with office("webhook") as one:
        one.http.fail(Fault(status=500), Fault(status=429, headers={"Retry-After": "30"}), Fault(status=409))
        await one.delivery().deliver(FIRED)
        assert len({head["webhook-id"] for head in one.http.heads}) == 1
        assert len({head["webhook-timestamp"] for head in one.http.heads}) > 1
        assert len(one.http.taken) == 1


@pytest.mark.parametrize(
    ("status", "fix"),
    [(401, "FENGSHENG_RECEIVERS__PR__SECRET"), (404, "FENGSHENG_RECEIVERS__PR__WEBHOOK"),
     (410, "take the receiver out of routes.yaml"), (302, "FENGSHENG_RECEIVERS__PR__WEBHOOK")],
)  # fmt: skip
async def test_a_refusal_names_the_fix_and_is_tried_again(
    status: int, fix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with office("webhook") as one:
        one.http.fail(Fault(status=status))
        await one.delivery().deliver(FIRED)
        assert fix in caplog.text
        assert len(one.http.taken) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_an_event_that_it_cannot_take_is_a_dead_letter(status: int) -> None:
    async with office("webhook") as one:
        one.http.fail(Fault(status=status))
        await one.delivery().deliver(FIRED)
        assert f"HTTP {status}" in one.log.dead[0].reason
        assert len(one.http.calls) == 1


def test_the_signature_covers_id_time_and_body() -> None:
    right = sign("secret", "msg_1", 1_700_000_000, b"{}")
    others = {sign("other", "msg_1", 1_700_000_000, b"{}"), sign("secret", "msg_2", 1_700_000_000, b"{}"),
              sign("secret", "msg_1", 1_700_000_001, b"{}"), sign("secret", "msg_1", 1_700_000_000, b"{ }")}  # fmt: skip
    assert right not in others
    assert len(others) == 4
    assert sign("whsec_" + base64.b64encode(b"secret").decode(), "msg_1", 1_700_000_000, b"{}") == right


async def test_a_secret_that_is_no_base64_is_a_refusal_that_does_not_show_it() -> None:
    async with office("webhook") as one:
        one.secret = "whsec_***9z"
        await one.delivery(give_up=0).deliver(FIRED)
        assert "unusable secret" in one.log.dead[0].reason
        assert "9z" not in one.log.dead[0].reason


async def test_a_replay_of_an_update_is_told_once() -> None:
    async with office("webhook") as one:
        updated = after(ESCALATED, Transition.UPDATED)
        for incident in (FIRED, ESCALATED, updated, updated):
            await one.delivery().deliver(incident)
        assert [event["type"] for event in one.http.taken][2:] == ["incident.updated"]
