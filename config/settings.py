"""Settings of the program: ``config/settings.yaml``, overridden by the environment.

``FENGSHENG_KAFKA__BOOTSTRAP=host:9092`` sets ``kafka.bootstrap``; two underscores
step into a section. Secrets (`SecretStr`) are taken from the environment only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from config.addresses import bare, has_credentials
from config.language import A_MAPPING, Both, Language, one_of
from config.loading import ConfigError, Problem, kind_of, problem_at, problems_of, read_yaml
from config.privacy import PrivacySettings
from config.watches import Model
from config.zones import TimeZone

PREFIX = "FENGSHENG_"
SECRETS = ("kafka.password", "elasticsearch.api_key", "elasticsearch.password", "slack.token",
           "grafana.token", "privacy.pseudonym_key")  # fmt: skip
_IN_A_FILE: Final = Both("写在文件里的密钥", "a secret in a file")
_IN_AN_ADDRESS: Final = Both("写在文件里的地址带着用户名或密码", "a name or password in an address in a file")
_ADDRESSES: Final = ("url", "bootstrap", "kibana", "grafana")
"""Keys whose values are addresses, even without a scheme."""
_LOGINS: Final = {
    "kafka": f"{PREFIX}KAFKA__USERNAME, {PREFIX}KAFKA__PASSWORD",
    "elasticsearch": f"{PREFIX}ELASTICSEARCH__USERNAME, {PREFIX}ELASTICSEARCH__PASSWORD",
    "grafana": f"{PREFIX}GRAFANA__TOKEN",
    "kibana": f"{PREFIX}ELASTICSEARCH__USERNAME, {PREFIX}ELASTICSEARCH__PASSWORD",
    "slack": f"{PREFIX}SLACK__TOKEN",
}
"""By section, the variables that take what people write into its address."""


class Topic(Model):
    """How a topic is created: partitions, retention in hours, compaction."""

    partitions: int = Field(default=6, ge=1)
    retention_hours: float = Field(default=72, gt=0)
    compact: bool = False


def _topics() -> dict[str, Topic]:
    return {
        "mentions.raw": Topic(retention_hours=24),
        "mentions.enriched": Topic(retention_hours=24),
        "mentions.scored": Topic(retention_hours=72),
        "mentions.dead": Topic(partitions=1, retention_hours=24 * 14),
        "authors": Topic(compact=True),
        "signals": Topic(retention_hours=72),
        "incidents": Topic(partitions=3, retention_hours=24 * 30),
    }


class KafkaSettings(Model):
    """Where Kafka is and how its topics are made; no bootstrap means the embedded broker."""

    bootstrap: str | None = None
    replication: int = Field(default=1, ge=1)
    group: str = "fengsheng"
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    username: str | None = None
    password: SecretStr | None = None
    topics: dict[str, Topic] = Field(default_factory=_topics)


class ElasticsearchSettings(Model):
    """Where Elasticsearch is; no url means the embedded SQLite index."""

    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    prefix: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    shards: int = Field(default=1, ge=1)
    replicas: int = Field(default=0, ge=0)


class RetentionSettings(Model):
    """Days that each kind of data is kept; whole expired months are dropped."""

    mentions_days: int = Field(default=180, ge=1)
    signals_days: int = Field(default=400, ge=1)
    dead_days: int = Field(default=14, ge=1)
    check_hours: float = Field(default=6, gt=0)


class SlackSettings(Model):
    """Slack's address (a test server may stand in) and token (environment only)."""

    url: str = "https://slack.com/api/"
    token: SecretStr | None = None
    mentions: dict[str, str] = Field(default_factory=dict, description="owner -> Slack user id (<@U…>)")


class ReceiverSecrets(Model):
    """What one receiver of ``routes.yaml`` keeps secret; from the environment only.

    Attributes
    ----------
    webhook : the whole address, which holds the robot's token.
    secret : signs what is sent.
    password : of an SMTP login.
    """

    webhook: SecretStr | None = None
    secret: SecretStr | None = None
    password: SecretStr | None = None


class LinkSettings(Model):
    """Base addresses that alerts link to; a link without an address is left out."""

    kibana: str | None = None
    grafana: str | None = None

    @field_validator("kibana", "grafana")
    @classmethod
    def _for_all(cls, address: str | None) -> str | None:
        # The link stands in every page: each reader logs in as themselves.
        return address and bare(address)


class GrafanaSettings(Model):
    """Grafana's address for `setup` and `check`; its token comes from the environment."""

    url: str | None = None
    token: SecretStr | None = None


