"""Intent labels without annotators: high-precision patterns over real posts, and examples written for this.

No public set labels what a post about a brand wants, so the intent head learns from two weak sources. Rules
(:func:`label_text`) speak only where their wording leaves little doubt and are silent elsewhere; a post
that fires rules of two classes is given to neither, but for the pairs in ``_STRONGER``. The examples
(``intent_examples.txt``) cover what no rule sees: sarcasm, short forms, names of trades. Figures measured
against such labels are weak too, and the model card says so.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from models.data import Row
from models.labels import INTENTS
from models.normalise import normalise

INTENT_POLARITY: Final[dict[str, str]] = {
    "complaint": "negative",
    "exposure": "negative",
    "boycott": "negative",
    "redress": "negative",
    "inquiry": "neutral",
    "suggestion": "neutral",
    "praise": "positive",
    "purchase": "positive",
    "promotion": "neutral",
}
"""What an intent says of the polarity toward the thing discussed; other says nothing."""

_EXAMPLE_EMOTION: Final[dict[str, str]] = {
    "complaint": "angry",
    "boycott": "angry",
    "redress": "angry",
    "inquiry": "neutral",
    "suggestion": "neutral",
    "praise": "happy",
    "purchase": "happy",
    "promotion": "neutral",
}

BRANDS: Final[dict[str, tuple[str, ...]]] = {
    "tea": ("青禾茶饮", "沐山奶茶", "这家奶茶", "橘里茶", "茶小满", "他家奶茶", "麦田咖啡", "#鹿鸣茶#"),
    "phone": ("星辰手机", "这个手机", "蓝鲸P10", "北斗X5", "你家手机", "极光Pro", "#远山手机#", "小鹿手机"),
    "car": ("云驰汽车", "这车", "驰越E7", "长风SUV", "贵公司的车", "海豹汽车", "#青骓汽车#", "星河L9"),
    "bank": ("江南银行", "这家银行", "华信银行", "XX银行", "北城银行", "#东湖银行#", "某银行"),
    "air": ("云海航空", "这家航空公司", "东极航空", "某航", "蓝天航空", "#南风航空#"),
    "shop": ("优选商城", "这家店", "拼好货", "某宝", "小象超市", "#乐购网#", "那个直播间", "卖家"),
    "app": ("快看视频", "这个软件", "顺风打车", "某音", "轻听音乐", "#小蓝出行#", "这app"),
    "hotel": ("云栖酒店", "这家酒店", "海韵民宿", "某连锁酒店", "山语客栈", "#星程宾馆#"),
    "food": ("老街火锅", "这家店", "香满楼", "小城炸鸡", "某网红餐厅", "#陈记面馆#", "他们家"),
    "beauty": ("兰语面霜", "这个牌子", "初雪护肤", "某大牌", "沐颜", "#花间彩妆#"),
}
"""Invented and generic names that stand in the examples for a brand of each trade."""

_PATTERNS: Final[dict[str, str]] = {
    "complaint": r"客服.{0,12}(?:不理|没人|敷衍|推诿|态度|垃圾|打不通|踢皮球)|(?:服务|态度|质量)(?:也|真|太|实在|特别|这么|非常)*"
    r"(?:差|烂|恶劣)|再也不(?:去|来|买|用|吃|住|坐)(?!武汉|了解)|差评|踩雷|避雷|(?:太|巨|超|真)难(?:喝|吃|用)|(?:太|真|好|超)坑|坑(?:人|死)|一个坑爹"
    r"|(?:还没|一直不|迟迟不|就是不|都不)发货|售后.{0,8}(?:差|垃圾|推|不管)|什么破(?:手机|车|软件|快递|网|店|东西|系统|电脑)"
    r"|垃圾(?:联通|移动|电信|快递|酒店|航空|银行|软件|手机|公司|平台|系统|商家|产品|app|客服)|店大欺客|虚假宣传|(?:异响|漏油|抖动)严重",
    "exposure": r"(?:求|请|帮忙|给予|予以|需要|全网|强烈要求)曝光|(?:必须|要|我来|给我|把.{1,8})曝光(?!了?率)|实名举报|我要举报|举报(?:一下|投诉)"
    r"|(?:内幕|黑幕)(?:曝光|揭|被)|(?:我来|给大家|跟大家)爆料|爆个料|揭露|起底|深扒|求扩散|(?:商家|药店|超市|淘宝|京东|酒店|公司|企业|厂家|品牌|店家?).{0,12}(?:被曝|曝光)|被曝(?:使用|添加|存在|生产|出售)",
    "boycott": r"(?:坚决|强烈|一起|全民|全国|大家|集体|号召|必须|要)抵制|^抵制|抵制(?:这|到底|日货|韩货|无良|黑心)|(?:坚决|以后|永远|大家|都|千万|绝对|再也)"
    r"(?:别|不要|不|不会)(?:再)?(?:买|用)(?:他|它|这家|这种|你们|该)|拉黑(?:这|商家|该|这家|这种)|(?:商家|卖家|店铺?).{0,6}拉黑|卸载(?:了|吧)|已卸载|滚出中国|拒绝购买",
    "redress": r"(?:要求|必须|申请|请|给我|不给|不肯|拒绝|拒不|不予|还不)(?:全额)?(?:退款|退货|退钱|退票|赔偿|赔钱|理赔)|退(?:一)?赔(?:一|三)|打?12315|消协|(?:集体|我要|开始|帮忙?|车主|业主|租户|消费者)维权"
    r"|(?:还我|退我)(?:的)?(?:钱|血汗钱|押金)|起诉(?:他|它|这|你们|商家|公司|平台)|给(?:我|个|我们)(?:一个|个)?(?:说法|交代)|要求.{0,8}(?:公开)?道歉|向.{2,10}投诉|投诉(?:电话|无门|你们|了|他们|到)",
    "inquiry": r"请问.{2,}|有没有(?:人|谁|小伙伴|大神|朋友|姐妹)(?:知道|了解|用过|去过|买过|吃过|告诉)|求(?:推荐|解答|科普|告知|链接|指教|助攻略)|(?:哪里|哪儿|在哪|怎么)(?:能|可以|才能)?(?:买|领|下载|预约|办理|申请)(?:到|呢|啊|呀|的)?[?？]"
    r"|(?:多少钱|靠谱吗|好用吗|好吃吗|好喝吗|有效吗|可以吗|还有吗|能用吗|是真的吗|咋样|怎么样)[啊呀呢]?[?？]|谁知道.{2,}[?？]",
    "suggestion": r"(?:^|[，。,！!#\s])(?:强烈|个人|真心|诚恳)?建议(?!大家都来|书|如下$|\d)(?!.{0,12}(?:戴口罩|勤洗手)).{4,}|(?:能不能|可不可以|可否|不妨)(?:考虑|增加|加个|出个?|改|优化|推出|开通|设置|延长).{2,}"
    r"|希望.{0,10}(?:改进|改善|优化|增加|推出|完善|加强管理|开通|整改|提高)|(?:如果|要是)能.{2,16}就(?:更|太)?(?:好|完美)",
    "praise": r"(?:太|超|超级|真的?|巨|挺|非常|特别|好)(?:好喝|好吃|好用|好看|好听|划算)|(?:强烈|良心|真心)推荐|良心(?:企业|品牌|商家|店家|国货)|(?:服务|态度|质量|味道|口感)(?:很|真|非常|特别|超级?|都)*(?:好|棒|赞|不错)(?!不|吗)"
    r"|(?:给|为).{1,10}(?:点赞|打call)|(?:必须|五星)好评|物美价廉|(?:性价比|颜值)(?:很|超|真|特别|非常)?高|回头客|真给力|永远的神|yyds",
    "purchase": r"(?:已经?|刚|刚刚|终于|果断|赶紧|马上|立刻|忍不住|我也?)(?:下单|入手|预订|预定|抢到|拍下|剁手|囤)了?|下单了|入手了|(?:想|准备|打算|决定|考虑)(?:去)?(?:入手|买(?:一|个|台|部|件|双|辆|套|点|来))|(?:刚|终于|今天)(?:买了|买到|买的)"
    r"|被?(?:种草|长草)了|加(?:入)?购物车|回购|已购|剁手",
    "promotion": r"(?:转发|关注).{0,12}(?:抽|赢|送|有机会)|(?:抽|送出?|抽取)\d+[位名个人份]|包邮|(?:优惠|折扣|代金|无门槛)券|到手价?\d|原价\d|(?:限时|限量)(?:优惠|特价|秒杀|抢|折)|\d+(?:\.\d)?折|满\d+(?:减|送|立减)|(?:加|＋)(?:微信|v信|vx)|火热招商|诚招代理|招代理|戳(?:链接|→|这里)|点击(?:链接)?(?:购买|抢购|预约|领取)|立减\d|领券",
}
_RULES: Final = {intent: re.compile(pattern, re.IGNORECASE) for intent, pattern in _PATTERNS.items()}

_STRONGER: Final[frozenset[tuple[str, str]]] = frozenset(
    (strong, "complaint") for strong in ("redress", "boycott", "exposure")
)
"""(a, b): where both fire, a is the label; who asks for a refund also complains, not the other way round."""

# A word of commerce or protest anywhere makes "other" doubtful, so such a post is left unlabelled.
_NOT_OTHER: Final = re.compile(
    r"投诉|举报|曝光|抵制|退[款货钱票]|赔|维权|客服|商家|卖家|购|买|卖|店|价|优惠|抽奖|福利|活动|推荐|建议|希望|请|求|[?？]|吗|呢|"
    r"好[吃喝用]|难[吃喝用]|质量|服务|差评|垃圾|坑|骗|不要|别|快递|品牌|产品|链接|关注|转发|曝|滚|拒绝|无良|要求|道歉"
)


def label_text(text: str) -> str | None:
    """Label a normalised text by the rules, or give None where they are silent or disagree."""
    own = text.partition("//@")[0]  # what the author wants is said in the author's own words
    if len(own) < 4:
        return None
    fired = [intent for intent, rule in _RULES.items() if rule.search(own)]
    if len(fired) == 2:
        for strong, weak in _STRONGER:
            if {strong, weak} == set(fired):
                return strong
    if len(fired) == 1:
        return fired[0]
    if not fired and not _NOT_OTHER.search(text):
        return "other"
    return None


def is_held_out(text: str) -> bool:
    """Say whether a text belongs to the tenth kept out of training; depends on the text alone."""
    return zlib.crc32(text.encode()) % 10 == 0


def windows(text: str, size: int = 90) -> list[str]:
    """Cut a long complaint into windows of at most ``size`` characters at sentence ends."""
    parts: list[str] = []
    current = ""
    for sentence in re.split(r"(?<=[。！？!?；;])", text):
        if current and len(current) + len(sentence) > size:
            parts.append(current)
            current = ""
        current += sentence[: size - len(current)]
    return [part for part in [*parts, current] if len(part) >= 8]


def weak_rows(texts: Iterable[str], limit: int, max_chars: int = 70) -> list[Row]:
    """Label texts by the rules until every intent has ``limit`` rows or the texts end.

    Texts longer than ``max_chars`` after normalisation are passed over: an intent is plainest in a short
    post, and short rows are cheap to train on. Repeated texts count once.
    """
    counts = dict.fromkeys(INTENTS, 0)
    seen: set[str] = set()
    rows: list[Row] = []
    for raw in texts:
        text = normalise(raw) if len(raw) <= 4 * max_chars else ""
        if not 4 <= len(text) <= max_chars or text in seen:
            continue
        intent = label_text(text)
        if intent is None or counts[intent] >= limit:
            continue
        seen.add(text)
        counts[intent] += 1
        rows.append(Row(text, intent=intent, polarity=INTENT_POLARITY.get(intent)))
        if min(counts.values()) >= limit:
            break
    return rows


@dataclass(frozen=True, slots=True)
class Example:
    """A written example: a template with brand places, its intent and, where set, its emotion."""

    template: str
    intent: str
    emotion: str | None

    def fill(self, random: Random) -> Row:
        """Put names in the brand places."""
        text = re.sub(r"\{(\w+)\}", lambda place: random.choice(BRANDS[place[1]]), self.template)
        polarity = INTENT_POLARITY.get(self.intent)
        return Row(normalise(text), emotion=self.emotion, intent=self.intent, polarity=polarity)


def read_examples(path: Path | None = None) -> Iterator[Example]:
    """Read the written examples.

    Raises
    ------
    ValueError
        With file and line, at an unknown intent or a text before the first heading.
    """
    path = path or Path(__file__).with_name("intent_examples.txt")
    intent: str | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            intent = line[3:].strip()
            if intent not in INTENTS:
                raise ValueError(f"{path}:{number}: unknown intent {intent!r}; expected {', '.join(INTENTS)}")
        elif line.strip() and not line.startswith("#"):
            if intent is None:
                raise ValueError(f"{path}:{number}: a text before the first '## intent' heading")
            template, _, emotion = line.partition(" | ")
            yield Example(template, intent, emotion.strip() or _EXAMPLE_EMOTION.get(intent))
