"""``python -m lossspec`` runs the command line."""

from lossspec.cli import main

main()
