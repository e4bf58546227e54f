"""The parts of grafana-foundation-sdk that are used, imported in one place.

The SDK warns at import that its dashboard schema v2 is preferred. Every Grafana since version 8 reads the
classic schema, from files and through ``/api/dashboards/db``, so that one is built and the warning is quiet.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Prefer using dashboardv2", category=DeprecationWarning)
    from grafana_foundation_sdk.builders import (
        common,
        dashboard,
        elasticsearch,
        stat,
        statetimeline,
        table,
        timeseries,
    )
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common as common_models
    from grafana_foundation_sdk.models import dashboard as dashboard_models

__all__ = [
    "JSONEncoder",
    "common",
    "common_models",
    "dashboard",
    "dashboard_models",
    "elasticsearch",
    "stat",
    "statetimeline",
    "table",
    "timeseries",
]
