"""The messages word by word, in both languages.

``FENGSHENG_UPDATE_GOLDEN=1 pytest tests/alerting/message`` writes the files anew; read
the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from alerting.message.build import full, reply
from alerting.message.content import Presentation
from alerting.message.labels import Language
from alerting.message.slack import payload
from config.records import Incident, Transition
from config.settings import LinkSettings
from tests.alerting.sample_incident import LIFE
from tests.alerting.slack_limits import complaint

GOLDEN = Path(__file__).parent / "golden"
LINKS = LinkSettings(kibana="https://kibana.example/s/pr/", grafana="https://grafana.example")
MENTIONS = {"@lead": "U0LEAD"}


def rendered(incident: Incident, language: Language) -> dict[str, Any]:
    shown = Presentation(language=language, links=LINKS, mentions=MENTIONS)
    page = incident.transition in (Transition.FIRED, Transition.ESCALATED)
    messages = {"standing": payload(full(incident, shown, call=page), MENTIONS)}
    if incident.transition in (Transition.ESCALATED, Transition.RESOLVED, Transition.REOPENED):
        messages["reply"] = payload(reply(incident, shown, call=page), MENTIONS)
    return messages


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("incident", LIFE, ids=[i.transition.value for i in LIFE])
def test_the_message_is_the_golden_one(incident: Incident, language: Language) -> None:
    messages = rendered(incident, language)
    path = GOLDEN / f"{incident.transition}_{language}.json"
    if os.environ.get("FENGSHENG_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(messages, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert messages == json.loads(path.read_text(encoding="utf-8"))
    assert [complaint(body) for body in messages.values()] == [None] * len(messages)
