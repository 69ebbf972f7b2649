"""``python -m lossspec`` is the command ``lossspec``."""

from lossspec.cli import main

main()
