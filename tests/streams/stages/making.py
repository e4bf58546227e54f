"""What the tests of the stages share: messages, mentions, and a publisher that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from config.records import DeadLetter, Kind, Match, Mention, Record, ScoredMention, decode, encode
from config.settings import ScoringSettings
from config.watches import Watch
from models.dummy import DummyClassifier
from streams.classifying import Classifier
from streams.enriching import Enricher
from streams.masking import Pseudonymiser
from streams.matching import Matcher
from streams.stages.base import DEAD, RAW, Incoming, Outgoing, PublishError
from streams.terms import Words

NOW = 1_700_000_000.0
TEA = Watch(id="tea", name="青山茶饮", any=["青山茶饮"])
MILK = Watch(id="milk", name="奶茶", any=["奶茶"])
_offsets = count()


def incoming(value: Record | bytes | None, topic: str = RAW, key: bytes | None = b"k") -> Incoming:
    data = encode(value) if isinstance(value, Record) else value
    return Incoming(topic, 3, next(_offsets), key, data)


def mention(
    number: int | str, text: str = "青山茶饮喝出虫子，太恶心了", *, parent: str | None = None,
    root: str | None = None, **more: object,
) -> Mention:  # fmt: skip
    values = {"kind": Kind.COMMENT if parent or root else Kind.POST, "created_at": NOW, **more}
    return Mention(
        platform="weibo", id=str(number), text=text, parent_id=parent, root_id=root, **values  # type: ignore[arg-type]
    )  # fmt: skip


def blanks(text: str) -> Words:
    return Words(text.split(), text.split())


def enricher(classifier: Classifier | None = None, watches: Sequence[Watch] = (TEA, MILK)) -> Enricher:
    return Enricher(
        Matcher(watches), classifier or DummyClassifier(), Pseudonymiser(b"key"), ScoringSettings(), blanks, "dummy"
    )  # fmt: skip


async def scored(*mentions: Mention) -> list[ScoredMention]:
    return await enricher().enrich(mentions, {}, NOW)


class MemoryPublisher:
    """Keeps what was published; refuses the first `failures` calls."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.messages: list[Outgoing] = []

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.failures:
            self.failures -= 1
            raise PublishError("no broker")
        self.messages += messages

    def of(self, topic: str) -> list[Outgoing]:
        return [message for message in self.messages if message.topic == topic]

    def letters(self) -> list[DeadLetter]:
        return [decode(message.value, DeadLetter) for message in self.of(DEAD)]

    def mentions(self, topic: str) -> list[ScoredMention]:
        return [decode(message.value, ScoredMention) for message in self.of(topic)]


def belonging(matches: Sequence[Match]) -> dict[str, str]:
    return {match.watch: match.reason.value for match in matches}
