"""The program: ``fengsheng`` and ``python -m fengsheng``."""

from fengsheng.interrupts import leaving_at_once


def main() -> None:
    """Run the command line; Ctrl-C while it is still loading ends it without a traceback."""
    with leaving_at_once():
        from fengsheng.cli import main as run
    run()


if __name__ == "__main__":
    main()
