"""What the model commands refuse, said in both languages: places that are not there, and errors a user can mend."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from models.heads import ModelLoadError
from models.places import looked_in, place_of

_WHY = {
    errno.ENOENT: "没有这个文件或目录 no such file or folder",
    errno.EEXIST: "这里已有一个文件，应为目录 a file is there, expected a folder",
    errno.ENOTDIR: "路径中间是文件，应为目录 part of the path is a file, expected a folder",
    errno.EISDIR: "这是目录，应为文件 a folder, expected a file",
    errno.EACCES: "没有权限 permission denied",
    errno.ENOSPC: "磁盘已满 no space left on the disk",
}


@contextmanager
def explained() -> Iterator[None]:
    """Turn the failures that a user can mend into a message and status 1."""
    try:
        yield
    except ModelLoadError as error:
        _fail(f"{error.zh} {error}")
    except (OSError, ValueError) as error:
        _fail(_told(error))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "transformers"):
            raise
        _fail(
            f"没有安装 {error.name}，此命令需要它 this command needs {error.name}: make setup-dev in a checkout,"
            " else pip install 'fengsheng[train]'"
        )
    except KeyboardInterrupt:
        typer.echo(
            "已停止，可用同一命令继续 stopped; the same command goes on from the last checkpoint", err=True
        )
        raise typer.Exit(1) from None


def _fail(message: str) -> None:
    typer.echo(f"错误 error: {message}", err=True)
    raise typer.Exit(1) from None


def _told(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {_WHY.get(error.errno or 0, error.strerror)}"
    return str(error)


def model_place(model: str) -> str:
    """Return the directory of a model, found as `fengsheng classify` finds it, else its name of the hub.

    Raises
    ------
    ModelLoadError
        It can only mean a directory, and there is none.
    """
    if (place := place_of(model)) is None:
        raise _no_directory("模型", "model", model, "--model")
    return place


def base_place(base: str) -> str:
    """Return the directory of a base encoder, else its name of the hub.

    Raises
    ------
    ModelLoadError
        It can only mean a directory, and there is none: the hub is not asked for it.
    """
    if (place := place_of(base)) is None:
        raise _no_directory("基座", "base", base, "--base")
    if Path(place).is_file():
        raise ModelLoadError(f"base {base}: a file, expected a directory", f"基座 {base}：是文件，应为目录")
    return place


def _no_directory(zh: str, en: str, name: str, option: str) -> ModelLoadError:
    there = looked_in(name)
    looked = f" (looked in {' and '.join(there)})" if there else ""
    return ModelLoadError(
        f"{en} {name}: no such directory{looked}; correct {option}", f"{zh} {name}：没有这个目录"
    )


def data_folder(data: Path) -> Path:
    """Return the folder of the data sets.

    Raises
    ------
    ValueError
        It is none: an error of a file inside would not name the option.
    """
    if not data.is_dir():
        why = "是文件，应为目录 a file, expected a folder" if data.exists() else "没有这个目录 no such folder"
        raise ValueError(f"--data {data}: {why}")
    return data


@contextmanager
def unless_refused(run_dir: Path) -> Iterator[None]:
    """Leave no empty folders behind of a run that ends with an error."""
    made = [folder for folder in (run_dir, *run_dir.parents) if not folder.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first that is not empty ends it
            for folder in made:
                folder.rmdir()
        raise
