"""The terminal as a receiver: the same message as in Slack, printed with rich."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console, Group, RenderableType

from alerting.message.build import full, reply
from alerting.message.content import Content, Presentation
from alerting.message.terminal import addresses, one_line_text, panel
from alerting.notify import Action, Plan, plan
from alerting.senders.base import Confirm, always, never
from config.records import Incident, Notification, NotificationState, Transition

TERMINAL: Final = "terminal"
"""Where a printed notification lies; a receiver without its secret is told here too."""


@dataclass
class TerminalSender:
    """Prints notifications to `console` (stderr in the program: stdout is for data).

    A terminal can't edit in place: a page and a reopening print the whole message,
    a change prints one line, the end a short panel.
    """

    name: str
    console: Console
    shown: Presentation

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether there is anything to say; see `Sender.speaks`."""
        return bool(decided.actions)

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Print the incident's newest transition and return it with its text; see `Sender.send`."""
        decided = plan(incident, history)
        if not decided.actions:
            return None
        renderable: RenderableType
        if decided.call or incident.transition is Transition.REOPENED:
            content = full(incident, self.shown, call=decided.call)
            renderable = _whole(content)
        elif Action.REPLY in decided.actions:
            content = reply(incident, self.shown)
            renderable = _whole(content)
        else:
            content = full(incident, self.shown)
            renderable = one_line_text(content)
            if superseded():
                renderable = ""
        if renderable:
            self.console.print(renderable)
        return Notification(
            key=incident.notification_key,
            incident_id=incident.id,
            receiver=self.name,
            state=NotificationState.SENT,
            at=now,
            watch=incident.watch,
            transition=incident.transition,
            page=decided.page,
            channel=TERMINAL,
            text=printed(content, renderable),
        )


def _whole(content: Content) -> RenderableType:
    return Group(panel(content), addresses(content)) if content.links else panel(content)


def printed(content: Content, renderable: RenderableType) -> str:
    """Return what was printed as plain text, 100 columns wide, for the store."""
    if not renderable:
        return content.fallback
    plain = Console(file=io.StringIO(), width=100, no_color=True, force_terminal=False, legacy_windows=False)
    with plain.capture() as capture:
        plain.print(renderable)
    return capture.get().rstrip("\n")
