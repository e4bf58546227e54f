"""A classifier without a model, for tests of what surrounds one: deterministic, keyword-based, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.classification import UNREADABLE, Classification, from_scores
from models.labels import HEADS, HeadName
from models.normalise import is_readable, normalise

_CERTAINTY: Final = 0.9

_WORDS: Final[dict[HeadName, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "emotion": (
        ("angry", ("垃圾", "恶心", "愤怒", "无良", "抵制", "投诉", "[怒]", "太差")),
        ("fear", ("害怕", "可怕", "吓", "恐怖")),
        ("sad", ("难过", "失望", "伤心", "[泪]", "哭")),
        ("surprise", ("居然", "竟然", "没想到", "震惊")),
        ("happy", ("好喝", "喜欢", "开心", "哈哈", "好吃", "太棒", "爱了")),
    ),
    "intent": (
        ("redress", ("退款", "赔偿", "维权", "12315", "起诉")),
        ("boycott", ("抵制", "拉黑", "别买", "卸载")),
        ("exposure", ("曝光", "爆料", "举报", "被曝")),
        ("promotion", ("抽奖", "优惠", "包邮", "秒杀")),
        ("complaint", ("投诉", "垃圾", "难喝", "恶心", "太差", "异物")),
        ("suggestion", ("建议", "希望")),
        ("inquiry", ("请问", "求推荐", "吗？", "吗?")),
        ("purchase", ("下单", "入手", "买了")),
        ("praise", ("好喝", "好用", "推荐", "点赞")),
    ),
}
_FALLBACK: Final[dict[HeadName, str]] = {"emotion": "neutral", "intent": "other"}
_NEGATIVE: Final = frozenset({"angry", "sad", "fear"})


class DummyClassifier:
    """Same interface as ``models.serving.Classifier``; the first keyword list that hits decides.

    The chosen label has probability 0.9 and the others share the rest evenly.
    """

    name = "dummy"
    hit_rate = 0.0

    def _one(self, raw: str) -> Classification:
        text = normalise(raw)
        if not is_readable(text):
            return UNREADABLE
        chosen = {
            head: next(
                (label for label, words in lists if any(word in text for word in words)), _FALLBACK[head]
            )
            for head, lists in _WORDS.items()
        }
        emotion = chosen["emotion"]
        chosen["polarity"] = (
            "negative" if emotion in _NEGATIVE else "positive" if emotion == "happy" else "neutral"
        )
        return from_scores(
            {
                head: {
                    name: _CERTAINTY if name == chosen[head] else (1 - _CERTAINTY) / (len(names) - 1)
                    for name in names
                }
                for head, names in HEADS.items()
            }
        )

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts, in their order."""
        return [self._one(text) for text in texts]

    async def classify_async(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts, in their order."""
        return self.classify(texts)

    def close(self) -> None:
        """Nothing to let go of."""
