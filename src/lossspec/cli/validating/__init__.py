"""The parts of ``lossspec validate``: its targets, what is done with each, and the output formats."""
