"""Sentences from templates: what is said, in the tone it is said in."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fengsheng.scenario.dice import Dice

FILES: Final = ("ordinary", "launch", "crisis", "wave", "noise")
NEGATIVE: Final = frozenset({"angry", "fear", "sad", "sarcasm", "mild"})
"""Tones that a reader would call negative."""

EMOTES: Final = {
    "angry": ["[怒]", "[怒]", "[怒骂]", "[吐]", "[弱]", "[傻眼]", "😡", "😡", "🤮", "💢", "👎", "🤬"],
    "fear": ["[泪]", "[失望]", "[衰]", "😱", "😨", "😰"],
    "sad": ["[泪]", "[伤心]", "[悲伤]", "[失望]", "💔", "😭"],
    "sarcasm": ["[微笑]", "[吐]", "[拜拜]", "[白眼]", "🤮", "🙃"],
    "mild": ["[失望]", "[衰]", "[抓狂]", "[生病]", "😤", "😒"],
    "neutral": ["[思考]", "[吃瓜]", "[doge]", "[并不简单]", "👀", "🤔"],
    "happy": [
        "[哈哈]",
        "[爱你]",
        "[心]",
        "[太开心]",
        "[鲜花]",
        "[good]",
        "[馋嘴]",
        "[赞]",
        "😋",
        "🥰",
        "✨",
        "🍂",
        "🧋",
        "😍",
    ],
}
# One-to-one characters only, so that a reader's conversion gives the very same text back.
SIMPLIFIED: Final = (
    "万与业东丝两严丧个丰临为举么乌乐习乡书买于云产亲仅从仪们价优会传伤体偿储儿兑党关养内写况冻净凉减"
    "凑刚创删别办动励区医协单卖卧卫压厨县参发叶号后吓吗呐呕员嚣团园围国图场坏块声壶处备够头奖妈妩学实"
    "对寿尽层岚帘带帮广庆应开异张弹强归当录彻态恶惊惩愤愿战执扩抢报担拦挂挞挤捡换据摇撑断无旧时机条来"
    "杨极柠栀标树样检楼欢毕气汤没泪泻洒测浑涨温滚满滨灯点烂烦烧烫热爱现电画疯监盖码确祸离种积笔签简紧"
    "红约纸线练组细终经结给绝继续绵综绿网罚羡耻职联肠脏脑脚脱脸腻艳节荐药营虚虫蛳袭装见观视觉订认讨让"
    "议记许讹论设证评识诈诉试诚话该语误说请读课谁调谅谋谎谔负财责货质购贴贵费赔赚赶车转软载辈输辩边过"
    "运还这进远连选邻里钟钥钱铁铅银铺链销错镜长门闭问间闹闺阅队阳随隐难雾霉顶顺须顾顿预领频题颜风飘飞"
    "饭饮饼饿馆馋马骂骑骗鱼鲜鸡鹭麦黄龙"
)
TRADITIONAL: Final = (
    "萬與業東絲兩嚴喪個豐臨爲舉麼烏樂習鄉書買於雲產親僅從儀們價優會傳傷體償儲兒兌黨關養內寫況凍淨涼減"
    "湊剛創刪別辦動勵區醫協單賣臥衛壓廚縣參發葉號後嚇嗎吶嘔員囂團園圍國圖場壞塊聲壺處備夠頭獎媽嫵學實"
    "對壽盡層嵐簾帶幫廣慶應開異張彈強歸當錄徹態惡驚懲憤願戰執擴搶報擔攔掛撻擠撿換據搖撐斷無舊時機條來"
    "楊極檸梔標樹樣檢樓歡畢氣湯沒淚瀉灑測渾漲溫滾滿濱燈點爛煩燒燙熱愛現電畫瘋監蓋碼確禍離種積筆籤簡緊"
    "紅約紙線練組細終經結給絕繼續綿綜綠網罰羨恥職聯腸髒腦腳脫臉膩豔節薦藥營虛蟲螄襲裝見觀視覺訂認討讓"
    "議記許訛論設證評識詐訴試誠話該語誤說請讀課誰調諒謀謊諤負財責貨質購貼貴費賠賺趕車轉軟載輩輸辯邊過"
    "運還這進遠連選鄰裡鍾鑰錢鐵鉛銀鋪鏈銷錯鏡長門閉問間鬧閨閱隊陽隨隱難霧黴頂順須顧頓預領頻題顏風飄飛"
    "飯飲餅餓館饞馬罵騎騙魚鮮雞鷺麥黃龍"
)
_TO_TRADITIONAL: Final = str.maketrans(SIMPLIFIED, TRADITIONAL)
_TO_WIDE: Final = str.maketrans({n: n + 0xFEE0 for n in range(ord("0"), ord("9") + 1)})
_SLOT: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Line:
    """One thing said, with the tone and the intent it was written with."""

    text: str
    tone: str
    intent: str


@dataclass(frozen=True)
class Template:
    """One sentence with slots."""

    text: str
    tone: str
    intent: str


class Texts:
    """The shipped templates, filled by chance.

    Templates are found by strand (the file's name, or the word before a dash in the section's
    kind, such as ``rival-reply``), kind (``post`` or ``reply``) and tone.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._slots = _read_slots()
        self._templates: dict[tuple[str, str, str], list[Template]] = defaultdict(list)
        for name in FILES:
            for place, kind, template in _read_templates(name):
                self._templates[place, kind, template.tone].append(template)

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of templates by (strand, kind)."""
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for (strand, kind, _), templates in self._templates.items():
            totals[strand, kind] += len(templates)
        return dict(totals)

    def tones(self, strand: str, kind: str) -> set[str]:
        """Return the tones that a strand has templates for."""
        return {tone for s, k, tone in self._templates if (s, k) == (strand, kind)}

    def say(self, strand: str, kind: str, tone: str) -> Line:
        """Return one filled and dressed sentence.

        Raises
        ------
        KeyError
            No template of that strand, kind and tone.
        """
        if (strand, kind, tone) not in self._templates:
            raise KeyError(f"no template for {strand} {kind} {tone}")
        template = self._dice.pick(self._templates[strand, kind, tone])
        text = self.fill(template.text)
        more = kind == "post" and tone != "neutral" and (strand, "reply", tone) in self._templates
        if more and self._dice.chance(0.3):
            text += self._dice.pick("。 ，  ") + self.fill(
                self._dice.pick(self._templates[strand, "reply", tone]).text
            )
        return Line(self._dress(text, tone), template.tone, template.intent)

    def fill(self, text: str) -> str:
        """Return `text` with each {slot} filled, the same word not twice.

        Raises
        ------
        KeyError
            A slot that ``slots.txt`` does not have.
        """
        used: set[str] = set()

        def choose(match: re.Match[str]) -> str:
            choices = self._slots[match[1]]
            word = self._dice.pick(choices)
            for _ in range(4):
                if word not in used:
                    break
                word = self._dice.pick(choices)
            used.add(word)
            return word

        while _SLOT.search(text):
            text = _SLOT.sub(choose, text)
        return text

    def _dress(self, text: str, tone: str) -> str:
        dice = self._dice
        if tone in ("angry", "happy") and text.endswith(("！", "!")) and dice.chance(0.4):
            text += "！" * dice.whole(1, 3)
        if dice.chance(0.42 if tone != "neutral" else 0.15):
            emote = dice.pick(EMOTES[tone])
            text += emote * dice.weighted((1, 2, 3), (7, 1, 2))
        if tone == "happy" and dice.chance(0.06):
            text += "~" * dice.whole(1, 2)
        if dice.chance(0.025):
            text = text.translate(_TO_TRADITIONAL)
        if dice.chance(0.012):
            text = text.translate(_TO_WIDE)
        return text


def _read(name: str) -> list[str]:
    text = files("fengsheng.scenario").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("# ")]


def _read_slots() -> dict[str, list[str]]:
    slots = {}
    for line in _read("slots"):
        name, choices = line.split(": ", 1)
        slots[name] = [choice.strip() for choice in choices.split(" | ")]
    return slots


def _read_templates(name: str) -> list[tuple[str, str, Template]]:
    found = []
    place, kind, tone, intent = name, "", "", ""
    for line in _read(name):
        if line.startswith("= "):
            head, tone, intent = line[2:].split()
            place, kind = name, head
            if "-" in head:
                place, kind = head.split("-", 1)
            elif head not in ("post", "reply", "title"):
                place, kind = head, "post"
        else:
            found.append((place, kind, Template(line, tone, intent)))
    return found
