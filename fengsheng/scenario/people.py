"""Who speaks: a crowd of invented accounts for each platform, a few of them large."""

from __future__ import annotations

from typing import Final

from config.records import Author
from fengsheng.scenario.dice import Dice

SIZES: Final = {"weibo": 2600, "xhs": 800, "douyin": 1000, "zhihu": 260, "bili": 340}
"""Accounts a platform; how many speak is decided by chance."""

MOODS: Final = [
    "小",
    "阿",
    "大",
    "是",
    "爱吃的",
    "想睡觉的",
    "晒太阳的",
    "不加班的",
    "路过的",
    "努力的",
    "慢吞吞的",
    "圆滚滚的",
    "三分糖",
    "去冰",
    "晚风",
    "北方",
    "南方",
    "隔壁",
    "楼上",
    "一只",
    "半颗",
    "几朵",
    "月亮",
    "早起的",
    "熬夜的",
    "迷路的",
    "会飞的",
    "养猫的",
    "骑车的",
    "种花的",
    "今天也是",
    "才不是",
    "橘色",
]
NOUNS: Final = [
    "柚子",
    "橙子",
    "团子",
    "土豆",
    "小熊",
    "鲸鱼",
    "海盐",
    "薄荷",
    "麦子",
    "云朵",
    "阿宁",
    "木木",
    "小鹿",
    "豆包",
    "泡芙",
    "年糕",
    "汤圆",
    "栗子",
    "石头",
    "山雀",
    "小满",
    "谷雨",
    "白露",
    "星河",
    "纸飞机",
    "柠檬",
    "芒果",
    "布丁",
    "胖达",
    "皮皮",
    "乐乐",
    "阿柴",
    "西瓜",
    "松子",
    "桃子",
    "雪糕",
    "花卷",
    "芝士",
    "饭团",
    "银杏",
    "同学",
    "阿姨",
    "老师",
    "师傅",
    "打工人",
    "摄影师",
    "程序员",
    "护士",
    "司机",
    "店小二",
    "考研人",
    "妈妈",
]
TAILS: Final = [
    "酱",
    "呀",
    "君",
    "_",
    "er",
    "本人",
    "吖",
    "在路上",
    "不困",
    "v",
    "日记",
    "bot",
    "的日常",
    "QAQ",
]


class Crowd:
    """The accounts of one scenario.

    Follower counts are log-normal (median 180, a heavy tail), about one account in sixteen is
    verified or a talent, and platforms whose comments come without a profile give none.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._made = 0
        self._names: set[str] = set()
        self._members = {name: [self._make(name) for _ in range(size)] for name, size in SIZES.items()}

    def someone(self, platform: str, busy: float = 1.5) -> Author:
        """Return an account; the higher `busy`, the more often it is one of the busy few."""
        members = self._members[platform]
        return members[self._dice.skewed(len(members), busy)]

    def nobody(self, platform: str) -> Author:
        """Return a new account with hardly any followers, as bots have."""
        dice = self._dice
        return Author(
            id=self._next_id(platform),
            platform=platform,
            name=f"用户{dice.whole(6000000, 7999999)}",
            followers=dice.whole(0, 9),
            friends=dice.whole(0, 60),
            statuses=dice.whole(1, 40),
            verified=False,
            verified_type=-1,
        )

    def star(self, platform: str, name: str, followers: int, verified_type: int, badge: str) -> Author:
        """Return a well-known account of the story, such as a medium or the brand itself."""
        return Author(
            id=self._next_id(platform),
            platform=platform,
            name=name,
            followers=followers,
            friends=self._dice.whole(80, 900),
            statuses=self._dice.whole(900, 40000),
            verified=verified_type >= 0,
            verified_type=verified_type,
            badge=badge or None,
        )

    def _make(self, platform: str) -> Author:
        dice = self._dice
        followers = int(dice.lognormal(180, 1.5))
        kind, badge = -1, None
        if dice.chance(0.035):
            kind, badge, followers = 0, "黄V", followers * 12 + 3000
        elif dice.chance(0.025):
            kind, badge, followers = 220, "达人", followers * 5 + 500
        elif dice.chance(0.006):
            kind, badge, followers = 3, "蓝V", followers * 20 + 20000
        followers = min(followers, 400_000)
        known = platform in ("weibo", "bili") or kind != -1 or dice.chance(0.35)
        return Author(
            id=self._next_id(platform),
            platform=platform,
            name=self._name(),
            followers=followers if known else None,
            friends=int(dice.lognormal(160, 0.8)) if known else None,
            statuses=int(dice.lognormal(400, 1.3)) if known else None,
            verified=kind != -1 if platform == "weibo" else None,
            verified_type=kind if platform == "weibo" else None,
            badge=badge,
        )

    def _next_id(self, platform: str) -> str:
        self._made += 1
        return f"{platform}-u{self._made:05d}"

    def _name(self) -> str:
        dice = self._dice
        while True:
            name = dice.pick(MOODS) + dice.pick(NOUNS)
            if dice.chance(0.35):
                name += dice.pick(TAILS)
            if dice.chance(0.3):
                name += str(dice.whole(2, 9999))
            if name not in self._names:
                self._names.add(name)
                return name