class KibanaSettings(Model):
    """Kibana's address for `setup` (data views, saved search)."""

    url: str | None = None


class PipelineSettings(Model):
    """Sizes of the stages."""

    batch: int = Field(default=64, ge=1, le=1000)
    batch_within: float = Field(default=0.5, gt=0)
    max_text: int = Field(default=20_000, ge=100)
    earliest: float = Field(default=1_136_073_600.0, description="epoch s: older posts are malformed (2006)")
    # A post ahead of the clock would carry its watch's event time along and make all others late.
    future: float = Field(default=60.0, ge=0, description="seconds a post may lie in the future")
    live_within: float = Field(
        default=3_600.0, description="seconds: ticks follow the clock when so near to now"
    )
    # Longer than a dead worker is replaced in (15 s) and its successor has loaded its model.
    hold: float = Field(
        default=60.0,
        ge=0,
        description="seconds that an old post waits, in a catch-up, for older ones of slower partitions; 0 never",
    )
    hold_most: int = Field(default=20_000, ge=1, description="posts that one worker holds so at most")


class ScoringSettings(Model):
    """How much an emotion and an intent weigh in the negative mass, and how weight grows.

    Attributes
    ----------
    severity : weight of each emotion in a mention's mass, 0..1; absent emotions weigh 0.
    intent_factor : multiplier of each intent; absent intents multiply by 1.
    negative_from : a mention is negative when sum(p(emotion) x severity) x factor reaches this.
    weight_cap : largest influence weight of one mention.
    """

    severity: dict[str, float] = Field(
        default_factory=lambda: {"angry": 1.0, "fear": 0.8, "sad": 0.5, "surprise": 0.15}
    )
    intent_factor: dict[str, float] = Field(
        default_factory=lambda: {
            "complaint": 1.2,
            "exposure": 1.4,
            "boycott": 1.5,
            "redress": 1.4,
            "inquiry": 0.8,
            "suggestion": 0.7,
            "praise": 0.1,
            "purchase": 0.2,
            "promotion": 0.1,
        }
    )
    negative_from: float = Field(default=0.45, gt=0)
    weight_cap: float = Field(default=8.0, ge=1)


