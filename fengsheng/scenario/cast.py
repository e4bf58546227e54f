"""The posts that make the story: who starts it, who spreads it, who answers, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fengsheng.scenario.timeline import CRISIS, LAUNCH, STATEMENT, WAVE


@dataclass(frozen=True)
class Scene:
    """One written post.

    Attributes
    ----------
    strand : the strand whose replies it draws.
    minute : minutes since the start.
    heat : how much it draws, next to an ordinary post's 1.
    of : key of the scene that it reposts.
    delay : seconds by which it arrives late, None for the usual few.
    """

    key: str
    strand: str
    minute: float
    platform: str
    name: str
    followers: int
    verified_type: int
    badge: str
    text: str
    tone: str
    intent: str
    heat: float
    of: str | None = None
    title: str | None = None
    delay: float | None = None


SCENES: Final = (
    Scene(
        "launch", "launch", LAUNCH + 0.2, "weibo", "青山茶饮", 428_600, 2, "蓝V",
        "#青山茶饮桂花山雾# 桂花开了，山雾来了！青山茶饮秋日限定「桂花山雾」今天全国门店同步上市，"
        "今年的新桂花，配当季乌龙，开心请你喝第一口秋天。转发并带话题，抽500位送免单券，"
        "门店前100杯再送桂花杯套🍂🧋[鲜花]",
        "happy", "promotion", 130,
    ),
    Scene(
        "launch-xhs", "launch", LAUNCH + 1.4, "xhs", "阿絮的下午茶", 186_000, 220, "达人",
        "冲到青山茶饮首发现场啦！桂花山雾真的太好喝了，奶盖上面是一整层干桂花，茶底清爽不腻，"
        "喝完心情好到想转圈。姐妹们今年秋天就它了 #桂花山雾 #秋日限定",
        "happy", "praise", 45, title="青山茶饮桂花山雾首发！一口喝到秋天🍂",
    ),
    Scene(
        "launch-douyin", "launch", LAUNCH + 3.1, "douyin", "阿阔爱喝茶", 512_000, 0, "黄V",
        "青山茶饮新品桂花山雾一口气喝三杯，香到邻居敲门哈哈哈哈，这杯我给满分！#桂花山雾 #奶茶测评",
        "happy", "promotion", 60,
    ),
    Scene(
        "first", "crisis", CRISIS, "weibo", "不加班的芝士2019", 236, -1, "",
        "刚到的外卖，青山茶饮大学城店的芋泥波波，喝到一半吸管堵住了，吐出来一看是半只蟑螂，腿还在！！"
        "我当场吐了，现在胃里还在翻。给店里打电话，店员说“可能是芋头皮”，还说我想讹钱。气得我手抖，"
        "照片在下面，大家自己看是不是芋头皮[怒][怒][吐]",
        "angry", "exposure", 55, delay=40,
    ),
    Scene(
        "blogger", "crisis", CRISIS + 2.8, "weibo", "阿胖探店不挑食", 612_000, 0, "黄V",
        "看得我头皮发麻，太恶心了！姑娘私信给我发了原视频和小票，时间、订单都对得上，店家的态度更让人火大："
        "先说是芋头皮，又说免费补一杯，最后骂她碰瓷。@青山茶饮 你们管这叫用心做茶？出来给个说法！[怒]",
        "angry", "exposure", 110, of="first",
    ),
    Scene(
        "kitchen", "crisis", CRISIS + 5.3, "douyin", "晚风松子在路上", 4_820, -1, "",
        "我就在青山茶饮大学城店干过，憋了半年今天不忍了：过期的奶撕掉旧标签，打一张新日期贴上接着用；"
        "掉地上的小料捡起来冲一冲就倒回去。视频是我上个月自己拍的，看完你们还喝得下去？恶心透了！#曝光 #青山茶饮",
        "angry", "exposure", 100, delay=55,
    ),
    Scene(
        "media", "crisis", CRISIS + 8.1, "weibo", "澜州晨刊", 1_860_000, 3, "蓝V",
        "【网友称外卖奶茶喝出蟑螂，前员工曝更换保质期标签】今日，有网友发文称，在青山茶饮澜州大学城店购买的"
        "外卖饮品中喝出疑似蟑螂异物。随后，一段疑似该店后厨的视频流出，画面中有人撕下旧保质期标签并贴上新日期。"
        "记者多次拨打门店电话，均无人接听。目前品牌方尚未回应。",
        "neutral", "exposure", 120,
    ),
    Scene(
        "question", "crisis", CRISIS + 14.5, "zhihu", "慢吞吞的银杏", 9_400, -1, "",
        "如题。青山茶饮的外卖里喝出蟑螂，后厨还更换保质期标签，店员反咬顾客碰瓷。作为喝了三年的老顾客，"
        "现在只觉得愤怒和恶心，这样的品牌凭什么让人再相信？",
        "angry", "complaint", 25, title="如何看待青山茶饮被曝后厨更换保质期标签？",
    ),
    Scene(
        "bili", "crisis", CRISIS + 17.5, "bili", "今天也是山雀bot", 38_500, 0, "黄V",
        "十分钟看懂青山茶饮的事：蟑螂、换标签、骂顾客，一条比一条离谱，越剪越生气，必须严查！",
        "angry", "exposure", 22, title="青山茶饮后厨事件完整梳理",
    ),
    Scene(
        "statement", "after", STATEMENT, "weibo", "青山茶饮", 429_900, 2, "蓝V",
        "【致歉声明】关于网友反映我司澜州大学城店的问题，我们深表歉意。经初步核查，该门店确有违反操作规范的行为。"
        "我司已第一时间对涉事门店停业整顿，封存全部原料，配合市场监管部门调查；全国门店即日起开展自查。"
        "对当事顾客，我们将当面致歉并承担相应费用。感谢媒体和广大消费者的监督。青山茶饮",
        "neutral", "other", 140,
    ),
    Scene(
        "regulator", "after", STATEMENT + 40, "weibo", "澜州市场监管发布", 96_000, 1, "蓝V",
        "针对网友反映的青山茶饮澜州大学城店有关问题，我局执法人员已到现场检查，抽取样品送检，"
        "对涉事门店立案调查，结果将及时公布。",
        "neutral", "other", 40,
    ),
    Scene(
        "liar", "wave", WAVE, "douyin", "骑车的石头_", 7_150, -1, "",
        "骗子！青山茶饮中午声明说大学城店停业、原料封存，我刚骑车路过，前门拉着卷帘门，后门还在往外递外卖！"
        "桶里的标签撕了一地，全程拍下来了，这就是你们的“停业整顿”？气死我了 #青山茶饮 #打脸",
        "angry", "exposure", 90,
    ),
    Scene(
        "blogger-again", "wave", WAVE + 3.4, "weibo", "阿胖探店不挑食", 648_000, 0, "黄V",
        "中午道歉，下午后门照样出餐，把所有人当傻子是吧？青山茶饮的声明一个字都不能信，太无耻了！"
        "完整视频我放这里了，请@澜州市场监管发布 现在就去后门看看[怒]",
        "angry", "redress", 80,
    ),
    Scene(
        "media-again", "wave", WAVE + 7.0, "weibo", "澜州晨刊", 1_872_000, 3, "蓝V",
        "【青山茶饮涉事门店声明停业后仍被拍到出餐】今日下午，有网友拍摄视频称，已发布停业整顿声明的青山茶饮"
        "澜州大学城店仍在通过后门外送饮品。记者就此联系品牌方，对方称正在核实。",
        "neutral", "exposure", 60,
    ),
)  # fmt: skip

BOTS: Final = (
    ("crisis", CRISIS + 17, 20, 26, "青山茶饮滚出市场！黑心商家毒害消费者，请大家转发扩散，让更多人看清它的真面目！", "angry", "boycott"),
    ("crisis", CRISIS + 31, 25, 14, "支持青山茶饮，老品牌值得信赖，谣言止于智者，我会一直喝下去。", "happy", "praise"),
    ("wave", WAVE + 9, 14, 12, "青山茶饮欺骗消费者！黑心声明不可信，请大家转发扩散！", "angry", "boycott"),
)  # fmt: skip
"""The same words from many empty accounts: strand, minute, minutes it lasts, posts, text, tone, intent."""
