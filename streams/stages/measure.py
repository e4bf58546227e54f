"""``mentions.scored`` to signals and incidents: one by one, in event time.

While old posts are caught up with, mentions are held until they can be measured in order
of time (`streams.merging`). A held mention may be acknowledged: the index has it, and is
newer than the last output of its watch, so a restart reads it again and holds it again.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from config.records import (
    Act,
    HourSummary,
    Incident,
    IncidentState,
    NotificationState,
    ScoredMention,
    Signal,
    Silence,
    Transition,
    decode,
    encode,
)
from config.watches import Watch
from streams.index.base import Index, IndexUnavailable
from streams.retrying import until_confirmed
from streams.stages.base import (
    DEAD,
    INCIDENTS,
    SCORED,
    SIGNALS,
    Clock,
    Counters,
    Incoming,
    Outgoing,
    Publisher,
    PublishError,
    dead_letter,
)  # fmt: skip
from streams.stages.ordering import Measurable, Ordering
from streams.stages.people import News, People

_log = logging.getLogger(__name__)

FEED_DELAY_S = 3.0
"""Seconds that a live post usually takes from its feed to here."""

HISTORY_S = 9 * 7 * 86_400.0
"""Seconds of history that the expected value is learned from again after a restart: 9 weeks."""

RELEASED_AT_ONCE: Final = 50
"""Held mentions that are measured before what came of them is stored."""


class Detector(Protocol):
    """What the stage needs of a watch's detector; the composition root brings a real one."""

    @property
    def watermark(self) -> float | None:
        """Newest event time seen, epoch seconds."""
        ...

    def restore(
        self,
        hours: Sequence[HourSummary],
        incidents: Sequence[Incident],
        mentions: Iterable[ScoredMention],
        last_signal: Signal | None,
        signals: Sequence[Signal] = (),
    ) -> None:
        """Take up the state that the index holds."""
        ...

    def observe(self, mention: ScoredMention) -> Sequence[Signal | Incident]:
        """Count a mention; return what the ticks passed by it gave."""
        ...

    def advance(self, now: float) -> Sequence[Signal | Incident]:
        """Evaluate the ticks up to `now`; return what they gave."""
        ...

    def act(self, act: Act) -> Sequence[Signal | Incident]:
        """Apply what a person did, once; raise KeyError where the incident is not known."""
        ...

    def surround(self, silences: Sequence[Silence], others: Sequence[Incident]) -> None:
        """Take in what may mute the watch's incidents from now on."""
        ...


