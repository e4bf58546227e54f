"""Starts a real Kafka and a real Elasticsearch, each for itself, on 127.0.0.1."""

from __future__ import annotations

import base64
import http.client
import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

from tests.servers.install import Installed, install
from tests.servers.java import find_java
from tests.servers.process import HOST, Account, Server, free_port, start, tail

HEAP_MB = 512
READY_S = 120.0
CLUSTER_ID = base64.urlsafe_b64encode(b"fengsheng-server").rstrip(b"=").decode()

KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
"""

ELASTICSEARCH_YML = """\
cluster.name: fengsheng-test
node.name: one
discovery.type: single-node
xpack.security.enabled: false
network.host: {host}
http.port: {port}
transport.port: {transport}
path.data: {data}
path.logs: {logs}
# A laptop's nearly full disk is no reason to refuse a test's few documents.
cluster.routing.allocation.disk.threshold_enabled: false
"""

# The shipped file rolls several logs; one stream is enough to say why a start failed.
ELASTICSEARCH_LOG = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def start_kafka(folder: Path, port: int | None = None, installed: Installed | None = None) -> Server:
    """Start Apache Kafka: one KRaft node, broker and controller in one, topics never made by accident.

    Parameters
    ----------
    folder
        Its data, settings and log; data that are there already are kept.
    port
        Where clients connect; a free one if None.
    installed
        The unpacked servers, if not those of this checkout.

    Raises
    ------
    ServerMissingError
        Java or Maven is missing.
    RuntimeError
        It could not be fetched or did not start.
    """
    java = find_java()
    jars = (installed or install()).kafka_jars
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    port = port or free_port()
    settings = folder / "server.properties"
    settings.write_text(
        KAFKA_PROPERTIES.format(host=HOST, port=port, controller=free_port(), data=folder / "data"),
        encoding="utf-8",
    )
    run = [
        str(java.command),
        f"-Xms{HEAP_MB}m",
        f"-Xmx{HEAP_MB}m",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-cp",
        f"{jars}/*",
    ]
    log = folder / "kafka.log"
    formatting = [*run, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    with log.open("wb") as output:
        formatted = subprocess.run(
            [*formatting, "--cluster-id", CLUSTER_ID, "--config", str(settings)],
            stdout=output, stderr=subprocess.STDOUT, timeout=READY_S,
        )  # fmt: skip
    if formatted.returncode != 0:
        raise RuntimeError(f"Kafka could not format {folder / 'data'}; {tail(log)}")
    address = f"{HOST}:{port}"
    return start(
        "Kafka", address, [*run, "kafka.Kafka", settings],
        log=log, ready=lambda: kafka_answers(address), deadline_s=READY_S,
    )  # fmt: skip


def kafka_answers(bootstrap: str) -> bool:
    """Tell whether a broker at this address describes its cluster."""
    # Here, not above: conftest.py leads here before its filter for a warning of this import is set.
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    host, _, port = bootstrap.rpartition(":")
    try:
        # kafka-python leaves a socket open for each refused connection, so it is not the one to try.
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=1000)
    except KafkaError:
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        admin.close()


def start_elasticsearch(folder: Path, port: int | None = None, installed: Installed | None = None) -> Server:
    """Start Elasticsearch: one node, no security, only the core modules.

    It refuses to run as root; where we are root it runs as ``nobody``, who becomes the owner of
    ``folder``. Every folder above must let that user pass.

    Parameters
    ----------
    folder
        Its data, settings and log; data that are there already are kept.
    port
        Where clients connect over HTTP; a free one if None.
    installed
        The unpacked servers, if not those of this checkout.

    Raises
    ------
    ServerMissingError
        Java or Maven is missing.
    PermissionError
        A folder above ``folder`` is closed to the user who is to run it.
    RuntimeError
        It could not be fetched or did not start.
    """
    java = find_java()
    home = (installed or install()).elasticsearch_home
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    account = unprivileged()
    if account and (closed := _closed_above(folder)):
        raise PermissionError(
            f"Elasticsearch refuses root, and {closed} is closed to 'nobody': choose a folder that is open "
            f"to all, such as a new one under /tmp, instead of {folder}"
        )
    if account and _closed_above(home):
        home = _copied(home, folder / "home")
    port = port or free_port()
    config, data, temporary = folder / "config", folder / "data", folder / "tmp"
    for made in (config / "jvm.options.d", data, temporary):
        made.mkdir(parents=True, exist_ok=True)
    (config / "elasticsearch.yml").write_text(
        ELASTICSEARCH_YML.format(
            host=HOST, port=port, transport=free_port(), data=data, logs=folder / "logs"
        ),
        encoding="utf-8",
    )
    (config / "log4j2.properties").write_text(ELASTICSEARCH_LOG, encoding="utf-8")
    shutil.copy(home / "config" / "jvm.options", config)
    (config / "jvm.options.d" / "heap.options").write_text(
        f"-Xms{HEAP_MB}m\n-Xmx{HEAP_MB}m\n", encoding="utf-8"
    )
    if account:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    address = f"http://{HOST}:{port}"
    return start(
        "Elasticsearch",
        address,
        [home / "bin" / "elasticsearch"],
        log=folder / "elasticsearch.log",
        ready=lambda: elasticsearch_answers(address),
        deadline_s=READY_S,
        environment={
            "ES_JAVA_HOME": str(java.home),
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(temporary),
            "ES_JAVA_OPTS": "",
            "HOME": str(folder),
        },
        account=account,
    )


def elasticsearch_answers(url: str) -> bool:
    """Tell whether the node at this ``http://host:port`` has a master and all its primary shards.

    It asks for the cluster's health: a node with only the core modules has no ``GET /``.
    """
    asking = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=10)
    try:
        asking.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
        return asking.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def unprivileged() -> Account | None:
    """Return the user for a server that refuses root, or None where we are not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _closed_above(folder: Path) -> Path | None:
    """Return the first folder above that others may not pass."""
    return next((above for above in folder.parents if not above.stat().st_mode & 0o001), None)


def _copied(home: Path, to: Path) -> Path:
    """Copy a server that lies in a closed checkout to where it may be read."""
    if not to.is_dir():
        fresh = to.with_name(to.name + ".copying")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(home, fresh)
        fresh.rename(to)
    return to
