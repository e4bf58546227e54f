"""One watch's detector: mentions in, signals and incident transitions out.

Event time alone moves it: a tick is evaluated once the watch's newest `created_at`, or
`advance`, has passed it, over the mentions before it. Nothing here reads a clock or
does I/O, so a backtest and a live worker run the same steps.

A tick that cannot matter is skipped: while no incident is open or pending and the ring
holds fewer negative mentions than the lowest level asks for, only the minutes are
looked at, and silence beyond the ring costs nothing however long it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from math import ceil, floor
from typing import Final

from msgspec.structs import replace

from alerting import growth
from alerting.baseline import Baseline
from alerting.evidence import gather, quote
from alerting.hot import HotList, is_entry
from alerting.incidents import Incidents, Scene
from alerting.levels import explain, judge
from alerting.onset import first_of_rise
from alerting.ramp import Ramp
from alerting.terms import UsualTerms
from alerting.windows import MINUTE, Seen, Windows
from config.muting import MutingRules
from config.records import Act, Evidence, HourSummary, Incident, ScoredMention, Signal, Silence, Transition
from config.rules import Rules
from config.watches import Watch

Output = Signal | Incident

_EXACT: Final = 1e-6


class Detector:
    """Measures one watch and decides about its incidents.

    Parameters
    ----------
    watch, rules : what is watched and when it is an incident.
    signals : whether to give the routine signals too; a backtest only needs incidents.
    muting : quiet hours and maintenance windows.
    """

    def __init__(
        self, watch: Watch, rules: Rules, *, signals: bool = True, muting: MutingRules | None = None
    ) -> None:
        self.watch = watch
        self.rules = rules
        self.live: Signal | None = None
        self._signals = signals
        self._windows = Windows(rules)
        self._ring = self._windows.ring
        self._baseline = Baseline(rules)
        self._ramp = Ramp()
        self._incidents = Incidents(watch, rules, muting)
        self._usual = UsualTerms()
        self._hot = HotList(rules.evidence_window)
        self._next: int | None = None
        self._minute = 0
        self._leave_out()

    @property
    def watermark(self) -> float | None:
        """The newest `created_at` that was counted."""
        return self._ring.watermark

    @property
    def open(self) -> Incident | None:
        """The incident that is firing or recovering, if any."""
        return self._incidents.open

    def surround(self, silences: Sequence[Silence], others: Sequence[Incident]) -> None:
        """Take in what may mute the watch's incidents from the next tick on.

        Parameters
        ----------
        silences : of all watches.
        others : open incidents of the watch's parent.
        """
        self._incidents.muting = dataclasses.replace(self._incidents.muting, silences=silences, others=others)

    @staticmethod
    def lookback(rules: Rules) -> float:
        """Return the seconds of mentions before the last signal that `restore` needs.

        More is welcome: the words of usual talk are learnt from what is given.
        """
        holds = [rule.hold for rule in rules.levels.values()]
        longest = max(rules.recover_hold, rules.resolve_hold, rules.downgrade_hold, *holds)
        return max(rules.evidence_window, 2 * rules.window) + rules.allowed_lateness + longest

    def restore(
        self,
        hours: Sequence[HourSummary],
        incidents: Sequence[Incident],
        mentions: Iterable[ScoredMention],
        last_signal: Signal | None,
        signals: Sequence[Signal] = (),
    ) -> None:
        """Come back to where a stopped detector was; call it once, on a fresh one.

        Ticks up to the newest output that the index has are played again in silence;
        later ones are evaluated, with their outputs, at the next `observe` or `advance`.

        Parameters
        ----------
        hours : the history of `Baseline`, nine weeks of it at most.
        incidents : open ones and those of the same nine weeks.
        mentions : at least `lookback` seconds before the last signal, to the newest.
        last_signal : the newest signal of the watch.
        signals : the signals of the last `lookback` seconds; without them the slow rise is
            known from the last one on, not at the ticks that are played again.
        """
        self._baseline.restore(hours)
        self._incidents.restore(list(incidents))
        self._leave_out()
        told = [*signals, *(i.signal for i in incidents), *([last_signal] if last_signal else [])]
        done = max((signal.at for signal in told), default=None)
        self._ramp.restore((signal.at, signal.ramp) for signal in told)
        for mention in sorted(mentions, key=lambda m: (m.created_at, m.mention_id)):
            if is_entry(mention):
                self._hot.add(mention)
                continue
            self._begin(mention.created_at)
            if done is not None:
                self._run(min(mention.created_at, done), replay=True)
            self._windows.count(mention)
        if done is not None:
            self._begin(done)
            self._run(done, replay=True)
            self._ramp.replay(done)
        self.live = last_signal

    def observe(self, mention: ScoredMention) -> list[Output]:
        """Count a mention once by its id and evaluate the ticks that event time has passed.

        A duplicate changes nothing. A post older than the allowed lateness behind the
        watermark is only counted as late. An entry of a hot list is seen by the ticks to come.
        """
        if is_entry(mention):
            self._hot.add(mention)
            return []
        self._begin(mention.created_at)
        outputs = self._run(max(mention.created_at, self.watermark or mention.created_at))
        self._windows.count(mention)
        return outputs

    def advance(self, now: float) -> list[Output]:
        """Evaluate the ticks up to `now` without a mention, as silence is news too.

        Mentions that arrive later for a moment before `now` are still counted in their
        own bucket, but ticks gone by are not evaluated again: give the time less the
        feed's usual delay.
        """
        return [] if self._next is None else self._run(max(now, self.watermark or now))

    def act(self, act: Act) -> list[Output]:
        """Apply what a person did to an incident, once; return the transition to tell, if any.

        Raises
        ------
        KeyError
            No incident of this watch has that id.
        """
        now = act.at if self._next is None else (self._next - 1) * self.rules.tick
        told = self._incidents.act(act, now)
        self._leave_out()
        return list(told)

    def _leave_out(self) -> None:
        """Let nothing be learnt from incidents and from the calendar's events."""
        events = [(event.start, event.end) for event in self.rules.calendar]
        self._baseline.exclude([*self._incidents.spans, *events])

    def _begin(self, at: float) -> None:
        if self._next is None:
            self._next = floor(at / self.rules.tick) + 1
            self._minute = floor(at / MINUTE)

    def _run(self, until: float, *, replay: bool = False) -> list[Output]:
        """Evaluate the ticks up to `until`, those that can matter."""
        outputs: list[Output] = []
        tick = self.rules.tick
        assert self._next is not None
        while (at := self._next * tick) <= until:
            if self._idle(at, replay):
                self._incidents.holds.lapse()
                if len(self._ring):
                    minute = ceil((self._minute + 1) * MINUTE / tick - _EXACT)
                    self._next = max(self._next, minute)
                else:
                    self._next = floor(until / tick) + 1
                    self._minute = max(self._minute, floor((self._next - 1) * tick / MINUTE + _EXACT))
                if (at := self._next * tick) > until:
                    self._next = floor(until / tick) + 1
                    break
            self._slide(at, replay)
            if replay:
                self._replay(at)
            else:
                outputs += self._evaluate(at)
            self._next += 1
        return outputs

    def _idle(self, at: float, replay: bool) -> bool:
        if self._windows.enough_for_a_level:
            return False
        return not (self._told_open(at) if replay else self._incidents.hot)

    def _told_open(self, at: float) -> bool:
        """Whether an incident that is known already was open before the tick `at`."""
        return any(start < at <= end for start, end in self._incidents.told_spans)

    def _slide(self, at: float, replay: bool) -> None:
        head = floor(at / self.rules.bucket + _EXACT)
        self._hot.forget_before(at)
        self._windows.slide(head)
        open_before = self._told_open(at) if replay else self._incidents.open is not None
        for bucket in self._ring.drop_before(head):
            if not open_before:
                for terms in (*bucket.negative_terms, *bucket.other_terms):
                    self._usual.add(terms)

    def _replay(self, at: float) -> None:
        self._minute = max(self._minute, floor(at / MINUTE + _EXACT))
        self._ramp.replay(at)
        if self._windows.possible:
            signal = self._measure(at, None)
            self._incidents.holds.note(at, judge(self.rules, signal).level)
        else:
            self._incidents.holds.note(at, None)

    def _evaluate(self, at: float) -> list[Output]:
        minute_mass = self._finish_minute(at)
        hot = self._incidents.hot
        routine = self._signals and (minute_mass is not None or self._windows.above_band(self._baseline, at))
        possible = self._windows.possible
        if not (hot or possible):
            self._incidents.holds.lapse()
        if not (hot or possible or routine):
            return []
        signal = self._measure(at, minute_mass)
        told: list[Incident] = []
        if hot or possible:
            told = self._incidents.step(self._scene(at, signal))
            if any(i.transition is not Transition.UPDATED for i in told):
                self._leave_out()
        incident = self._incidents.open
        if incident is not None:
            signal = replace(signal, level=incident.level, incident=incident.id)
        outputs: list[Output] = list(told)  # before the signal: what is told last marks the tick as done
        hot = hot or self._incidents.hot
        if hot or minute_mass is not None or signal.velocity > signal.band_high:
            self.live = signal
            self._ring.late = 0
            outputs.append(signal)
        return outputs

    def _finish_minute(self, at: float) -> float | None:
        """Take the finished minute into the history; None between minutes and in silence."""
        minute = floor(at / MINUTE + _EXACT)
        if minute <= self._minute:
            return None
        self._minute = minute
        if not self._windows.wide.mentions:
            return None
        mass = self._windows.mass_of_minute(minute)
        self._baseline.add(at, mass)
        self._ramp.add(mass, self._baseline.hour_at(at))
        return mass

    def _measure(self, at: float, minute_mass: float | None) -> Signal:
        seen = Seen(self._ramp.sum, self._hot.best(at), minute_mass)
        return self._windows.signal(self.watch.id, at, self._baseline.at(at), seen)

    def _scene(self, at: float, signal: Signal) -> Scene:
        verdict = judge(self.rules, signal)
        ring, wide = self._ring, self._windows.wide

        def first_from(started: float | None) -> ScoredMention | None:
            if started is not None:
                firsts = (b.first for _, b in ring.between(ring.index(started), wide.high))
                return next((m for m in firsts if m is not None and m.created_at >= started), None)
            return first_of_rise(
                ring.between(wide.low, wide.high),
                signal.expected,
                signal.velocity,
                self.rules.bucket / MINUTE,
                self.rules.author_cap,
            )

        def onset() -> float:
            first = first_from(None)
            return at if first is None else first.created_at

        def evidence(started: float, incident: Incident | None) -> Evidence:
            told = incident.evidence.first if incident is not None else None
            first = first_from(started) if told is None else None
            return gather(
                (bucket for _, bucket in ring.between(wide.low, wide.high)),
                wide,
                self._usual,
                explain(self.rules, verdict),
                quote(first) if first is not None else told,
                self._hot.places(at),
            )

        def recent() -> int | None:
            if self.rules.evidence_window < growth.WINDOW:
                return None
            low = wide.high - round(growth.WINDOW / self.rules.bucket)
            return sum(bucket.negative for _, bucket in ring.between(low, wide.high))

        return Scene(at, verdict, signal, onset, evidence, recent)
