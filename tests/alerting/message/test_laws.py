"""What holds for every incident, whatever people have written."""

from __future__ import annotations

import json
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from alerting.message.build import full, reply
from alerting.message.content import Presentation
from alerting.message.labels import Language
from alerting.message.slack import escape, payload
from alerting.message.terminal import render_terminal
from config.records import Incident
from config.settings import LinkSettings
from tests.alerting.incident_strategy import incidents, texts
from tests.alerting.slack_limits import complaint
from tests.alerting.slack_limits import texts as shown_texts

LINKS = LinkSettings(kibana="https://kibana.example", grafana="https://grafana.example")
languages = st.sampled_from(["zh", "en"])
many = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
MARKUP = re.compile(r"<([^>]*)>")


@many
@given(incidents, languages, st.booleans())
def test_every_message_is_within_slacks_limits(incident: Incident, language: Language, call: bool) -> None:
    shown = Presentation(language=language, links=LINKS)
    for content in (full(incident, shown, call=call), reply(incident, shown, call=call)):
        body = payload(content, {})
        assert complaint(body) is None
        assert len(json.dumps(body, ensure_ascii=False).encode()) < 40_000


@many
@given(incidents, languages)
def test_nothing_that_people_write_mentions_anybody(incident: Incident, language: Language) -> None:
    shown = Presentation(language=language, links=LINKS)
    for content in (full(incident, shown, call=True), reply(incident, shown, call=True)):
        body = payload(content, {"@lead": "U0LEAD"})
        for text in shown_texts(body):
            for inner in MARKUP.findall(text):
                assert inner.startswith(("https://", "http://")) or inner == "@U123", inner
            assert not re.search(r"@(channel|here|everyone)", text, re.IGNORECASE)


@given(texts)
def test_escaped_text_has_no_markup_and_reads_the_same(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    back = escaped.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back == text.replace("\u200b", "").replace("`", "ˋ")


@many
@given(incidents, languages)
def test_the_terminal_is_never_driven_by_a_post(incident: Incident, language: Language) -> None:
    console = Console(width=100, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render_terminal(incident, Presentation(language=language)))
    printed = capture.get()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", printed)
    printed.encode("utf-8")
