"""Say at the start of a real run what it goes by: a shipped file must not pass for the user's own."""

from __future__ import annotations

from config.language import Both
from fengsheng.configuration import Configuration
from fengsheng.language import say
from fengsheng.output import escaped, talk, warn

EXAMPLE_WATCHES = Both(
    "监测对象是随程序附带的示例（虚构的茶饮品牌），您自己的品牌没有被监测；"
    "写好自己的 watches.yaml 放进配置目录，或用 --watches 指定",
    "the watches are the shipped example (an invented tea brand), so your own brand is not listened for:"
    " put your watches.yaml into the configuration's folder, or name it with --watches",
)


def tell_sources(configuration: Configuration) -> None:
    """Say in one line where the configuration comes from, and warn where the watches are the example."""
    talk.print(escaped(_line(configuration)), soft_wrap=True)
    if configuration.example:
        warn(EXAMPLE_WATCHES)


def _line(configuration: Configuration) -> str:
    own = [source for source in configuration.sources if not source.shipped]
    watches = next(source.path for source in configuration.sources if source.name == "watches")
    shipped = ", ".join(configuration.shipped)
    folder = configuration.folder
    if not own:
        return say(
            f"配置：{folder} 里没有配置文件，全部用随程序附带的",
            f"configuration: nothing in {folder}, all of it as shipped",
        )
    there = say(f"配置：{folder}", f"configuration: {folder}")
    if watches.parent != folder:
        there += say(f"，监测对象 {watches}", f", watches {watches}")
    return there + (say(f"；随程序附带的：{shipped}", f"; as shipped: {shipped}") if shipped else "")
