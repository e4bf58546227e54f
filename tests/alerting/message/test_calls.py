"""Who is called, in every form of a robot's message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from alerting.message import dingtalk, feishu, wecom
from alerting.message.build import full
from alerting.message.content import Content, Presentation
from alerting.message.labels import Language
from alerting.senders.unedited import repeated
from tests.alerting.sample_incident import FIRED

CALL = replace(full(FIRED, Presentation(), call=True), calls=("@lead", "王小明"))
Plain = Callable[[Content, Mapping[str, str]], dict[str, Any]]
PLAIN = {"feishu": feishu.text_payload, "dingtalk": dingtalk.text_payload, "wecom": wecom.text_payload}


@pytest.mark.parametrize("ids", [{"@lead": "ou_lead"}, {"lead": "ou_lead"}])
@pytest.mark.parametrize("plain", PLAIN.values(), ids=PLAIN)
def test_plain_text_calls_whom_the_layout_calls_and_names_the_others(
    plain: Plain, ids: dict[str, str]
) -> None:
    said = json.dumps(plain(CALL, ids), ensure_ascii=False)
    assert "ou_lead" in said
    assert "王小明 " in said


def test_each_platform_is_told_in_its_own_way() -> None:
    ids = {"lead": "ou_lead"}
    assert wecom.text_payload(CALL, ids)["text"]["mentioned_list"] == ["ou_lead"]
    assert feishu.text_payload(CALL, ids)["content"]["text"].startswith(
        '<at user_id="ou_lead">@lead</at> 王小明 '
    )
    assert dingtalk.text_payload(CALL, ids)["at"]["atUserIds"] == ["ou_lead"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("plain", PLAIN.values(), ids=PLAIN)
def test_plain_text_says_that_it_may_be_a_repeat(plain: Plain, language: Language) -> None:
    note = {"zh": "可能重复", "en": "May be a repeat"}[language]
    long = replace(CALL, summary="茶" * 3000)
    again = repeated(long, Presentation(language=language))
    assert note in str(plain(again, {}))
    assert note not in str(plain(long, {}))


@pytest.mark.parametrize(
    ("found", "mobiles", "users"),
    [
        ("13800000000", True, False),
        ("+86-13800000000", True, False),
        ("+852-61234567", True, False),
        ("0844123657", True, True),
        ("23800000000", True, True),
        ("138000000001234", True, True),
        ("manager4220", False, True),
        ("１３８００００００００", False, True),
    ],
)
def test_a_userid_of_digits_is_no_mobile(found: str, mobiles: bool, users: bool) -> None:
    at = dingtalk.payload(CALL, {"@lead": found})["at"]
    assert (at["atMobiles"], at["atUserIds"]) == ([found] * mobiles, [found] * users)
