"""Slack's limits on a message, checked the way Slack checks them."""

from __future__ import annotations

from typing import Any


def complaint(body: dict[str, Any]) -> str | None:
    """Return Slack's error for a message body, None if Slack would take it."""
    text, blocks = body.get("text") or "", body.get("blocks")
    if not text and not blocks:
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if blocks is None:
        return None
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= 50:
        return "invalid_blocks"
    return None if all(_fits(block) for block in blocks) else "invalid_blocks"


def _text(node: dict[str, Any], most: int, kind: str | None = None) -> bool:
    return (
        node["type"] in ("mrkdwn", "plain_text")
        and (kind is None or node["type"] == kind)
        and 1 <= len(node["text"]) <= most
    )


def _fits(block: dict[str, Any]) -> bool:
    match block["type"]:
        case "header":
            return _text(block["text"], 150, "plain_text")
        case "section":
            fields = block.get("fields")
            if fields is None:
                return _text(block["text"], 3000)
            return 1 <= len(fields) <= 10 and all(_text(field, 2000) for field in fields)
        case "context":
            return 1 <= len(block["elements"]) <= 10 and all(_text(e, 3000) for e in block["elements"])
        case "divider":
            return True
    return False


def texts(body: dict[str, Any]) -> list[str]:
    """Return every string that Slack would show."""
    found = [body["text"]]

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(body.get("blocks", []))
    return found
