"""E-mail over a real SMTP conversation: one conversation an incident, TLS, and every refusal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from config.records import Transition
from tests.alerting.office import office
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE, after
from tests.alerting.smtp_server import PASSWORD, SmtpServer


async def test_one_incident_is_one_conversation() -> None:
    async with office("email") as one:
        delivery = one.delivery()
        for incident in LIFE:
            await delivery.deliver(incident)
        first, *answers = (sent.mail for sent in one.smtp.delivered)
        assert first["In-Reply-To"] is None
        assert len(answers) == 3
        assert {mail["In-Reply-To"] for mail in answers} == {first["Message-ID"]}
        assert {mail["References"] for mail in answers} == {first["Message-ID"]}
        assert {mail["Subject"].removeprefix("Re: ") for mail in (first, *answers)} == {
            "【风声预警】青山茶饮 · 2025-10-09 17:00:00"
        }
        assert len({mail["Message-ID"] for mail in (first, *answers)}) == 4


async def test_a_mail_has_html_and_text_and_asks_for_no_automatic_answer() -> None:
    async with office("email") as one:
        await one.delivery().deliver(FIRED)
        [sent] = one.smtp.delivered
        html = sent.mail.get_body(("html",))
        text = sent.mail.get_body(("plain",))
        assert html is not None
        assert text is not None
        for body in (html.get_content(), text.get_content()):
            assert "Ⅱ级（橙）青山茶饮：负面声量突增" in body
            assert "https://weibo.example/5002" in body
            assert "javascript" not in body
        assert "&lt;!channel&gt;" in html.get_content()
        assert (sent.mail["Auto-Submitted"], sent.mail["Importance"]) == ("auto-generated", "high")
        assert sent.sender == "fengsheng@example.cn"
        assert PASSWORD not in sent.mail.as_string()
        assert one.smtp.verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


@dataclass
class Case:
    verb: str
    answer: str
    said: str
    fix: str


REFUSALS = [
    Case(
        "AUTH", "535 5.7.8 authentication failed", "login refused (535)", "FENGSHENG_RECEIVERS__PR__PASSWORD"
    ),
    Case("MAIL", "553 5.7.1 not yours", "sender refused (553)", "'from'"),
    Case("RCPT", "550 5.1.1 no such mailbox", "550 5.1.1 no such mailbox", "'to'"),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.verb)
async def test_a_refusal_names_the_fix_and_is_tried_again(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    async with office("email") as one:
        one.more = {"mentions": {}}
        one.smtp.fail(case.verb, case.answer)
        await one.delivery().deliver(FIRED)
        assert case.said in caplog.text
        assert case.fix in caplog.text
        assert len(one.smtp.delivered) == 1
        assert one.time.sleeps == [60.0]


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END"])
async def test_what_is_temporary_is_tried_again_soon(verb: str) -> None:
    async with office("email") as one:
        one.more = {"mentions": {}}
        one.smtp.fail(verb, *(["drop"] if verb == "EHLO" else ["451 4.3.0 try again later"]))
        await one.delivery().deliver(FIRED)
        assert len(one.smtp.delivered) == 1
        assert len(one.time.sleeps) == 1
        assert one.time.sleeps[0] <= 1.0


async def test_a_connection_lost_after_the_mail_sends_the_same_mail_again() -> None:
    async with office("email") as one:
        one.smtp.fail("END", "taken-drop")
        await one.delivery().deliver(FIRED)
        first, second = one.smtp.delivered
        assert first.mail["Message-ID"] == second.mail["Message-ID"]


async def test_one_unknown_mailbox_keeps_the_mail_from_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with office("email") as one:
        one.more = {"to": ["pr@example.cn", "gone@example.cn"]}
        one.smtp.unknown = {"gone@example.cn"}
        await one.delivery().deliver(FIRED)
        assert one.smtp.delivered[0].recipients == ("pr@example.cn", "lead@example.cn")
        assert "gone@example.cn does not get" in caplog.text


async def test_a_mail_that_is_refused_is_a_dead_letter() -> None:
    async with office("email") as one:
        one.smtp.fail("END", "552 5.3.4 too large")
        await one.delivery().deliver(FIRED)
        assert "mail refused (552)" in one.log.dead[0].reason


async def test_tls_from_the_first_byte_and_no_tls_at_all() -> None:
    async with office("email") as one:
        with SmtpServer(tls=True) as secured:
            one.more = {"port": secured.port, "security": "tls"}
            await one.delivery().deliver(FIRED)
            assert len(secured.delivered) == 1
            assert "STARTTLS" not in secured.verbs
        with SmtpServer(starttls=False) as bare:
            one.more = {"port": bare.port, "security": "none", "username": None}
            await one.delivery().deliver(ESCALATED)
            assert len(bare.delivered) == 1


@pytest.mark.parametrize(
    ("more", "server", "said"),
    [
        ({"ca_file": None}, {}, "certificate not trusted"),
        ({}, {"starttls": False}, "no STARTTLS"),
        ({"security": "tls"}, {"starttls": True}, "no TLS there"),
        ({}, {"login": False}, "not supported"),
    ],
)
async def test_what_is_not_secure_is_not_used(
    more: dict[str, object], server: dict[str, bool], said: str
) -> None:
    async with office("email") as one:
        with SmtpServer(**server) as smtp:
            one.more = {"port": smtp.port, **more}
            await one.delivery(give_up=0).deliver(FIRED)
            assert said in one.log.dead[0].reason
            assert smtp.delivered == []


async def test_a_password_that_smtp_cannot_say_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with office("email") as one:
        one.password = "密码-9z"
        await one.delivery(give_up=0).deliver(FIRED)
        assert "unusable login" in one.log.dead[0].reason
        assert "密码" not in caplog.text + one.log.dead[0].reason


async def test_an_answer_to_a_merged_mail_answers_that_mail() -> None:
    async with office("email") as one:
        one.more = {"per_minute": 2}
        delivery = one.delivery()
        three = [after(FIRED, Transition.FIRED, id=f"i{n}", sequence=1) for n in range(3)]
        await asyncio.gather(*(delivery.deliver(incident) for incident in three))
        merged = one.smtp.delivered[-1].mail
        assert "合并通知：2 个事件" in merged["Subject"]
        await delivery.deliver(after(three[2], Transition.ESCALATED))
        assert one.smtp.delivered[-1].mail["In-Reply-To"] == merged["Message-ID"]


TWO = {"to": ["pr@example.cn", "late@example.cn"], "mentions": {}}


async def test_who_was_put_off_gets_the_mail_later_and_the_others_only_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with office("email") as one:
        one.more = TWO
        one.smtp.put_off = {"late@example.cn"}

        async def greylisted(count: int) -> None:
            one.smtp.put_off = {"late@example.cn"} if count < 3 else set()

        one.time.on_sleep = greylisted
        [sent] = await one.delivery().deliver(FIRED)
        assert [mail.recipients for mail in one.smtp.delivered] == [("pr@example.cn",), ("late@example.cn",)]
        assert {mail.mail["Message-ID"] for mail in one.smtp.delivered} == {sent.ts}
        assert len(one.time.sleeps) == 3
        assert "does not get" not in caplog.text


async def test_who_is_owed_is_kept_while_the_server_refuses() -> None:
    async with office("email") as one:
        one.more = TWO
        one.smtp.put_off = {"late@example.cn"}

        async def no_login(count: int) -> None:
            one.smtp.put_off = set()
            if count == 1:
                one.smtp.fail("AUTH", "535 5.7.8 authentication failed")

        one.time.on_sleep = no_login
        await one.delivery().deliver(FIRED)
        assert one.time.sleeps[1:] == [60.0]  # a refusal: `send` is called anew
        assert [mail.recipients for mail in one.smtp.delivered] == [("pr@example.cn",), ("late@example.cn",)]


async def test_a_mailbox_that_is_gone_after_all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with office("email") as one:
        one.more = TWO
        one.smtp.put_off = {"late@example.cn"}

        async def gone(count: int) -> None:
            one.smtp.put_off, one.smtp.unknown = set(), {"late@example.cn"}

        one.time.on_sleep = gone
        [sent] = await one.delivery().deliver(FIRED)
        assert [mail.recipients for mail in one.smtp.delivered] == [("pr@example.cn",)]
        assert "late@example.cn does not get" in caplog.text
        assert one.log.dead == []
        assert sent.ts is not None


async def test_a_full_mailbox_keeps_the_next_news_from_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with office("email") as one:
        one.more = TWO
        one.smtp.put_off = {"late@example.cn"}
        delivery = one.delivery()
        await delivery.deliver(FIRED)
        assert "late@example.cn does not get" in caplog.text
        assert 150 < sum(one.time.sleeps) <= 300
        before = len(one.time.sleeps)
        await delivery.deliver(ESCALATED)
        assert len(one.time.sleeps) == before  # nobody waits for it a second time
        assert [mail.recipients for mail in one.smtp.delivered] == [("pr@example.cn",)] * 2


async def test_all_put_off_by_a_server_that_closes_get_the_mail_later() -> None:
    async with office("email") as one:
        one.more = TWO
        one.smtp.fail("RCPT", "421 4.3.2 closing")
        await one.delivery().deliver(FIRED)
        assert [mail.recipients for mail in one.smtp.delivered] == [("pr@example.cn", "late@example.cn")]
