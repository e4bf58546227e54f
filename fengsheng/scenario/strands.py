"""The strands of talk: how fast, in which tones, on which platforms each of them speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fengsheng.scenario import timeline


@dataclass(frozen=True)
class Strand:
    """One strand of talk.

    Attributes
    ----------
    rate : mentions a minute at a minute since the start.
    posts, replies : shares of the tones.
    alone : share of its mentions that start a thread of their own.
    platforms : shares of the platforms.
    begins : minute of its beginning; from there the neutral share grows.
    cools : minutes in which the neutral share doubles, None when it does not.
    brand : what its threads must name, if anything.
    tags : hashtags, without the signs.
    tagged : share of the posts that carry one.
    busy : how much the busy accounts speak (see `people.Crowd.someone`).
    fades : minutes in which a thread loses most of its draw.
    """

    rate: Callable[[float], float]
    posts: Mapping[str, float]
    replies: Mapping[str, float]
    alone: float
    platforms: Mapping[str, float]
    begins: float = 0.0
    cools: float | None = None
    brand: str | None = "青山"
    tags: tuple[str, ...] = ()
    tagged: float = 0.0
    busy: float = 1.5
    fades: float = 60.0

    def shares(self, kind: str, minute: float) -> dict[str, float]:
        """Return the weights of the tones at `minute`; outrage cools, questions stay."""
        shares = dict(self.posts if kind == "post" else self.replies)
        if self.cools is not None and "neutral" in shares:
            shares["neutral"] *= 1 + max(0.0, minute - self.begins) / self.cools
        return shares


_EVERYWHERE: Final = {"weibo": 0.42, "xhs": 0.24, "douyin": 0.2, "bili": 0.07, "zhihu": 0.07}
_OUTRAGE: Final = {"weibo": 0.6, "douyin": 0.19, "xhs": 0.11, "zhihu": 0.05, "bili": 0.05}

STRANDS: Final = {
    "ordinary": Strand(
        timeline.ordinary,
        {"happy": 0.5, "neutral": 0.42, "mild": 0.08},
        {"happy": 0.47, "neutral": 0.47, "mild": 0.06},
        alone=0.6, platforms=_EVERYWHERE, busy=2.2, fades=90.0, tagged=0.14,
        tags=("青山茶饮", "青山茶饮探店", "今天喝什么", "奶茶日记", "打工人下午茶"),
    ),
    "launch": Strand(
        timeline.launch,
        {"happy": 0.8, "neutral": 0.165, "mild": 0.035},
        {"happy": 0.78, "neutral": 0.2, "mild": 0.02},
        alone=0.42, platforms={**_EVERYWHERE, "weibo": 0.5}, tagged=0.5, fades=30.0,
        tags=("青山茶饮桂花山雾", "青山茶饮桂花山雾", "桂花山雾", "青山茶饮秋日限定", "秋天从一杯桂花开始"),
    ),
    "crisis": Strand(
        timeline.crisis,
        {"angry": 0.57, "fear": 0.09, "sad": 0.05, "sarcasm": 0.07, "neutral": 0.16, "happy": 0.05},
        {"angry": 0.57, "fear": 0.09, "sad": 0.04, "sarcasm": 0.06, "neutral": 0.18, "happy": 0.05},
        alone=0.3, platforms=_OUTRAGE, begins=timeline.CRISIS, cools=70.0, busy=1.15, fades=35.0,
        tagged=0.42,
        tags=("青山茶饮 蟑螂", "青山茶饮后厨", "青山茶饮更换保质期标签", "青山茶饮喝出异物", "曝光", "避雷"),
    ),
    "after": Strand(
        timeline.statement,
        {"neutral": 0.6, "angry": 0.4},
        {"neutral": 0.5, "angry": 0.35, "happy": 0.15},
        alone=0.2, platforms={"weibo": 1.0}, begins=timeline.STATEMENT, tagged=0.5, fades=120.0,
        tags=("青山茶饮致歉", "青山茶饮回应"),
    ),
    "wave": Strand(
        timeline.wave,
        {"angry": 0.62, "fear": 0.05, "sad": 0.06, "sarcasm": 0.08, "neutral": 0.19},
        {"angry": 0.62, "fear": 0.05, "sad": 0.07, "neutral": 0.26},
        alone=0.3, platforms=_OUTRAGE, begins=timeline.WAVE, cools=60.0, busy=1.2, fades=25.0, tagged=0.45,
        tags=("青山茶饮 打脸", "青山茶饮声明不实", "青山茶饮停业门店仍出餐"),
    ),
    "rival": Strand(
        timeline.rival,
        {"happy": 0.52, "neutral": 0.4, "mild": 0.08},
        {"happy": 0.55, "neutral": 0.45},
        alone=0.75, platforms=_EVERYWHERE, brand="云岭", busy=2.0,
        tags=("云岭茶铺", "奶茶日记"), tagged=0.2,
    ),
    "none": Strand(
        timeline.noise,
        {"neutral": 0.55, "happy": 0.37, "mild": 0.08},
        {},
        alone=1.0, platforms=_EVERYWHERE, brand=None, busy=2.0,
    ),
    "sugar": Strand(
        lambda minute: 0.18 * timeline.rival(minute),
        {"neutral": 0.7, "happy": 0.3},
        {},
        alone=1.0, platforms=_EVERYWHERE, brand=None,
    ),
}  # fmt: skip
