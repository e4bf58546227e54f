"""A brand and its PR team in simulated time: posts, a worker, its index and topic, a Slack channel.

What happens reads as a story:

    with World() as brand:
        brand.talks(minutes=60)
        brand.has_a_crisis()
        brand.acknowledged(by="@lead")
        brand.worker_dies()
        brand.talks(minutes=120)
        assert brand.heard() == ["page fired", ...]

The worker is a real `Detector`, told from a real `Delivery` through the real Slack sender;
the index keeps records as JSON, the topic keeps what was published, and the channel is the
local Slack's without its sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace, TracebackType
from typing import Any, cast

from aiohttp import web

from alerting.delivery import Delivery
from alerting.detector import Detector, Output
from alerting.message.content import Presentation
from alerting.senders.pacing import Pacer
from alerting.senders.slack import SlackSender
from alerting.senders.slack_api import SlackApi
from config.muting import MutingRules
from config.receivers import SlackReceiver
from config.records import (
    Act,
    ActKind,
    Incident,
    IncidentState,
    NotificationState,
    ScoredMention,
    Silence,
    Transition,
    decode,
    encode,
)
from config.routes import Routes
from config.rules import Rules
from config.watches import Watch
from tests.alerting.memory_log import MemoryLog
from tests.alerting.simulated_time import SimulatedTime
from tests.alerting.slack_server import TOKEN, FakeSlack
from tests.alerting.test_detector import index_of
from tests.alerting.timeline import DEFAULT, MINUTE, START, WATCH, Story

ROUTES = Routes.model_validate(
    {"receivers": [{"type": "slack", "name": "pr", "channel": "#crisis"}], "routes": [{"receivers": ["pr"]}]}
)
REPEATED = 5
"""Mentions, and transitions, that a new worker is given once more."""

SPEAKS = frozenset(
    {Transition.FIRED, Transition.ESCALATED, Transition.REOPENED, Transition.UNMUTED, Transition.HANDED_ON}
)


class DirectSlack:
    """The local Slack's answers without its sockets."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack

    async def call(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        sent = {name: value for name, value in body.items() if value is not None}
        sent |= {"include_all_metadata": "1"} if sent.get("include_all_metadata") else {}
        request = cast(web.Request, SimpleNamespace(headers={"Authorization": f"Bearer {TOKEN}"}))
        answer = self.slack._answer(method, sent, request)
        assert answer["ok"], answer
        return answer


class World:
    """One watch, one worker at a time, one channel; `now` is the time of the events."""

    def __init__(
        self, rules: Rules = DEFAULT, watch: Watch = WATCH, muting: MutingRules | None = None, seed: int = 1
    ) -> None:
        self.rules, self.watch, self._muting = rules, watch, muting
        self.story = Story(seed)
        self.mentions: list[ScoredMention] = []
        self.outputs: list[Output] = []
        self.topic: list[Incident] = []
        self.acts: list[Act] = []
        self.silences: list[Silence] = []
        self.log = MemoryLog()
        self.time = SimulatedTime(START)
        self.slack = FakeSlack(self.time)
        self.dies_before_publishing = False
        self._told = 0
        self._detector = self._new_detector()
        self._delivery = self._new_delivery()

    def __enter__(self) -> World:
        self._runner = asyncio.Runner()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.close()

    # What the public does

    @property
    def now(self) -> float:
        return self.story.now

    def talks(self, minutes: float, per_minute: float = 4.0, negative: float = 0.08) -> None:
        """Ordinary talk."""
        self.story.talk(minutes, per_minute, negative)
        self._catch_up()

    def is_criticised(self, minutes: float, per_minute: float = 45.0) -> None:
        """Most of the talk is angry."""
        self.talks(minutes, per_minute, 0.7)

    def has_a_crisis(self, rise: float = 8, peak: float = 90, plateau: float = 15) -> None:
        """A crisis from its rise to its ebb."""
        self.story.crisis(rise, peak, plateau)
        self._catch_up()

    def falls_silent(self, minutes: float) -> None:
        """Nobody says anything."""
        self.story.silence(minutes)
        self._catch_up()

    def posts(self, mentions: Sequence[ScoredMention]) -> None:
        """These posts come, in this order; the clock of the events follows the newest."""
        for mention in mentions:
            self.story.now = max(self.story.now, mention.created_at)
            self.mentions.append(mention)
            self._take(self._detector.observe(mention))

    def repeats(self, count: int) -> None:
        """The log gives the last posts again."""
        for mention in self.mentions[-count:]:
            self._take(self._detector.observe(mention))

    # What people do

    def acknowledged(self, by: str = "@lead") -> None:
        self._acted(ActKind.ACKNOWLEDGE, by)

    def resolved(self, by: str = "@lead") -> None:
        self._acted(ActKind.RESOLVE, by)

    def called_a_false_alarm(self, by: str = "@lead") -> None:
        self._acted(ActKind.FALSE_ALARM, by)

    def silenced(self, minutes: float, by: str = "@lead") -> None:
        """Nobody is to be paged from now on."""
        self.silences.append(
            Silence(
                id=f"s-{len(self.silences)}", author=by, reason="已知", starts_at=self.now,
                ends_at=self.now + minutes * MINUTE, created_at=self.now, watches=[self.watch.id],
            )
        )  # fmt: skip
        self._detector.surround(self.silences, [])

    def _acted(self, kind: ActKind, by: str) -> None:
        """Somebody acts on the newest incident, if there is one."""
        if not self.topic:
            return
        incident = self.topic[-1]
        act = Act(
            id=f"act-{len(self.acts)}",
            kind=kind,
            incident_id=incident.id,
            watch=incident.watch,
            by=by,
            at=self.now,
        )
        self.acts.append(act)
        self._take(self._detector.act(act))

    # What machines do

    def worker_dies(self) -> None:
        """Another worker takes the watch over from the index; the log gives it the last posts again."""
        self._detector = self._new_detector()
        hours, known, last = index_of(self.outputs)
        self._detector.restore(hours, known, self.mentions, last)
        self._detector.surround(self.silences, [])
        published = {i.notification_key for i in self.topic}
        self.topic += [i for i in known if i.notification_key not in published]
        for act in self.acts:
            self._take(self._detector.act(act))
        self.repeats(REPEATED)

    def worker_dies_between_index_and_topic(self) -> None:
        """The next transition is stored, but not published before the worker is replaced."""
        self.dies_before_publishing = True

    def notifier_dies_before(self, state: NotificationState) -> None:
        """The notifier dies before it can log ``sending``, or after the send before ``sent``; another comes."""
        self.log.fail_on = state
        try:
            self.tells()
        except ConnectionError:
            self.log.fail_on = None
            self._told = max(0, self._told - REPEATED)
            self._delivery = self._new_delivery()
        self.log.fail_on = None

    def tells(self) -> None:
        """The notifier tells what has been published."""
        self.time.now = max(self.time.now, self.now)
        while self._told < len(self.topic):
            self._runner.run(self._delivery.deliver(self.topic[self._told]))
            self._told += 1

    # What is seen

    def heard(self) -> list[str]:
        """What the channel shows, message by message: ``page fired``, ``reply resolved``."""
        self.tells()
        return [
            f"{'reply' if 'thread_ts' in message else 'page'} {key.rsplit(':', 1)[1]}"
            for message, key in zip(self.slack.messages(), self.keys(), strict=True)
        ]

    def keys(self) -> list[str]:
        """The notification key of each message in the channel."""
        return [m["metadata"]["event_payload"]["key"] for m in self.slack.messages()]

    def owed(self) -> list[str]:
        """The keys that the channel has to show by what was published: the law, apart from the code."""
        shown: set[str] = set()
        keys = []
        for incident in self.topic:
            over = incident.transition is Transition.RESOLVED
            if incident.id in shown:
                speaks = over or (incident.transition in SPEAKS and incident.muted is None)
            else:
                opens = SPEAKS - {Transition.HANDED_ON}
                speaks = incident.transition in opens and incident.muted is None
            if speaks:
                shown.add(incident.id)
                keys.append(incident.notification_key)
        return keys

    @property
    def newest(self) -> Incident:
        return self.topic[-1]

    def _catch_up(self) -> None:
        known = len(self.mentions)
        for mention in self.story.mentions[known:]:
            self.mentions.append(mention)
            self._take(self._detector.observe(mention))
        self._take(self._detector.advance(self.now))

    def _take(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            self.outputs.append(decode(encode(output), type(output)))
            if not isinstance(output, Incident):
                continue
            if self.dies_before_publishing:
                self.dies_before_publishing = False
                self.worker_dies()
                return
            self.topic.append(output)

    def _new_detector(self) -> Detector:
        return Detector(self.watch, self.rules, muting=self._muting)

    def _new_delivery(self) -> Delivery:
        receiver = cast(SlackReceiver, ROUTES.receivers[0])
        api = cast(SlackApi, DirectSlack(self.slack))
        sender = SlackSender(
            receiver, api, Presentation(), Pacer(self.time, self.time.sleep), self.time.sleep
        )
        return Delivery(ROUTES, {"pr": sender}, self.log, self.time, self.time.sleep)


def is_over(incident: Incident) -> bool:
    return incident.state is IncidentState.RESOLVED
