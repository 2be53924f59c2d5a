"""`python -m atmda`."""

from atmda.cli import main

main()
