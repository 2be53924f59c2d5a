"""`atmda`, and `python -m atmda`."""

from atmda.core.collecting import uncollected
from atmda.signals import take_over


def main() -> None:
    """Entry point of the console command."""
    take_over()  # before the imports, which take a moment in which people change their minds
    with uncollected():
        from atmda.cli import app
        from atmda.cli.streams import standard_streams

    with standard_streams():
        app(prog_name="atmda")


if __name__ == "__main__":
    main()
