"""``fengsheng model …``: adapt, fine-tune, distil, export, evaluate. Light to import; torch is loaded by the command run."""

from __future__ import annotations

import itertools
import json
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from models.labels import HEADS
from models.refusals import base_place, data_folder, explained, model_place, unless_refused
from models.threads import wait_politely

app = typer.Typer(
    help="训练、评测、导出模型 Train, measure and export the classifier.\n\n"
    "Example: fengsheng model evaluate dev.jsonl.xz",
    no_args_is_help=True,
)

RecipeOption = Annotated[
    str, typer.Option("--recipe", help="配方 A recipe's name in models/recipes, or a YAML file.")
]
DataOption = Annotated[
    Path, typer.Option("--data", help="数据 Folder with the data sets named in models/data.py.")
]
BaseOption = Annotated[
    str | None,
    typer.Option("--base", help="基座 Directory or hub name of the encoder (default: the recipe's)."),
]
RunDirOption = Annotated[
    Path | None, typer.Option("--run-dir", help="过程目录 Checkpoints and log (default: runs/RECIPE).")
]


ResumeOption = Annotated[bool, typer.Option(help="从检查点继续 Go on from the last checkpoint.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="完成后导出到此 Export here when done.")]


@app.command()
def adapt(
    data: DataOption,
    recipe: RecipeOption = "small-adapt",
    base: BaseOption = None,
    run_dir: RunDirOption = None,
    resume: ResumeOption = True,
) -> None:
    """在未标注文本上继续预训练 Teach a base encoder Weibo's language by masked words; a stopped run goes on.

    Example: fengsheng model adapt --data DATA --base BAAI/bge-small-zh-v1.5 --run-dir runs/small-adapt
    """
    with explained():
        wait_politely()
        from models.adapt import adapt as run
        from models.recipe import AdaptRecipe, read_recipe

        settings = read_recipe(recipe, AdaptRecipe)
        where = _where(recipe, run_dir)
        with unless_refused(where):
            out = run(settings, data_folder(data), base_place(base or settings.base), where, resume=resume)
    typer.echo(str(out))


@app.command()
def finetune(
    data: DataOption,
    recipe: RecipeOption = "small",
    base: BaseOption = None,
    run_dir: RunDirOption = None,
    out: OutOption = None,
    resume: ResumeOption = True,
) -> None:
    """微调编码器 Fine-tune the encoder; a stopped run goes on where it was.

    Example: fengsheng model finetune --data DATA --base runs/small-adapt/encoder --out models/mine
    """
    _learn(data, recipe, base, run_dir, out, [], resume)


@app.command()
def distil(
    teachers: Annotated[list[str], typer.Argument(help="教师模型 Directories or hub names of classifiers.")],
    data: DataOption,
    recipe: RecipeOption = "student",
    base: BaseOption = None,
    run_dir: RunDirOption = None,
    out: OutOption = None,
    resume: ResumeOption = True,
) -> None:
    """蒸馏 Let several classifiers label unlabelled posts and one student learn from them; a stopped run goes on.

    Example: fengsheng model distil runs/a/model runs/b/model --data DATA --base runs/small-adapt/encoder
    """
    _learn(data, recipe, base, run_dir, out, teachers, resume)


@app.command()
def crossvalidate(
    data: DataOption,
    recipe: RecipeOption = "small",
    base: BaseOption = None,
    run_dir: RunDirOption = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="分成几份 Parts of the training sets.")] = 5,
    only: Annotated[
        list[int] | None, typer.Option("--fold", min=0, help="只做这一份，可多次 Only this part, from 0.")
    ] = None,
    resume: ResumeOption = True,
) -> None:
    """交叉验证 Train on all parts but one and measure on that one, for each part; a stopped run goes on.

    Example: fengsheng model crossvalidate --data DATA --folds 5 --fold 0
    """
    numbers = sorted(set(only)) if only else list(range(folds))
    if numbers[-1] >= folds:
        raise typer.BadParameter(f"{numbers[-1]}: expected 0 to {folds - 1}", param_hint="--fold")
    with explained():
        wait_politely()
        from models.folds import Fold, as_table
        from models.folds import crossvalidate as run
        from models.recipe import Recipe, read_recipe

        settings = read_recipe(recipe, Recipe)
        where = (run_dir or Path("runs")) / f"{Path(recipe).stem}-folds"
        parts = [Fold(number, folds) for number in numbers]
        with unless_refused(where):
            found = run(
                settings, data_folder(data), base_place(base or settings.base), where, parts, resume=resume
            )
    typer.echo(as_table(found))


def _where(recipe: str, run_dir: Path | None) -> Path:
    return run_dir or Path("runs") / Path(recipe).stem


