"""Receivers: who can be told, through what. Nothing secret stands here.

Addresses that hold a token, keys and passwords come from the environment alone, as
``FENGSHENG_RECEIVERS__NAME__WEBHOOK``, ``…__SECRET`` and ``…__PASSWORD`` (the receiver's name in
capitals, ``-`` written ``_``); see `config.settings.ReceiverSecrets`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from config.findings import ID
from config.language import Both
from config.loading import MisplacedError, raise_all
from config.watches import Model

_ADDRESS = re.compile(r"[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+")
_AN_ADDRESS = Both("邮箱地址，如 name@example.cn", "an e-mail address, as name@example.cn")
_OF_A_WEBHOOK = {
    "webhook": "webhook", "url": "webhook", "address": "webhook", "token": "webhook", "access_token": "webhook",
    "secret": "secret", "sign": "secret", "key": "secret", "password": "secret",
}  # fmt: skip
"""The address of a robot holds its token; what signs the messages is its secret."""


class _Receiver(Model):
    """What all receivers have.

    Attributes
    ----------
    fallback : the receiver that is told in place of this one while this one fails.
    language : of the messages.
    """

    fallback: str | None = None
    language: Literal["zh", "en"] = "zh"

    @classmethod
    def instead_of(cls, key: str, entry: object) -> Both | None:
        """Return where a secret belongs that was written as a key of the receiver."""
        written = entry.get("name") if isinstance(entry, Mapping) else None
        if (what := cls._secrets().get(key.lower().replace("-", "_"))) is None:
            return None
        name = what if what.startswith("FENGSHENG_") else variable(str(written or "NAME"), what)
        return Both(
            f"密钥只从环境变量读取，不写在文件里：设置 {name}，并删去这一行",
            f"secrets from the environment only: set {name} and take this line out",
        )

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        """What a key that people write for a secret is called in the environment."""
        return {}


class SlackReceiver(_Receiver):
    """A Slack channel; the bot token comes from ``FENGSHENG_SLACK__TOKEN`` in the environment."""

    type: Literal["slack"] = "slack"
    name: str
    channel: str = Field(min_length=1)

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        keys = ("token", "bot_token", "api_token", "secret", "webhook", "url", "password")
        return dict.fromkeys(keys, "FENGSHENG_SLACK__TOKEN")


class TerminalReceiver(_Receiver):
    """The terminal of the running program; what is printed is also stored in the index."""

    type: Literal["terminal"] = "terminal"
    name: str


class _Robot(_Receiver):
    """A group robot behind a webhook; ``mentions`` is owner -> the platform's id of that person."""

    name: str = Field(pattern=ID)
    mentions: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        return _OF_A_WEBHOOK


class FeishuReceiver(_Robot):
    """A Feishu/Lark group by its custom bot; ``mentions`` gives open_ids (``ou_…``) or user_ids.

    The platform takes 100 messages a minute and 5 a second from one bot.
    """

    type: Literal["feishu"] = "feishu"
    per_minute: int = Field(default=60, ge=1, le=100)


class DingTalkReceiver(_Robot):
    """A DingTalk group by its custom robot; ``mentions`` gives mobile numbers or userids.

    The platform takes 20 messages a minute, and none for ten minutes after more than that.
    """

    type: Literal["dingtalk"] = "dingtalk"
    per_minute: int = Field(default=15, ge=1, le=20)


class WeComReceiver(_Robot):
    """A WeCom group by its robot; ``mentions`` gives userids. The platform takes 20 messages a minute."""

    type: Literal["wecom"] = "wecom"
    per_minute: int = Field(default=15, ge=1, le=20)


class EmailReceiver(_Receiver):
    """Mailboxes reached by SMTP; ``mentions`` gives the address that is added when an owner is called.

    Attributes
    ----------
    security : ``starttls`` (port 587), ``tls`` from the first byte (465) or ``none`` (25).
    sender : ``from`` in the file.
    username : logs in with the password of the environment; absent: no login.
    ca_file : PEM certificates to trust in place of the system's, for a company's own server.
    """

    type: Literal["email"] = "email"
    name: str = Field(pattern=ID)
    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(alias="from")
    to: list[str] = Field(min_length=1)
    username: str | None = None
    ca_file: Path | None = None
    mentions: dict[str, str] = Field(default_factory=dict)
    per_minute: int = Field(default=30, ge=1)

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        return dict.fromkeys(("password", "pass", "token", "secret"), "password")

    @field_validator("sender")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(_AN_ADDRESS)
        return address

    @model_validator(mode="after")
    def _addresses_and_no_bare_password(self) -> EmailReceiver:
        found: list[MisplacedError] = []
        for place, address in enumerate(self.to):
            if not _ADDRESS.fullmatch(address):
                found.append(MisplacedError(_AN_ADDRESS, repr(address), ("to", place)))
        for owner, address in self.mentions.items():
            if not _ADDRESS.fullmatch(address):
                found.append(MisplacedError(_AN_ADDRESS, repr(address), ("mentions", owner)))
        if self.username and self.security == "none":
            expected = Both(
                "starttls 或 tls（有 username 时密码会明文传输）",
                "starttls or tls (with a username, a password would travel in the clear)",
            )
            found.append(MisplacedError(expected, "'none'", ("security",)))
        raise_all(found)
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the server."""
        return self.host, self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class WebhookReceiver(_Receiver):
    """Another program, told each transition as signed JSON."""

    type: Literal["webhook"] = "webhook"
    name: str = Field(pattern=ID)
    per_minute: int = Field(default=120, ge=1)

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        return _OF_A_WEBHOOK


RobotReceiver = FeishuReceiver | DingTalkReceiver | WeComReceiver
Receiver = Annotated[
    SlackReceiver
    | TerminalReceiver
    | FeishuReceiver
    | DingTalkReceiver
    | WeComReceiver
    | EmailReceiver
    | WebhookReceiver,
    Field(discriminator="type"),
]


def secrets_key(name: str) -> str:
    """Return the key of a receiver's secrets in `Settings.receivers`.

    >>> secrets_key("pr-team")
    'pr_team'
    """
    return name.lower().replace("-", "_")


def variable(name: str, what: str) -> str:
    """Return the environment variable that holds a receiver's secret.

    >>> variable("pr-team", "webhook")
    'FENGSHENG_RECEIVERS__PR_TEAM__WEBHOOK'
    """
    return f"FENGSHENG_RECEIVERS__{secrets_key(name).upper()}__{what.upper()}"