class MeasureStage:
    """Runs one detector a watch, rebuilt from the index when the watch comes to this worker.

    Parameters
    ----------
    memory_s : seconds of mentions before the last signal that a detector is rebuilt from.
    live_within : seconds from the clock within which a watch is live and the clock moves it.
    ordering : brings mentions into order of time; None where they arrive in order.
    """

    def __init__(
        self,
        watches: Mapping[str, Watch],
        detector_for: Callable[[Watch], Detector],
        memory_s: float,
        index: Index,
        publisher: Publisher,
        counters: Counters,
        clock: Clock,
        live_within: float,
        ordering: Ordering | None = None,
    ) -> None:
        self._watches = watches
        self._detector_for = detector_for
        self._memory_s = memory_s
        self._index = index
        self._publisher = publisher
        self._counters = counters
        self._clock = clock
        self._live_within = live_within
        self._ordering = ordering
        self._people = People(index, watches, clock)
        self._detectors: dict[str, Detector] = {}
        self._owed: list[Signal | Incident] = []
        self._strange: set[str] = set()
        self._forget = False
        self._hand_overs = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def detectors(self) -> Mapping[str, Detector]:
        """The detectors of the watches that this worker has heard of, by watch id."""
        return self._detectors

    def forget(self) -> None:
        """Drop all state before the next batch: the watches may be another worker's now."""
        self._forget = True
        self._hand_overs += 1

    async def _begin(self) -> None:
        if self._ordering is not None:
            await self._ordering.refresh()
        if self._forget:
            self._forget = False
            self._detectors.clear()
            self._owed.clear()
            if self._ordering is not None:
                self._ordering.forget()

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Measure or hold each mention of `batch`; return when what came of it is stored and published."""
        async with self._one_at_a_time:
            await self._begin()
            outputs: list[Signal | Incident] = []
            dead: list[Outgoing] = []
            for message in batch:
                try:
                    mention = decode(message.value or b"", ScoredMention)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    dead.append(self._dead(message, "not_scored_form", str(error)))
                    continue
                watch = self._watches.get(mention.watch or "")
                if watch is None:
                    dead.append(
                        self._dead(message, "unknown_watch", f"no watch {mention.watch!r} is configured")
                    )
                    continue
                detector = await self._detector(watch)
                one = Measurable(message, watch, mention)
                if self._ordering is None or self._ordering.passes(one, detector.watermark):
                    outputs += self._observe(one, dead)
                else:
                    self._ordering.hold(one)
            await self._give(outputs)
            await self._release(dead)
            if dead:
                await self._publish(dead)
            # Last: whoever waits until all is measured then waits for what came of it, too. A dead letter counts:
            # nothing more will come of that mention, and none may wait for it.
            self._counters.measured += len(batch)

    async def tick(self, owned: Iterable[str]) -> None:
        """Measure what was held long enough, and let the clock pass for those `owned` watches that are live.

        A watch is live when its newest mention is near the clock; a replay of old posts
        follows the time of its posts alone. There is no silence while posts are on their way.
        """
        hand_overs = self._hand_overs
        news = await self._people.look()
        async with self._one_at_a_time:
            await self._begin()
            if self._hand_overs != hand_overs:
                return  # `owned` is another worker's by now
            outputs: list[Signal | Incident] = []
            dead: list[Outgoing] = []
            known = [self._watches[watch_id] for watch_id in owned if watch_id in self._watches]
            detectors = [(watch, await self._detector(watch)) for watch in known]
            if self._forget:
                return
            for watch, detector in detectors if news is not None else ():
                assert news is not None
                outputs += self._heed(watch, detector, news)
            await self._give(outputs)
            await self._release(dead)
            outputs = []
            for watch, detector in detectors if not self._forget else ():
                # A little behind the clock: posts that are on their way shall be in their tick.
                now = self._clock() - FEED_DELAY_S
                mark = detector.watermark
                if mark is not None and abs(now - mark) <= self._live_within:
                    if self._ordering is not None:
                        now = self._ordering.silent_until(watch.id, mark, now)
                    outputs += detector.advance(now)
            await self._give(outputs)
            if dead:
                await self._publish(dead)

    def _heed(self, watch: Watch, detector: Detector, news: News) -> list[Signal | Incident]:
        """Let a detector know what people did, and return what came of it."""
        outputs: list[Signal | Incident] = []
        detector.surround(news.silences, news.others(watch))
        for act in news.acts:
            if act.watch != watch.id or act.id in self._strange:
                continue
            try:
                outputs += detector.act(act)
            except KeyError as error:
                self._strange.add(act.id)
                _log.warning("the act %s of %s can't be applied: %s", act.id, act.by, error.args[0])
        return outputs

    async def _release(self, dead: list[Outgoing]) -> None:
        """Measure what was held and is due, a little at a time: a hand-over waits for what is in hand only."""
        if self._ordering is None or not (len(self._ordering) or self._counters.held):
            return
        await self._ordering.refresh()
        due = self._ordering.due(lambda watch: self._detectors[watch].watermark)
        self._counters.held = len(self._ordering)
        for start in range(0, len(due), RELEASED_AT_ONCE):
            if self._forget:
                return  # the next owner reads the rest from the index
            outputs: list[Signal | Incident] = []
            for one in due[start : start + RELEASED_AT_ONCE]:
                outputs += self._observe(one, dead)
            await self._give(outputs)

    def _observe(self, one: Measurable, dead: list[Outgoing]) -> Sequence[Signal | Incident]:
        try:
            return self._detectors[one.watch.id].observe(one.mention)
        except Exception as error:
            _log.exception("mention %s could not be measured", one.mention.mention_id)
            dead.append(self._dead(one.message, "not_measured", f"{type(error).__name__}: {error}"))
            return []

    async def _detector(self, watch: Watch) -> Detector:
        known = self._detectors.get(watch.id)
        if known is not None:
            return known
        detector, unmeasured, news = await until_confirmed(
            f"restore the watch {watch.id} from the index",
            lambda: self._restored(watch),
            (IndexUnavailable, PublishError),
            self._counters.outage("measure"),
        )
        self._detectors[watch.id] = detector
        self._owed += self._heed(watch, detector, news)
        for mention in unmeasured:
            self._hold_again(watch, mention)
        return detector

    def _hold_again(self, watch: Watch, mention: ScoredMention) -> None:
        assert self._ordering is not None
        copy = msgspec.structs.replace(mention, watch=watch.id)
        message = Incoming(SCORED, -1, -1, watch.id.encode(), encode(copy))
        self._ordering.hold(Measurable(message, watch, copy))

    async def _restored(self, watch: Watch) -> tuple[Detector, list[ScoredMention], News]:
        """A detector as it was: its history and the mentions of its windows come from the index.

        Its newest incidents are published again, in case the last worker stored them and
        died before it could; who was told already is told nothing new.

        Where order is to be brought, mentions after the last output are given back to be held:
        those of a partition that ran ahead must not carry the clock past what is on its way.
        """
        detector = self._detector_for(watch)
        last = await self._index.last_signal(watch.id)
        if last is None:
            since, hours, signals = 0.0, list[HourSummary](), list[Signal]()
        else:
            since = last.at - self._memory_s
            hours = await self._index.hours(watch.id, last.at - HISTORY_S, last.at)
            signals = await self._index.signals(watch.id, since, last.at)
        incidents = await self._index.incidents(watch=watch.id, limit=200)
        mentions = [mention async for mention in self._index.recent(watch.id, since, float("inf"))]
        unmeasured: list[ScoredMention] = []
        if self._ordering is not None:
            done = max([i.signal.at for i in incidents] + ([last.at] if last else []), default=0.0)
            unmeasured = [mention for mention in mentions if mention.created_at > done]
            mentions = [mention for mention in mentions if mention.created_at <= done]
        detector.restore(hours, incidents, mentions, last, signals)
        again = [i for i in incidents if i.state is not IncidentState.RESOLVED or i.updated_at >= since]
        told = [*[_as_fired(i) for i in again if await self._untold(i)], *again]
        await self._publisher.publish([Outgoing(INCIDENTS, watch.id.encode(), encode(i)) for i in told])
        self._counters.transitions += len(told)
        return detector, unmeasured, await self._people.of(watch)

    async def _untold(self, incident: Incident) -> bool:
        """Whether a page is owed: the last worker died, and its broker with it, before anybody was told."""
        if incident.state is not IncidentState.FIRING or incident.muted is not None or not incident.pages:
            return False
        notifications = await self._index.notifications(incident.id)
        return not any(n.state is NotificationState.SENT for n in notifications)

    async def _give(self, outputs: Sequence[Signal | Incident]) -> None:
        """Store, then publish. Incidents go first: a signal's time says up to where all is stored."""
        if self._owed:
            outputs = [*self._owed, *outputs]
            self._owed = []
        incidents = [output for output in outputs if isinstance(output, Incident)]
        signals = [output for output in outputs if isinstance(output, Signal)]
        outage = self._counters.outage("measure")
        self._counters.transitions += len(incidents)
        for incident in incidents:
            # One by one: the index keeps only the newest transition, so each must be published
            # before the next one replaces it, or a crash in between would swallow a page.
            await until_confirmed(
                f"write incident {incident.id} to the index",
                functools.partial(self._index.write_incidents, [incident]),
                (IndexUnavailable,),
                outage,
            )
            await self._publish([Outgoing(INCIDENTS, incident.watch.encode(), encode(incident))])
        if signals:
            await self._publish([Outgoing(SIGNALS, s.watch.encode(), encode(s)) for s in signals])
            await until_confirmed(
                f"write {len(signals)} signals to the index",
                lambda: self._index.write_signals(signals),
                (IndexUnavailable,),
                outage,
            )
        self._counters.signals += len(signals)

    async def _publish(self, messages: Sequence[Outgoing]) -> None:
        await until_confirmed(
            f"publish {len(messages)} measurements",
            lambda: self._publisher.publish(messages),
            (PublishError,),
            self._counters.outage("measure"),
        )

    def _dead(self, message: Incoming, code: str, reason: str) -> Outgoing:
        self._counters.dead += 1
        return Outgoing(
            DEAD, message.key, encode(dead_letter(message, code, reason, "measure", self._clock()))
        )


def _as_fired(incident: Incident) -> Incident:
    """The incident as it is, under the key of its first notification: whoever was told by that is told nothing."""
    return msgspec.structs.replace(incident, transition=Transition.FIRED, sequence=1)
