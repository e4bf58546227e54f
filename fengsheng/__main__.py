"""``python -m fengsheng``."""

from fengsheng.cli import main

main()
