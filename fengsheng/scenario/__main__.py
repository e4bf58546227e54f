"""``python -m fengsheng.scenario``: write the shipped scenario anew from its seed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fengsheng.scenario.generate import DATA, SEED, generate, write


def main(arguments: list[str] | None = None) -> int:
    """Write the scenario; return the exit status (0, or 1 when a file cannot be written)."""
    parser = argparse.ArgumentParser(
        prog="python -m fengsheng.scenario",
        description="由种子生成随附的演示场景（青山茶饮）。Write the shipped demo scenario from its seed.",
        epilog="例 example: python -m fengsheng.scenario --out scenario.jsonl.xz --seed 7",
    )
    parser.add_argument("--out", type=Path, default=DATA, help="写入的文件 file to write (.jsonl.xz)")
    parser.add_argument("--seed", type=int, default=SEED, help="随机种子 seed (default: %(default)s)")
    parser.add_argument(
        "--labels", type=Path, help="另存每条的真实情绪与意图 also write what each was meant as"
    )
    options = parser.parse_args(arguments)
    for path in filter(None, (options.out, options.labels)):
        if not path.parent.is_dir():
            print(f"没有这个文件夹，请先建好 no such folder, make it first: {path.parent}", file=sys.stderr)
            return 1
    written = generate(options.seed)
    try:
        size = write(options.out, written)
        if options.labels is not None:
            rows = (
                {
                    "mention_id": one.mention.mention_id,
                    "text": one.mention.text,
                    "strand": one.strand,
                    "tone": one.tone,
                    "intent": one.intent,
                }
                for one in written
            )
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            options.labels.write_text(lines, encoding="utf-8")
    except OSError as error:
        print(f"无法写入 cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(
        f"{options.out.name}: {len(written)} 条 mentions, {size} bytes, seed {options.seed}", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
