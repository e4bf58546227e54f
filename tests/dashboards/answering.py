"""Small servers that answer over real HTTP as Grafana's and Kibana's APIs do."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve `app` on a free port of 127.0.0.1 and yield its address."""
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


class Grafana:
    """Data sources by uid and dashboards by uid, behind a service account's token."""

    def __init__(self, token: str = "secret-token", role: str = "Admin", path: str = "") -> None:
        self.token, self.role = token, role
        self.sources: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.provisioned = False
        self.app = web.Application(middlewares=[self._guard])
        self.app.add_routes(
            [
                web.get(f"{path}/api/health", self._health),
                web.get(f"{path}/api/datasources/uid/{{uid}}", self._source),
                web.post(f"{path}/api/datasources", self._create),
                web.put(f"{path}/api/datasources/uid/{{uid}}", self._update),
                web.post(f"{path}/api/dashboards/db", self._save),
            ]
        )

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.endswith("/api/health"):
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return web.json_response({"message": "Invalid API key"}, status=401)
            if self.role != "Admin":
                message = "You'll need additional permissions to perform this action."
                return web.json_response({"message": message, "title": "Access denied"}, status=403)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"database": "ok", "version": "13.1.2", "commit": "0"})

    async def _source(self, request: web.Request) -> web.Response:
        found = self.sources.get(request.match_info["uid"])
        if found is None:
            return web.json_response({"message": "Data source not found"}, status=404)
        return web.json_response({**found, "readOnly": self.provisioned})

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if any(source["name"] == body["name"] for source in self.sources.values()):
            message = "data source with the same name already exists"
            return web.json_response({"message": message}, status=409)
        self.sources[body["uid"]] = body
        return web.json_response({"message": "Datasource added", "datasource": body})

    async def _update(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        self.sources[uid] = await request.json()
        return web.json_response({"message": "Datasource updated"})

    async def _save(self, request: web.Request) -> web.Response:
        body = await request.json()
        uid = body["dashboard"]["uid"]
        if self.provisioned:
            message = "Cannot save provisioned dashboard"
            return web.json_response({"message": message}, status=400)
        if uid in self.dashboards and not body.get("overwrite"):
            return web.json_response(
                {"message": "version mismatch", "status": "version-mismatch"}, status=412
            )
        self.dashboards[uid] = body["dashboard"]
        self.versions[uid] = self.versions.get(uid, 0) + 1
        answer = {"status": "success", "uid": uid, "version": self.versions[uid], "url": f"/d/{uid}"}
        return web.json_response(answer)


class Kibana:
    """Saved objects by type and id; refuses a request without ``kbn-xsrf``, and references to nothing."""

    def __init__(self, user: tuple[str, str] | None = None) -> None:
        self.user = user
        self.saved: dict[tuple[str, str], dict[str, Any]] = {}
        self.starting = False
        self.app = web.Application()
        self.app.add_routes([web.post("/api/saved_objects/_import", self._import)])

    async def _import(self, request: web.Request) -> web.Response:
        if self.starting:
            return web.Response(text="Kibana server is not ready yet", status=503)
        expected = self.user and f"Basic {b64encode(':'.join(self.user).encode()).decode()}"
        if expected and request.headers.get("Authorization") != expected:
            body = {"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"}
            return web.json_response(body, status=401)
        if "kbn-xsrf" not in request.headers:
            body = {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
            return web.json_response(body, status=400)
        part = (await request.post())["file"]
        assert isinstance(part, web.FileField)
        assert part.filename.endswith(".ndjson")
        coming = [json.loads(line) for line in part.file.read().decode().splitlines()]
        keys = {(item["type"], item["id"]) for item in coming}
        errors = []
        for item in coming:
            missing = [r for r in item["references"] if (r["type"], r["id"]) not in keys | set(self.saved)]
            taken = (item["type"], item["id"]) in self.saved and request.query.get("overwrite") != "true"
            if missing or taken:
                error = {"type": "missing_references" if missing else "conflict"}
                errors.append({"id": item["id"], "type": item["type"], "error": error})
            else:
                self.saved[item["type"], item["id"]] = item
        answer: dict[str, Any] = {"success": not errors, "successCount": len(coming) - len(errors)}
        return web.json_response(answer | ({"errors": errors} if errors else {}))
