"""What every other platform gets, word by word: the payloads of an incident's life, and of a digest.

``FENGSHENG_UPDATE_GOLDEN=1 pytest tests/alerting/message`` writes the files anew; read
the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from alerting.message import dingtalk, feishu, wecom
from alerting.message.build import digest
from alerting.message.content import Content, Presentation
from alerting.message.event import event
from alerting.message.labels import Language
from alerting.message.mail import mail, subject
from alerting.notify import plan
from alerting.senders.unedited import message, speaks
from config.records import Incident, Notification, NotificationState
from config.settings import LinkSettings
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE

GOLDEN = Path(__file__).parent / "golden"
LINKS = LinkSettings(kibana="https://kibana.example/s/pr/", grafana="https://grafana.example")
IDS = {"feishu": {"@lead": "ou_lead"}, "dingtalk": {"@lead": "13800000000"}, "wecom": {"@lead": "lead"}}
KINDS = ["feishu", "dingtalk", "wecom", "email", "webhook"]
TOLD = Notification(
    key=f"{FIRED.id}:0:fired", incident_id=FIRED.id, receiver="pr", state=NotificationState.SENT, at=1.0
)


def rendered(kind: str, content: Content, incident: Incident, shown: Presentation, page: bool) -> Any:
    match kind:
        case "feishu":
            return feishu.payload(content, shown.mentions, shown.language)
        case "dingtalk":
            return dingtalk.payload(content, shown.mentions, shown.language)
        case "wecom":
            return wecom.payload(content, shown.mentions, shown.language)
        case "email":
            written = mail(content, subject(incident, shown))
            return {
                "subject": written.subject,
                "text": written.text.split("\n"),
                "html": written.html.split("\n"),
            }
    told = event(incident, content, receiver="pr", page=page)
    told["data"].pop("incident")  # the record itself has its own tests
    return told


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_messages_are_the_golden_ones(kind: str, language: Language) -> None:
    shown = Presentation(language=language, links=LINKS, mentions=IDS.get(kind, {}))
    messages: dict[str, Any] = {}
    for incident in LIFE:
        decided = plan(incident, [] if incident is FIRED else [TOLD])
        if kind != "webhook" and not speaks(incident, decided):
            continue
        content = message(incident, decided, shown)
        messages[incident.transition] = rendered(kind, content, incident, shown, decided.page)
    if kind != "webhook":
        both = digest([FIRED, ESCALATED], shown, calls=["@lead", "@lead"])
        messages["digest"] = rendered(kind, both, FIRED, shown, page=False)
    path = GOLDEN / f"{kind}_{language}.json"
    if os.environ.get("FENGSHENG_UPDATE_GOLDEN") == "1":
        path.write_text(json.dumps(messages, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(json.dumps(messages)) == json.loads(path.read_text(encoding="utf-8"))
    assert set(messages) >= ({"fired", "escalated", "resolved", "reopened"})
