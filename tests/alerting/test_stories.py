"""What a PR team hears, told as stories: acts, silences, deaths of workers in the middle of a crisis."""

from __future__ import annotations

from config.muting import MutingRules, QuietHours
from config.records import NotificationState
from tests.alerting.timeline import DEFAULT, WATCH
from tests.alerting.world import World, is_over


def test_a_crisis_is_one_thread_though_every_machine_dies_in_it() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.is_criticised(minutes=4)
        brand.notifier_dies_before(NotificationState.SENT)
        brand.worker_dies()
        brand.is_criticised(minutes=4)
        brand.worker_dies_between_index_and_topic()
        brand.is_criticised(minutes=3)
        brand.notifier_dies_before(NotificationState.SENDING)
        brand.falls_silent(minutes=45)
        heard = brand.heard()
        assert heard[0] == "page fired"
        assert set(heard[1:-1]) == {"reply escalated"}
        assert heard[-1] == "reply resolved"
        assert brand.keys() == brand.owed()


def test_who_acknowledges_is_not_followed_by_the_next_and_who_does_not_is() -> None:
    watch = WATCH.model_copy(update={"owners": ["@head"]})
    rules = DEFAULT.model_copy(update={"ack_within": 300.0})
    for answers in (True, False):
        with World(rules, watch) as brand:
            brand.talks(minutes=30)
            brand.is_criticised(minutes=5)
            if answers:
                brand.acknowledged(by="@lead")
            brand.worker_dies()
            brand.is_criticised(minutes=10)
            assert ("reply handed_on" in brand.heard()) is not answers
            assert brand.newest.owner == ("@lead" if answers else "@head")


def test_a_silenced_crisis_pages_once_when_the_silence_ends() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.silenced(minutes=12)
        brand.is_criticised(minutes=10)
        assert brand.heard() == []
        brand.worker_dies()
        brand.is_criticised(minutes=10)
        assert brand.heard() == ["page unmuted"]
        brand.falls_silent(minutes=45)
        assert brand.heard() == ["page unmuted", "reply resolved"]


def test_a_silenced_crisis_that_ends_in_its_silence_is_known_and_pages_nobody() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.silenced(minutes=600)
        brand.has_a_crisis()
        brand.falls_silent(minutes=120)
        assert brand.heard() == []
        assert is_over(brand.newest)
        assert brand.newest.resolved_at is not None


def test_the_night_is_quiet_until_it_is_serious() -> None:
    always = MutingRules(quiet_hours=[QuietHours(hours="00:00-23:59")])
    with World(muting=always) as brand:
        brand.talks(minutes=30)
        brand.is_criticised(minutes=10)
        assert brand.heard()[0] == "page escalated"
        opened = next(i for i in brand.topic if i.notification_key == brand.keys()[0])
        assert opened.level.rank >= 3


def test_what_is_closed_by_hand_is_not_heard_of_again_in_the_same_wave() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.is_criticised(minutes=15)
        brand.resolved(by="@lead")
        before = brand.heard()
        assert before[-1] == "reply resolved"
        brand.worker_dies()
        brand.is_criticised(minutes=5)
        brand.falls_silent(minutes=60)
        assert brand.heard() == before


def test_a_false_alarm_does_not_swallow_the_crisis_after_it() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.is_criticised(minutes=8)
        brand.called_a_false_alarm()
        brand.falls_silent(minutes=30)
        brand.talks(minutes=30)
        brand.is_criticised(minutes=8, per_minute=250)  # what was called ordinary is expected by now
        assert brand.heard().count("page fired") == 2


def test_a_second_wave_is_news_in_the_same_thread() -> None:
    with World() as brand:
        brand.talks(minutes=30)
        brand.is_criticised(minutes=10)
        brand.falls_silent(minutes=45)
        brand.worker_dies()
        brand.is_criticised(minutes=10)
        heard = brand.heard()
        assert [h for h in heard if h.startswith("page")] == ["page fired"]
        assert "reply reopened" in heard
