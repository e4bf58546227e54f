"""Hand a mail to an SMTP server, with its failures sorted; the blocking library runs in a thread.

RFC 5321: a reply 4yz is temporary, 5yz permanent. A connection that is lost after the mail's end was
sent leaves open whether the server has taken it.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from pydantic import SecretStr

from alerting.message.plain import one_line
from alerting.senders.base import Refused, Unavailable
from config.receivers import EmailReceiver, variable

TIMEOUT: Final = 30.0


@dataclass(frozen=True)
class Answer:
    """What a server said to a recipient; as text its code and words on one line."""

    code: int
    text: bytes

    @property
    def temporary(self) -> bool:
        """Whether the server may take the recipient later."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return _said((self.code, self.text))


class NoMailbox(Refused):
    """No recipient is taken, now or later.

    Attributes
    ----------
    answers : recipient to what was said to it.
    """

    def __init__(self, what: str, answers: Mapping[str, Answer]) -> None:
        said = "; ".join(f"{address} {answer}" for address, answer in answers.items())
        super().__init__(what, f"recipients refused: {said}", "correct the receiver's 'to'")
        self.answers = answers


@dataclass(frozen=True)
class Smtp:
    """The server of an e-mail receiver.

    Attributes
    ----------
    password : of the login; needed where the receiver has a username.
    timeout : seconds for each answer of the server.
    """

    receiver: EmailReceiver
    password: SecretStr | None
    timeout: float = TIMEOUT

    async def deliver(self, mail: EmailMessage, to: Sequence[str]) -> Mapping[str, Answer]:
        """Hand over `mail`; return the recipients that the server refused, each with its answer.

        Raises
        ------
        Unavailable
            The server is not there, in trouble, or asks to come back later.
        NoMailbox
            It refuses all recipients for good.
        Refused
            It refuses the login, the sender, or (final) the mail.
        """
        return await asyncio.to_thread(self._sorted, mail, tuple(to))

    async def probe(self, to: Sequence[str]) -> Mapping[str, Answer]:
        """Log in and name sender and recipients but hand over no mail; returns and raises as `deliver`."""
        return await asyncio.to_thread(self._sorted, None, tuple(to))

    @property
    def _what(self) -> str:
        host, port = self.receiver.address
        return f"SMTP {host}:{port} (receiver {self.receiver.name})"

    def _sorted(self, mail: EmailMessage | None, to: tuple[str, ...]) -> Mapping[str, Answer]:
        handing = False
        try:
            with self._connected() as server:
                if mail is None:
                    return self._named(server, to)
                handing = True
                refused = server.send_message(mail, self.receiver.sender, list(to))
                handing = False  # taken: what fails from here on is only the goodbye
                return _answers(refused)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._recipients(error.recipients) from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._answered(error.smtp_code, "login refused", self._password_fix) from None
        except smtplib.SMTPNotSupportedError as error:
            code = "no STARTTLS" if "STARTTLS" in str(error) else "not supported"
            raise Refused(self._what, code, "correct 'security' and 'port' of the receiver") from None
        except smtplib.SMTPSenderRefused as error:
            fix = "correct the receiver's 'from': the server does not let this login send as it"
            raise self._answered(error.smtp_code, "sender refused", fix) from None
        except smtplib.SMTPDataError as error:
            raise self._mail(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPResponseException as error:
            raise self._answered(error.smtp_code, "refused", "see the server's log") from None
        except smtplib.SMTPServerDisconnected:
            raise Unavailable(f"{self._what}: connection lost", ambiguous=handing) from None
        except ssl.SSLCertVerificationError:
            fix = "let the server show a certificate for its name, or name its CA in the receiver's ca_file"
            raise Refused(self._what, "certificate not trusted", fix) from None
        except ssl.SSLError:
            raise Refused(
                self._what, "no TLS there", "correct 'security' and 'port' of the receiver"
            ) from None
        except (TimeoutError, OSError) as error:
            raise Unavailable(f"{self._what}: {type(error).__name__}", ambiguous=handing) from None
        except (UnicodeError, ValueError, smtplib.SMTPException) as error:
            # A password or an address that SMTP can't say: the exception would hold it.
            raise Refused(
                self._what, f"unusable login or address ({type(error).__name__})", self._password_fix
            ) from None

    def _connected(self) -> smtplib.SMTP:
        receiver, (host, port) = self.receiver, self.receiver.address
        context = ssl.create_default_context(cafile=receiver.ca_file)
        if receiver.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self.timeout)
        try:
            if receiver.security == "starttls":
                server.starttls(context=context)
            if receiver.username and self.password is not None:
                server.login(receiver.username, self.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _named(self, server: smtplib.SMTP, to: tuple[str, ...]) -> Mapping[str, Answer]:
        """Ask for sender and recipients and take both back (RSET)."""
        server.ehlo_or_helo_if_needed()
        code, answer = server.mail(self.receiver.sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, self.receiver.sender)
        answers = {address: server.rcpt(address) for address in to}
        server.rset()
        refused = {address: answer for address, answer in answers.items() if answer[0] not in (250, 251)}
        if len(refused) == len(to):
            raise smtplib.SMTPRecipientsRefused(refused)
        return _answers(refused)

    @property
    def _password_fix(self) -> str:
        return f"correct the receiver's 'username' and put its password into {variable(self.receiver.name, 'password')}"

    def _answered(self, code: int, what: str, fix: str) -> Exception:
        if 400 <= code < 500:
            return Unavailable(f"{self._what}: {what} for now ({code})")
        return Refused(self._what, f"{what} ({code})", fix)

    def _mail(self, code: int, said: bytes | str) -> Exception:
        if code < 500:
            return Unavailable(f"{self._what}: not now ({code})")
        text = said if isinstance(said, bytes) else said.encode()
        fix = f"ask the server's keeper why: {_said((code, text))}"
        return Refused(self._what, f"mail refused ({code})", fix, final=True)

    def _recipients(self, refused: Mapping[str, tuple[int, bytes]]) -> Exception:
        answers = _answers(refused)
        if any(answer.code < 500 for answer in answers.values()):
            return self.not_now(answers)
        return NoMailbox(self._what, answers)

    def not_now(self, answers: Mapping[str, Answer]) -> Unavailable:
        """Return the failure that says who is to be tried again."""
        said = "; ".join(f"{address} {answer}" for address, answer in answers.items())
        return Unavailable(f"{self._what}: recipients refused for now: {said}")


def _answers(refused: Mapping[str, tuple[int, bytes]]) -> dict[str, Answer]:
    return {address: Answer(code, text) for address, (code, text) in refused.items()}


def _said(answer: tuple[int, bytes]) -> str:
    code, text = answer
    return one_line(f"{code} {text.decode('utf-8', 'replace')}", 120)