def _learn(
    data: Path,
    recipe: str,
    base: str | None,
    run_dir: Path | None,
    out: Path | None,
    teachers: list[str],
    resume: bool,
) -> None:
    with explained(), ExitStack() as stack:
        wait_politely()
        from models.finetune import finetune as run
        from models.recipe import Recipe, read_recipe
        from models.serving import Classifier

        settings = read_recipe(recipe, Recipe)
        where = _where(recipe, run_dir)
        opened = [stack.enter_context(closing(Classifier(model_place(teacher)))) for teacher in teachers]
        folder = data_folder(data)
        with unless_refused(where):
            run(settings, folder, base_place(base or settings.base), where, teachers=opened, resume=resume)
        typer.echo(f"最佳权重 best weights: {where / 'best.pt'}", err=True)
    if out is not None:
        export(data, out, recipe, base, run_dir)


@app.command()
def posts(
    data: DataOption,
    split: Annotated[str, typer.Option("--split", help="train 或 or dev.")] = "dev",
) -> None:
    """人工阅读标注的帖子 Write the posts whose intent and polarity were labelled by reading, as JSON Lines.

    Example: fengsheng model posts --data DATA --split dev > intents.jsonl
    """
    if split not in ("train", "dev"):
        raise typer.BadParameter(f"{split!r}: expected train or dev", param_hint="--split")
    with explained():
        from models.labelled import labelled_rows

        for label, text in labelled_rows(data_folder(data), "dev" if split == "dev" else "train"):
            row = {"id": f"{label.file}:{label.line}", "text": text, "intent": label.intent}
            typer.echo(json.dumps(row | {"polarity": label.polarity}, ensure_ascii=False))


@app.command()
def export(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="导出目录 Directory to write.")],
    recipe: RecipeOption = "small",
    base: BaseOption = None,
    run_dir: RunDirOption = None,
) -> None:
    """导出并评测 Export a run's best weights in float16, measure them and write the model card.

    Example: fengsheng model export --data DATA --run-dir runs/small --out models/mine
    """
    with explained():
        wait_politely()
        from models.export import export as run
        from models.recipe import Recipe, read_recipe

        settings = read_recipe(recipe, Recipe)
        where = _where(recipe, run_dir)
        reports = run(settings, where, base_place(base or settings.base), data_folder(data), out)
        for name, found in reports.items():
            typer.echo(f"{name}: macro-F1 {found.macro_f1:.4f}, accuracy {found.accuracy:.4f}", err=True)
        typer.echo(str(out))


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="标注数据 Labelled JSON Lines (.xz too): text, label.")],
    model: Annotated[
        str, typer.Option("--model", help="模型 Directory or hub name.")
    ] = "models/fengsheng-small",
    head: Annotated[str, typer.Option("--head", help="emotion, intent or polarity.")] = "emotion",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="只取这么多行 Only so many rows, evenly taken.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    engine: Annotated[
        str, typer.Option("--engine", help="引擎 auto, onnx-float32, onnx-int8, torch, …")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Write one JSON object.")] = False,
) -> None:
    """评测模型 Measure a model on labelled posts: accuracy, macro-F1, each class, calibration, confusion.

    Example: fengsheng model evaluate dev.jsonl.xz --model models/fengsheng-small --limit 300
    """
    if head not in HEADS:
        raise typer.BadParameter(f"{head!r}: expected one of {', '.join(HEADS)}", param_hint="--head")
    chosen = head
    with explained():
        from models.evaluate import as_confidence, as_confusion, as_table, read_labelled
        from models.evaluate import evaluate as measure

        rows = read_labelled(file, chosen, limit)
        if not rows:
            raise ValueError(f"{file}: no rows to measure on")
        from models.serving import Classifier

        classifier = Classifier(model_place(model), device=device, engine=engine)
        try:
            found = measure(classifier, rows, chosen)
        finally:
            classifier.close()
    if as_json:
        json.dump(asdict(found), sys.stdout, ensure_ascii=False)
        typer.echo("")
    else:
        typer.echo(as_table(found))
        if found.confidence is not None:
            typer.echo(as_confidence(found.confidence))
        typer.echo("\n" + as_confusion(found))


@app.command()
def bench(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="帖子 Posts to time with (JSON Lines with text, or lines); default: the probe's."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="模型 Directory or hub name.")
    ] = "models/fengsheng-small",
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多多少条 At most so many posts.")] = 400,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Write one JSON object.")] = False,
) -> None:
    """测速 Posts a second of every engine here, beside bert-base's shape in transformers.pipeline.

    Example: fengsheng model bench posts.jsonl --limit 400
    """
    with explained():
        wait_politely()
        from models.bench import as_markdown, end_to_end, forward_rates, gpu_share
        from models.data import lines_of
        from models.serving.measure import probe_texts

        where = model_place(model)
        texts = probe_texts() if file is None else list(itertools.islice(lines_of(file), limit))
        gpu = gpu_share(where)
        forward = forward_rates(where, ["cuda"] if gpu else [])
        cpu = [
            name.partition(" ")[0]
            for name, found in forward.items()
            if name.endswith("(cpu)") and not isinstance(found, str)
        ]
        timed = end_to_end(where, texts[:limit], cpu)
    if as_json:
        rates = {one.what: round(one.rate, 1) for one in timed}
        json.dump({"forward": forward, "text_to_labels": rates, "gpu": gpu}, sys.stdout, ensure_ascii=False)
        typer.echo("")
    else:
        typer.echo(as_markdown(forward, timed, gpu))
