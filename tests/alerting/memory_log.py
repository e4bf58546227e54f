"""A sent-log in memory that keeps the records' JSON, as the index does."""

from __future__ import annotations

from collections.abc import Sequence

from config.records import DeadLetter, Notification, NotificationState, decode, encode


class MemoryLog:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], bytes] = {}
        self.fail_on: NotificationState | None = None
        self.dead: list[DeadLetter] = []

    async def notification(self, key: str, receiver: str) -> Notification | None:
        row = self.rows.get((key, receiver))
        return decode(row, Notification) if row else None

    async def save_notification(self, notification: Notification) -> None:
        if notification.state is self.fail_on:
            raise ConnectionError("the log is down")
        before = await self.notification(notification.key, notification.receiver)
        if before and before.state is NotificationState.SENT and notification.state is not before.state:
            return
        self.rows[notification.key, notification.receiver] = encode(notification)

    async def notifications(self, incident_id: str) -> list[Notification]:
        every = [decode(row, Notification) for row in self.rows.values()]
        return [n for n in every if n.incident_id == incident_id]

    async def write_dead(self, letters: Sequence[DeadLetter]) -> list[object]:
        self.dead += [decode(encode(letter), DeadLetter) for letter in letters]
        return []
