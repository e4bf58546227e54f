"""What can go wrong when dashboards are installed, told with what to do."""

from __future__ import annotations


class DashboardError(Exception):
    """Grafana or Kibana can't take the dashboards; the message says what, where and what to do."""


def unreachable(name: str, where: str, cause: object, key: str) -> DashboardError:
    """Return the error for a server that does not answer."""
    variable = f"FENGSHENG_{key.upper().replace('.', '__')}"
    return DashboardError(
        f"{name} can't be reached at {where} ({cause}): start it, or correct {key} ({variable})"
    )


def not_it(name: str, where: str, found: str, key: str) -> DashboardError:
    """Return the error for an address where something else answers."""
    variable = f"FENGSHENG_{key.upper().replace('.', '__')}"
    return DashboardError(
        f"what answers at {where} is not {name} ({found}): set {key} ({variable}) to {name}'s own address, "
        "with its sub-path if it has one"
    )