class Settings(Model):
    """Everything that is not a watch, a rule or a route."""

    language: Language = "zh"
    timezone: TimeZone = "Asia/Shanghai"
    model: str = "models/fengsheng-small"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    engine: Literal[
        "auto",
        "onnx-float32",
        "onnx-int8",
        "torch",
        "torch-float32",
        "torch-bfloat16",
        "torch-float16",
        "torch-compile",
        "torch-graphs",
    ] = "auto"
    data: Path = Path("data")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    elasticsearch: ElasticsearchSettings = Field(default_factory=ElasticsearchSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    slack: SlackSettings = Field(default_factory=SlackSettings)
    receivers: dict[str, ReceiverSecrets] = Field(default_factory=dict)
    links: LinkSettings = Field(default_factory=LinkSettings)
    grafana: GrafanaSettings = Field(default_factory=GrafanaSettings)
    kibana: KibanaSettings = Field(default_factory=KibanaSettings)
    pipeline: PipelineSettings = Field(default_factory=PipelineSettings)
    scoring: ScoringSettings = Field(default_factory=ScoringSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)

    @field_validator("data", mode="before")
    @classmethod
    def _named(cls, folder: object) -> object:
        # As a path an empty text is the folder that the command runs in.
        if isinstance(folder, str) and not folder.strip():
            raise ValueError(Both("一个目录，如 data", "a folder, for instance data"))
        return folder


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """What the environment sets, and what is wrong with how its variables are named."""
    tree: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name.startswith(PREFIX + "TEST_") or value == "":
            continue
        path = name[len(PREFIX) :].lower().split("__")
        if path[0] not in Settings.model_fields:
            if len(path) > 1:
                found = Both(f"没有 {path[0]!r} 这一节", f"no section {path[0]!r}")
                problems.append(Problem(_variable(name), None, "", found, one_of(Settings.model_fields)))
            continue
        node: Any = tree
        for depth, part in enumerate(path[:-1]):
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                problems.append(_clash(PREFIX + "__".join(path[: depth + 1]).upper(), name))
                break
        else:
            if isinstance(node.get(path[-1]), dict):
                problems.append(_clash(name, name + "__…"))
            else:
                node[path[-1]] = value
    return tree, problems


def _variable(name: str) -> Both:
    return Both(f"环境变量 {name}", f"environment {name}")


def _clash(section: str, key: str) -> Problem:
    """Two variables, one of which is a value and the other a key inside that value."""
    expected = Both(
        f"两个变量只设一个：设了 {key}，{section} 就是一节",
        f"one of the two: {section} is a section when {key} is set",
    )
    return Problem(_variable(section), None, "", Both("一个值（不显示）", "a value (hidden)"), expected)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _secrets_in_file(document: Any, path: Path) -> list[Problem]:
    problems = []
    if isinstance(document, dict) and "receivers" in document:
        marked: Any = document
        line = marked.lc.key("receivers")[0] + 1
        names = f"{PREFIX}RECEIVERS__NAME__WEBHOOK, …__SECRET, …__PASSWORD"
        expected = Both(f"放在环境变量里：{names}", f"them in the environment as {names}")
        problems.append(Problem(str(path), line, "receivers", _IN_A_FILE, expected))
    for dotted in SECRETS:
        section, key = dotted.split(".")
        node = document.get(section) if isinstance(document, dict) else None
        if isinstance(node, dict) and key in node:
            variable = f"{PREFIX}{section.upper()}__{key.upper()}"
            marks: Any = node
            line = marks.lc.key(key)[0] + 1
            expected = Both(f"放在环境变量 {variable} 里", f"it in the environment as {variable}")
            problems.append(Problem(str(path), line, dotted, _IN_A_FILE, expected))
    return [*problems, *_credentials_in_file(document, str(path))]


def _credentials_in_file(document: Any, file: str) -> Iterator[Problem]:
    """What stands in the file's addresses that belongs in the environment; it is never shown."""
    for place, text in _texts(document):
        section, key = str(place[0]), place[-1]
        if section == "receivers" or not has_credentials(text, address=key in _ADDRESSES):
            continue
        if section == "links":
            expected = Both(
                "不带用户名和密码的地址（它会写进每条通知）", "it without them (it stands in every page)"
            )
        elif variables := _LOGINS.get(section):
            expected = Both(
                f"不带它们的地址；它们放在环境变量里：{variables}",
                f"the address without them, and them in the environment as {variables}",
            )
        else:
            variable = PREFIX + "__".join(map(str, place)).upper()
            expected = Both(
                f"整个地址放在环境变量 {variable} 里", f"the address in the environment as {variable}"
            )
        yield problem_at(document, file, place, _IN_AN_ADDRESS, expected)


def _texts(node: Any, place: Sequence[int | str] = ()) -> Iterator[tuple[Sequence[int | str], str]]:
    """Every text of a document and the keys and indices that lead to it."""
    if isinstance(node, str) and place:
        yield place, node
    elif isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _texts(value, (*place, key))


def load_settings(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of `path` (absent file: defaults) with the environment on top.

    Raises
    ------
    ConfigError
        A key is unknown or of the wrong type, or a secret stands in the file.
    """
    document: Any = {}
    file = str(path or "settings")
    problems: list[Problem] = []
    if path is not None and path.exists():
        document = read_yaml(path)
        if document is None:  # an empty file; an empty list is no settings
            document = {}
        if not isinstance(document, dict):
            raise ConfigError([Problem(file, 1, "", kind_of(document), A_MAPPING)])
        problems += _secrets_in_file(document, path)
    over, misnamed = _from_environment(os.environ if environ is None else environ)
    problems += misnamed
    told = {problem.key for problem in problems}
    try:
        settings = Settings.model_validate(_merge(document, over))
    except ValidationError as error:
        wrong = [_name_variable(p, over) for p in problems_of(error, document, file, Settings)]
        problems += [problem for problem in wrong if problem.key not in told or not problem.key]
    if problems:
        raise ConfigError(problems)
    return settings


def written_language(path: Path) -> Language:
    """Return the language that a settings file asks for, however wrong the rest of it is."""
    try:
        document = read_yaml(path)
    except ConfigError:
        return "zh"
    return "en" if isinstance(document, dict) and document.get("language") == "en" else "zh"


def _name_variable(problem: Problem, over: dict[str, Any]) -> Problem:
    """Point at the environment variable where the value came from there, hiding secrets."""
    secret = problem.key.startswith("receivers") and not problem.found.startswith("the unknown key")
    if secret or any(f"{dotted}.".startswith(f"{problem.key}.") for dotted in SECRETS):
        problem = replace(problem, found=Both("（不显示）", "(hidden)"))
    node: Any = over
    for part in problem.key.split("."):
        if not isinstance(node, dict) or part not in node:
            return problem
        node = node[part]
    variable = PREFIX + problem.key.upper().replace(".", "__")
    return Problem(_variable(variable), None, "", problem.found, problem.expected)
