"""The parts of a message: links, figures, steps, escapes, what is left out."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from rich.console import Console

from alerting.message.build import full, reply
from alerting.message.content import Presentation
from alerting.message.figures import clock_time, duration, number, people, percent
from alerting.message.links import grafana_url, incident_links, kibana_url, rison
from alerting.message.plain import one_line, web_address
from alerting.message.slack import mention, payload
from alerting.message.steps import BY_INTENT, BY_LEVEL, next_step
from alerting.message.terminal import render_terminal
from config.records import Level, Transition
from config.settings import LinkSettings, Settings
from tests.alerting.sample_incident import ESCALATED, FIRED, RECOVERING, RESOLVED, START
from tests.alerting.slack_limits import complaint


def test_kibana_link_opens_the_watch_at_its_time() -> None:
    url = kibana_url("https://kibana.example/s/pr/", 'tea-"1"', START, START + 600)
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("kibana.example", "/s/pr/app/discover")
    assert "%22" in parts.fragment
    assert '"' not in parts.fragment
    state = parse_qs(parts.fragment.lstrip("/?"))
    assert state["_g"] == ["(time:(from:'2025-10-09T09:00:00.000Z',to:'2025-10-09T09:10:00.000Z'))"]
    assert state["_a"] == [
        "(dataSource:(dataViewId:'fengsheng-mentions',type:'dataView'),"
        "query:(language:'kuery',query:'watches:\"tea-\\\"1\\\"\"'))"
    ]


@pytest.mark.parametrize(("text", "coded"), [("it's!", "'it!'s!!'"), ("a&b #c", "'a&b #c'"), ("", "''")])
def test_rison_quotes_strings(text: str, coded: str) -> None:
    assert rison(text) == coded
    url = kibana_url("https://k", text or "x", 0, 1)
    assert "&b" not in url
    assert " " not in url
    assert unquote(url).endswith("'))")


def test_grafana_link_has_milliseconds_and_the_watch() -> None:
    query = parse_qs(urlsplit(grafana_url("https://g.example/", "a b&c", 1.5, 2)).query)
    assert query == {"from": ["1500"], "to": ["2000"], "var-watch": ["a b&c"]}


def test_a_link_without_an_address_is_left_out() -> None:
    assert incident_links(FIRED, LinkSettings()) == ()
    names = [name for name, _ in incident_links(FIRED, LinkSettings(grafana="https://g.example"))]
    assert names == ["Grafana"]
    assert "context" in str(payload(full(FIRED, Presentation()), {}))
    assert "Grafana" not in str(payload(full(FIRED, Presentation()), {}))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://weibo.example/1?a=<b>|c d", "https://weibo.example/1?a=%3Cb%3E%7Cc%20d"),
        ("https://weibo.example/帖", "https://weibo.example/%E5%B8%96"),
        ("https://weibo.example/%E5%B8%96", "https://weibo.example/%E5%B8%96"),
        ("javascript:alert(1)", None),
        ("http://[::1", None),
        ("weibo.example/1", None),
        ("https://weibo.example/" + "x" * 1000, None),
        (None, None),
    ],
)
def test_only_web_addresses_are_linked(url: str | None, address: str | None) -> None:
    assert web_address(url) == address


def test_one_line_cuts_and_cleans() -> None:
    assert one_line(" a\n\tb\x1b[31m \u202ec ", 20) == "a b[31m c"
    assert one_line("茶" * 10, 4) == "茶茶茶…"


def test_figures() -> None:
    assert [number(x) for x in (0.04, 12.34, 99.96, 1234.5, float("inf"), float("nan"), 1e12)] == [
        "0.0", "12.3", "100.0", "1,234", "—", "—", "1.0e+12",
    ]  # fmt: skip
    assert [percent(x) for x in (0, 0.094, 0.62, 7.0, float("nan"))] == ["0%", "9.4%", "62%", "100%", "—"]
    assert [people(n, "zh") for n in (3200, 10_000, 1_284_000, 120_000_000)] == [
        "3200",
        "1万",
        "128.4万",
        "1.2亿",
    ]
    assert [people(n, "en") for n in (320, 3200, 1_284_000)] == ["320", "3.2k", "1.3M"]
    assert [duration(s, "zh") for s in (0, 59.9, 3725)] == ["0秒", "59秒", "1小时2分"]
    assert duration(3725, "en") == "1 h 2 min"
    assert clock_time(1e300, Presentation().zone) == "—"


def test_times_follow_the_settings() -> None:
    settings = Settings(timezone="UTC", language="en")
    text = str(payload(full(FIRED, Presentation.of(settings)), {}))
    assert "2025-10-09 09:00:00" in text
    assert "Times are UTC" in text


@pytest.mark.parametrize(
    ("owner", "ids", "called"),
    [
        ("@lead", {"@lead": "U0LEAD"}, "<@U0LEAD>"),
        ("@lead", {"lead": "W0LEAD"}, "<@W0LEAD>"),
        ("team", {"team": "S0TEAM"}, "<!subteam^S0TEAM>"),
        ("U0LEAD789", {}, "<@U0LEAD789>"),
        ("WANG", {}, "WANG"),
        ("WANG", {"WANG": "U0WANG"}, "<@U0WANG>"),
        ("@channel", {}, "@\u200bchannel"),
        ("SOS", {}, "SOS"),
        ("x", {"x": "!channel"}, "x"),
    ],
)
def test_only_a_known_owner_is_mentioned(owner: str, ids: dict[str, str], called: str) -> None:
    assert mention(owner, ids) == called


def test_the_step_comes_from_the_table_alone() -> None:
    step = next_step(FIRED, "zh")
    assert step == BY_LEVEL[Level.II]["zh"] + "；" + BY_INTENT["exposure"]["zh"]
    assert next_step(RECOVERING, "zh") == "声量正在回落：保持监测，暂不追加动作"
    mostly_other = msgspec.structs.replace(FIRED.evidence, intents={"other": 0.8, "boycott": 0.2})
    other = msgspec.structs.replace(FIRED, evidence=mostly_other)
    assert next_step(other, "en").endswith(BY_INTENT["boycott"]["en"])


def test_what_a_first_message_says() -> None:
    text = str(payload(full(FIRED, Presentation(), call=True), {"@lead": "U0LEAD"}))
    for piece in (
        "Ⅱ级（橙）青山茶饮：负面声量突增", "<@U0LEAD>", "12.3/分钟", "1.2/分钟（区间 0.4–2.9），实际为 10.2 倍",
        "25.0/分钟", "愤怒 62%", "曝光 41%、抵制 22%", "83", "150 条，其中负面 120 条（80%）",
        "微博 104、小红书 31、B站 15", "两分钟内负面提及", "异物 71 次", "本轮首条负面（2025-10-09 16:58:25）后 2分35秒 触发告警", "2025-10-09 16:58:25",
        "本地生活观察 · 占权重 20% · 粉丝 128.4万", "粉丝数未知", "138****0000", "历史不足，区间较宽",
    ):  # fmt: skip
        assert piece in text
    assert "javascript" not in text
    warm = msgspec.structs.replace(FIRED, signal=msgspec.structs.replace(FIRED.signal, cold_start=False))
    assert "历史不足" not in str(payload(full(warm, Presentation()), {}))


def test_a_share_that_leaves_bare_reposts_out_says_so() -> None:
    evidence = msgspec.structs.replace(
        FIRED.evidence, mentions=59, wordless=26, negative=16, negative_share=16 / 33
    )
    page = full(msgspec.structs.replace(FIRED, evidence=evidence), Presentation())
    assert "59 条，其中 26 条是没有文字的转发；其余 33 条中负面 16 条（48%）" in str(page)


def test_the_resolution_says_how_long_and_how_bad() -> None:
    assert reply(RESOLVED, Presentation()).summary == "历时 1小时2分，最高 Ⅰ级（红）；共告警 1 次"
    assert "升级为 Ⅰ级（红）" in reply(ESCALATED, Presentation()).summary


def test_the_terminal_says_the_same_as_slack() -> None:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(render_terminal(FIRED))
    printed = "".join(line.strip("│ ╭╮╰╯─\n") for line in capture.get().splitlines())
    for fact in full(FIRED, Presentation()).facts:
        assert fact[1] in printed
    for section in full(FIRED, Presentation()).sections:
        assert section.title in printed
    assert "https://weibo.example/5002" in printed


def test_a_long_section_is_split_between_posts() -> None:
    hostile = "&" * 140
    posts = [
        msgspec.structs.replace(quote, mention_id=str(n), text=hostile, author_name=hostile, platform=hostile)
        for n, quote in enumerate([FIRED.evidence.quotes[0]] * 5)
    ]
    evidence = msgspec.structs.replace(FIRED.evidence, quotes=posts)
    body = payload(full(msgspec.structs.replace(FIRED, evidence=evidence), Presentation()), {})
    assert complaint(body) is None
    whole = "\n".join(block["text"]["text"] for block in body["blocks"] if "text" in block)
    assert whole.count("> " + "&amp;" * 139 + "&amp;") == 5
    assert len(body["blocks"]) == len(payload(full(FIRED, Presentation()), {})["blocks"]) + 2


def test_what_people_do_to_an_incident_that_is_over_does_not_make_it_go_on() -> None:
    """A false alarm that is taken back edits the message of an incident that stays closed."""
    edited = [
        msgspec.structs.replace(i, transition=Transition.UPDATED) for i in (FIRED, RECOVERING, RESOLVED)
    ]
    ends = [full(incident, Presentation()).headline.rpartition("：")[2] for incident in edited]
    assert ends == ["仍在持续", "正在回落", "已平息"]
