"""Never twice, never lost: random lives of a brand, with every way in which a machine may die.

Posts, late posts, repeats, silence, what people do, workers that are replaced, workers that
die between the index and the topic, notifiers that die before and after a send; against the
real detector, delivery and Slack sender.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.levels import judge
from config.records import Incident, IncidentState, NotificationState, Signal, Transition
from tests.alerting.test_detector import QUICK
from tests.alerting.timeline import WATCH, mention
from tests.alerting.world import World

RULES = QUICK.model_copy(update={"ack_within": 40.0})
OWNED = WATCH.model_copy(update={"owners": ["@head", "@director"]})
Step = tuple[str, int]

# Mostly storms, so that there is something to tell; sizes are posts, seconds or a count of repeats.
said = st.one_of(
    st.tuples(st.just("storm"), st.integers(8, 60)),
    st.tuples(st.just("storm"), st.integers(8, 60)),
    st.tuples(st.just("talk"), st.integers(1, 20)),
    st.tuples(st.just("wait"), st.integers(5, 200)),
    st.tuples(st.just("repeat"), st.integers(1, 30)),
)
late = st.tuples(st.just("late"), st.integers(1, 29))
people = st.tuples(st.sampled_from(["ack", "resolve", "false_alarm", "silence"]), st.integers(1, 4))
replaced = st.tuples(st.just("worker dies"), st.just(0))
deaths = st.tuples(
    st.sampled_from(["worker dies", "dies between", "notifier dies before", "notifier dies after", "tell"]),
    st.just(0),
)
lives = st.lists(st.one_of(said, said, late, people, deaths), min_size=4, max_size=25)


def posts(world: World, count: int, seconds: float, negative: bool, since: float = 0.0) -> None:
    first = len(world.mentions)
    begin = world.now - since
    world.posts(
        [
            mention(
                first + n, begin + seconds * (n + 1) / count, negative=negative, author=f"a{(first + n) % 40}"
            )
            for n in range(count)
        ]
    )


def live(world: World, life: list[Step]) -> None:
    ways: dict[str, Callable[[int], object]] = {
        "storm": lambda n: posts(world, n, n * 1.5, True),
        "talk": lambda n: posts(world, n, n * 4.0, False),
        "late": lambda n: posts(world, 3, 0.5, True, since=n),
        "wait": lambda n: world.falls_silent(n / 60),
        "repeat": world.repeats,
        "ack": lambda n: world.acknowledged(f"@p{n}"),
        "resolve": lambda n: world.resolved(f"@p{n}"),
        "false_alarm": lambda n: world.called_a_false_alarm(f"@p{n}"),
        "silence": lambda n: world.silenced(n / 2),
        "worker dies": lambda _: world.worker_dies(),
        "dies between": lambda _: world.worker_dies_between_index_and_topic(),
        "notifier dies before": lambda _: world.notifier_dies_before(NotificationState.SENDING),
        "notifier dies after": lambda _: world.notifier_dies_before(NotificationState.SENT),
        "tell": lambda _: world.tells(),
    }
    for way, size in life:
        ways[way](size)
    world.falls_silent(5)
    world.tells()


def by_incident(topic: list[Incident]) -> list[list[Incident]]:
    lives: dict[str, dict[int, Incident]] = {}
    for incident in topic:
        lives.setdefault(incident.id, {})[incident.sequence] = incident
    return [[life[n] for n in sorted(life)] for life in lives.values()]


@settings(deadline=None, max_examples=60)
@given(lives)
def test_the_channel_shows_what_is_owed_once_and_in_order(life: list[Step]) -> None:
    with World(RULES, OWNED) as world:
        live(world, life)
        shown = world.keys()
        assert len(shown) == len(set(shown))  # at most one message a key, whoever died when
        assert shown == list(dict.fromkeys(world.owed()))  # and none is missing
        pages = [
            m["metadata"]["event_payload"]["incident"] for m in world.slack.messages() if "thread_ts" not in m
        ]
        assert len(pages) == len(set(pages))  # one incident, one page
        assert set(pages) == {i.id for i in world.topic if i.pages}


@settings(deadline=None, max_examples=60)
@given(lives)
def test_every_incident_keeps_its_laws(life: list[Step]) -> None:
    with World(RULES, OWNED) as world:
        live(world, life)
    signals = [o for o in world.outputs if isinstance(o, Signal)]
    for trail in by_incident(world.topic):
        assert [i.sequence for i in trail] == list(range(1, len(trail) + 1))  # no transition is lost
        assert trail[0].transition is Transition.FIRED
        assert trail[-1].pages <= 1
        acts = [e.act for e in trail[-1].audit if e.act is not None]
        assert len(acts) == len(set(acts))  # an act is applied once
        for before, after in pairwise(trail):
            assert after.audit[: len(before.audit)] == before.audit  # nothing is rewritten
            if after.transition is Transition.ESCALATED:
                rule = RULES.levels[after.level]
                assert after.evidence.negative >= rule.mentions
                assert after.signal.negative_authors >= rule.authors
            if after.level.rank < before.level.rank and after.transition is Transition.DOWNGRADED:
                since = after.updated_at - RULES.downgrade_hold
                held = [s for s in signals if since < s.at <= after.updated_at]
                assert not [
                    s for s in held if (met := judge(RULES, s).level) and met.rank >= before.level.rank
                ]
            if before.muted is not None and after.pages > before.pages:
                assert after.muted is None
            if after.acknowledged_by is not None:
                assert after.transition is not Transition.HANDED_ON
        fired = trail[0]
        assert fired.evidence.negative >= RULES.levels[fired.level].mentions
        assert fired.signal.negative_authors >= RULES.levels[fired.level].authors


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(said, said, people, replaced), min_size=4, max_size=25))
def test_workers_that_are_replaced_and_posts_that_are_repeated_change_nothing(life: list[Step]) -> None:
    with World(RULES, OWNED) as world, World(RULES, OWNED) as undisturbed:
        live(world, life)
        live(undisturbed, [step for step in life if step[0] not in ("worker dies", "repeat")])
        keys = [i.notification_key for i in world.topic]
        assert list(dict.fromkeys(keys)) == [i.notification_key for i in undisturbed.topic]
        assert world.keys() == undisturbed.keys()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(said, said, late), min_size=4, max_size=20), st.integers(1, 40))
def test_silence_never_delays_the_end(life: list[Step], minutes: int) -> None:
    with World(RULES, OWNED) as heard, World(RULES, OWNED) as silenced:
        silenced.silenced(minutes)
        live(heard, life)
        live(silenced, life)
        ends = [
            {i.id: (i.resolved_at, i.peak_level) for i in world.topic if i.state is IncidentState.RESOLVED}
            for world in (heard, silenced)
        ]
        assert ends[0] == ends[1]
