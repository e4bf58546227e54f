"""Kinds of panel, each with a Chinese title and its English in the description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from dashboards.labels import LEVEL_RANKS, Shown
from dashboards.queries import reference
from dashboards.sdk import (
    common,
    common_models,
    dashboard,
    dashboard_models,
    stat,
    statetimeline,
    table,
    timeseries,
)
from dashboards.sources import Source

GAP_MS: Final = 180_000
"""Signals further apart than this many milliseconds are not joined by a line: no data is not calm."""


class Frame(NamedTuple):
    """What all panels have: title, English description, place in the 24-column grid, data source."""

    title: str
    english: str
    at: tuple[int, int, int, int]
    source: Source


def _framed(panel: Any, frame: Frame, targets: Sequence[Any]) -> Any:
    x, y, width, height = frame.at
    panel.title(frame.title).description(frame.english).datasource(reference(frame.source))
    panel.grid_pos(dashboard_models.GridPos(x=x, y=y, w=width, h=height))
    return panel.targets(list(targets)).no_value("无数据")


def _property(name: str, value: object) -> Any:
    return dashboard_models.DynamicConfigValue(id_val=name, value=value)


def _colour(colour: str) -> Any:
    return _property("color", {"mode": "fixed", "fixedColor": colour})


def mapping(shown: Mapping[Any, Shown]) -> Any:
    """Return a value mapping that shows names and colours in place of values."""
    options = {
        str(value): dashboard_models.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(shown.items())
    }
    return dashboard_models.ValueMap(options=options)


def _rename(panel: Any, shown: Mapping[str, Shown]) -> Any:
    for value, (text, colour) in shown.items():
        panel.override_by_name(value, [_property("displayName", text), _colour(colour)])
    return panel


def lines(frame: Frame, targets: Sequence[Any], unit: str = "short", decimals: int | None = None) -> Any:
    """Return lines over time, broken where there are no data."""
    panel = _framed(timeseries.Panel(), frame, targets).unit(unit).min(0)
    if decimals is not None:
        panel.decimals(decimals)
    panel.line_width(2).fill_opacity(6).span_nulls(GAP_MS).insert_nulls(GAP_MS)
    panel.show_points(common_models.VisibilityMode.AUTO)
    panel.tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
    return panel.legend(_legend())


def _legend() -> Any:
    legend = common.VizLegendOptions().show_legend(True).placement(common_models.LegendPlacement.BOTTOM)
    return legend.display_mode(common_models.LegendDisplayMode.LIST).calcs([])


def banded(panel: Any, value: str, middle: str, low: str, high: str) -> Any:
    """Make of four lines one line against a shaded band with a dashed middle."""
    panel.override_by_name(value, [_colour("red"), _property("custom.lineWidth", 2)])
    dash = {"fill": "dash", "dash": [8, 6]}
    panel.override_by_name(
        middle,
        [_colour("blue"), _property("custom.lineStyle", dash), _property("custom.fillOpacity", 0)],
    )
    edge = [_colour("super-light-blue"), _property("custom.lineWidth", 0)]
    panel.override_by_name(low, [*edge, _property("custom.fillOpacity", 0)])
    return panel.override_by_name(
        high, [*edge, _property("custom.fillBelowTo", low), _property("custom.fillOpacity", 20)]
    )


def bars(frame: Frame, target: Any, shown: Mapping[str, Shown] | None = None) -> Any:
    """Return stacked bars of counts over time, one colour a value."""
    panel = _framed(timeseries.Panel(), frame, [target]).unit("short").min(0).decimals(0)
    panel.draw_style(common_models.GraphDrawStyle.BARS).fill_opacity(80).line_width(0)
    panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    panel.tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
    return _rename(panel.legend(_legend()), shown or {})


def number(
    frame: Frame,
    target: Any,
    unit: str = "short",
    decimals: int | None = None,
    thresholds: Sequence[tuple[float | None, str]] = ((None, "blue"),),
    mappings: Sequence[Any] = (),
) -> Any:
    """Return the newest value as a large number."""
    panel = _framed(stat.Panel(), frame, [target]).unit(unit).mappings(list(mappings))
    if decimals is not None:
        panel.decimals(decimals)
    steps = [dashboard_models.Threshold(value=value, color=colour) for value, colour in thresholds]
    panel.thresholds(dashboard.ThresholdsConfig().mode(dashboard_models.ThresholdsMode.ABSOLUTE).steps(steps))
    panel.color_scheme(dashboard.FieldColor().mode(dashboard_models.FieldColorModeId.THRESHOLDS))
    panel.color_mode(common_models.BigValueColorMode.VALUE)
    panel.graph_mode(common_models.BigValueGraphMode.AREA)
    return panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))


def levels(frame: Frame, target: Any) -> Any:
    """Return the level over time as coloured bands."""
    panel = _framed(statetimeline.Panel(), frame, [target]).mappings([mapping(LEVEL_RANKS)])
    panel.merge_values(True).show_value(common_models.VisibilityMode.AUTO).row_height(0.8)
    panel.span_nulls(GAP_MS).fill_opacity(75)
    return panel.legend(_legend())


def rows(
    frame: Frame,
    target: Any,
    columns: Mapping[str, str],
    mappings: Mapping[str, Mapping[str, Shown]] | None = None,
    units: Mapping[str, str] | None = None,
) -> Any:
    """Return a table of the fields in `columns` (field to heading), in that order."""
    panel = _framed(table.Panel(), frame, [target]).show_header(True)
    transform = dashboard_models.DataTransformerConfig
    panel.transformations(
        [
            transform(id_val="filterFieldsByName", options={"include": {"names": list(columns)}}),
            transform(
                id_val="organize",
                options={
                    "indexByName": {name: index for index, name in enumerate(columns)},
                    "renameByName": dict(columns),
                    "excludeByName": {},
                },
            ),
        ]
    )
    for name, shown in (mappings or {}).items():
        colour = _property("custom.cellOptions", {"type": "color-text"})
        panel.override_by_name(columns[name], [_property("mappings", [mapping(shown)]), colour])
    for name, unit in (units or {}).items():
        panel.override_by_name(columns[name], [_property("unit", unit)])
    return panel
