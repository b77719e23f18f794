"""`python -m flux.cli`."""

from flux.cli import main

main()
