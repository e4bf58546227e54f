"""What holds for every incident on every platform, whatever people have written."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.message import dingtalk, feishu, wecom
from alerting.message.build import digest, full, reply
from alerting.message.content import Content, Presentation
from alerting.message.cutting import fitted
from alerting.message.mail import mail, subject
from alerting.message.markdown import inert
from alerting.message.text import plain_text
from config.records import Incident, Transition
from config.settings import LinkSettings
from tests.alerting.incident_strategy import incidents, texts
from tests.alerting.sample_incident import FIRED, after

LINKS = LinkSettings(kibana="https://kibana.example", grafana="https://grafana.example")
IDS = {"@lead": "lead-id"}
many = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def contents(incident: Incident, language: str) -> list[Content]:
    shown = Presentation(language=language, links=LINKS)  # type: ignore[arg-type]
    return [
        full(incident, shown, call=True),
        reply(incident, shown),
        digest([incident] * 12, shown, calls=["@lead"]),
    ]


@many
@given(incidents, st.sampled_from(["zh", "en"]))
def test_every_message_is_within_its_platforms_limit(incident: Incident, language: str) -> None:
    for content in contents(incident, language):
        assert len(wecom.payload(content, IDS)["markdown"]["content"].encode("utf-8", "replace")) <= 4096
        assert len(wecom.text_payload(content, IDS)["text"]["content"].encode("utf-8", "replace")) <= 2048
        assert dingtalk.size(dingtalk.payload(content, IDS)) <= 20_000
        card = json.dumps(feishu.payload(content, IDS), ensure_ascii=False)
        assert len(card.encode("utf-8", "replace")) <= 20 * 1024


@many
@given(incidents)
def test_nothing_that_people_write_mentions_anybody_or_links_anywhere(incident: Incident) -> None:
    for content in contents(incident, "zh"):
        text = wecom.payload(content, {})["markdown"]["content"]
        assert not re.search(r"<(?!font color=|/font>)", text)
        for address in re.findall(r"\]\(([^)]*)\)", text):
            assert address.startswith(("https://", "http://"))
        assert re.findall(r"<at ", json.dumps(feishu.payload(content, {}))) == []
        assert dingtalk.payload(content, {})["at"] == {"atMobiles": [], "atUserIds": [], "isAtAll": False}


@given(texts)
def test_what_is_inert_has_no_markup(text: str) -> None:
    safe = inert(text)
    assert not set("<>[]*`#~_\\") & set(safe)
    assert "://" not in safe
    assert not set("<>[]*~`#_\\()") & set(re.sub(r"&#\d+;", "", feishu.escape(text)))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


@many
@given(incidents)
def test_a_mail_holds_only_our_own_tags(incident: Incident) -> None:
    shown = Presentation(links=LINKS)
    for content in contents(incident, "zh"):
        written = mail(content, subject(incident, shown))
        tags = Tags()
        tags.feed(written.html)
        ours = {"html", "body", "div", "h2", "h3", "p", "b", "br", "a", "table", "tr", "td"}
        assert {tag for tag, _ in tags.found} <= ours
        for tag, attributes in tags.found:
            for name, value in attributes:
                assert name in ("style", "href")
                assert name != "href" or (value or "").startswith(("https://", "http://")), tag
        assert "\n" not in written.subject
        written.html.encode()
        plain_text(content).encode()


def test_a_cut_keeps_what_matters_and_says_so() -> None:
    content = full(FIRED, Presentation(links=LINKS), call=True)

    def size(one: Content) -> int:
        return len(wecom._text(one, {}).encode())

    whole = size(content)
    kept = fitted(content, size, whole - 200, "zh")
    titles = [section.title for section in kept.sections]
    assert "本轮首条负面" in titles
    assert "建议下一步" in titles
    assert kept.notes[-1] == "内容已按平台上限截短"
    assert kept.facts == content.facts
    short = fitted(content, size, 1200, "zh")
    assert (short.headline, short.summary, short.calls, short.links) == (
        content.headline, content.summary, content.calls, content.links,
    )  # fmt: skip
    tiny = fitted(content, size, 160, "zh")
    assert size(tiny) <= 160
    assert tiny.headline.startswith("🟠 Ⅱ级")


@pytest.mark.parametrize("most", range(200, 2600, 300))
def test_the_larger_the_limit_the_more_is_said(most: int) -> None:
    content = full(FIRED, Presentation(links=LINKS), call=True)

    def size(one: Content) -> int:
        return len(wecom._text(one, {}).encode())

    assert size(fitted(content, size, most, "zh")) <= most
    assert size(fitted(content, size, most, "zh")) <= size(fitted(content, size, most + 300, "zh"))


def test_a_digest_names_the_gravest_first_and_every_owner_once() -> None:
    shown = Presentation(links=LINKS)
    grave = after(FIRED, Transition.ESCALATED, level=FIRED.level.I, id="b", watch_name="乙")
    both = digest([FIRED, grave], shown, calls=["@lead", "@head", "@lead"])
    assert both.level is grave.level
    assert both.calls == ("@lead", "@head")
    first, second = (line[0].text for line in both.sections[0].lines)
    assert "乙" in first
    assert "青山茶饮" in second
