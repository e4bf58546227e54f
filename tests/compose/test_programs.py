"""The pieces of program in the compose file and its guide are run: users, health check, recipe for ``.env``."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboards.sources import SOURCES
from streams.index.mapping import MONTHLY, SINGLE
from tests.compose.reading import ROOT, SERVICES, environ, script_of_users


@pytest.mark.parametrize("document", [".env.example", "docs/deploy.md"])
def test_the_recipe_for_env_makes_every_variable_and_overwrites_nothing(
    document: str, tmp_path: Path
) -> None:
    text = (ROOT / document).read_text(encoding="utf-8").replace("#   ", "")
    start = text.index("(umask 077;")
    recipe = text[start : text.index("> .env)", start) + len("> .env)")].replace("\n# ", "\n")
    (tmp_path / ".env.example").write_text(
        (ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8"
    )
    subprocess.run(["bash", "-ec", recipe], cwd=tmp_path, check=True)
    made = (tmp_path / ".env").read_text()
    values = dict(line.split("=", 1) for line in made.splitlines())
    assert len(values) == 7
    assert len(set(values.values())) == 7
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in values.values())
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    again = subprocess.run(["bash", "-c", recipe], cwd=tmp_path, capture_output=True)
    assert again.returncode != 0
    assert (tmp_path / ".env").read_text() == made


PASSWORDS = {
    name: f"{name.lower()}-0123456789"
    for name in ("ELASTIC_PASSWORD", "KIBANA_PASSWORD", "FENGSHENG_PASSWORD", "GRAFANA_READER_PASSWORD")
}


def test_the_users_script_asks_elasticsearch_for_what_compose_relies_on() -> None:
    asked: dict[tuple[str, str], Any] = {}

    class Elasticsearch(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked[self.command, self.path] = json.loads(body)
            self.send_response(200)
            self.end_headers()

        do_PUT = do_POST = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elasticsearch) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        script = script_of_users().replace(
            "http://elasticsearch:9200", f"http://127.0.0.1:{server.server_port}"
        )
        try:
            subprocess.run([*SERVICES["users"]["entrypoint"], script], env=os.environ | PASSWORDS, check=True)
        finally:
            server.shutdown()
            thread.join()
    kibana = SERVICES["kibana"]["environment"]["ELASTICSEARCH_USERNAME"]
    assert asked["POST", f"/_security/user/{kibana}/_password"] == {"password": PASSWORDS["KIBANA_PASSWORD"]}
    writer = asked["PUT", f"/_security/user/{environ('worker')['FENGSHENG_ELASTICSEARCH__USERNAME']}"]
    assert writer == {"password": PASSWORDS["FENGSHENG_PASSWORD"], "roles": ["fengsheng_writer"]}
    reader = asked["PUT", "/_security/user/fengsheng_grafana"]
    assert reader == {"password": PASSWORDS["GRAFANA_READER_PASSWORD"], "roles": ["fengsheng_reader"]}
    rights = {
        role: asked["PUT", f"/_security/role/{role}"]["indices"][0]
        for role in ("fengsheng_writer", "fengsheng_reader")
    }
    patterns = {
        role: [re.compile(name.replace("*", ".*")) for name in right["names"]]
        for role, right in rights.items()
    }
    for kind in (*MONTHLY, *SINGLE):
        for index in (kind, f"{kind}-2026.11") if kind in MONTHLY else (kind,):
            assert any(pattern.fullmatch(index) for pattern in patterns["fengsheng_writer"]), index
    for source in SOURCES:
        assert any(pattern.fullmatch(source.index) for pattern in patterns["fengsheng_reader"])
    assert rights["fengsheng_reader"]["privileges"] == ["read", "view_index_metadata"]


def test_the_users_script_refuses_a_weak_password() -> None:
    entrypoint = SERVICES["users"]["entrypoint"]
    weak = os.environ | PASSWORDS | {"KIBANA_PASSWORD": 'a"b'}
    done = subprocess.run([*entrypoint, script_of_users()], env=weak, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("KIBANA_PASSWORD: 16 or more")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the containers' kernel is Linux")
def test_the_health_check_sees_the_connection_to_kafka() -> None:
    command = SERVICES["worker"]["healthcheck"]["test"]
    assert command[:3] == ["CMD", "python", "-c"]
    assert SERVICES["feed"]["healthcheck"] == SERVICES["worker"]["healthcheck"]

    def healthy(port: int) -> bool:
        environment = os.environ | {"FENGSHENG_KAFKA__BOOTSTRAP": f"kafka:{port}"}
        code = str(command[3]).replace("$$", "$")
        return subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not healthy(port)  # it listens, nobody is connected
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            assert healthy(port)
