"""Load the classifier that the settings name, with errors a user can act on."""

from __future__ import annotations

from config.language import Both
from config.settings import Settings
from fengsheng.interrupts import leaving_at_once
from fengsheng.output import fail, talk
from models.heads import ModelLoadError
from models.places import looked_in, place_of
from models.serving import Classifier


def resolve(name: str) -> str:
    """Return the directory that `name` means, looked for here and beside the program, else the hub name.

    Raises
    ------
    ModelLoadError
        `name` can only mean a directory, and there is none: the hub is not asked for it.
    """
    if (place := place_of(name)) is None:
        there = looked_in(name)
        zh = f"（找过 {' 和 '.join(there)}）" if there else ""
        en = f" (looked in {' and '.join(there)})" if there else ""
        raise ModelLoadError(
            f"model {name}: no such directory{en};"
            " correct --model or settings.model, or make one with: fengsheng model finetune --out DIR",
            f"模型 {name}：没有这个目录{zh}；"
            "请改正 --model 或配置中的 model，或用 fengsheng model finetune --out DIR 训练一个",
        )
    return place


def load_classifier(
    settings: Settings, model: str | None = None, device: str | None = None, engine: str | None = None
) -> Classifier:
    """Return the classifier, or end the command with what is wrong with the model.

    Ctrl-C meanwhile ends the process at once: call it while there is nothing to clean up.

    Parameters
    ----------
    model, device, engine
        In the place of those of the settings.
    """
    if talk.is_terminal:
        talk.print("正在加载模型 loading the model …")
    try:
        with leaving_at_once():
            return Classifier(
                resolve(model or settings.model),
                device=device or settings.device,
                engine=engine or settings.engine,
            )
    except ModelLoadError as error:
        fail(Both(error.zh, str(error)))
