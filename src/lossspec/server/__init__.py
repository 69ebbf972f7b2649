"""The language server, ``lossspec lsp``: what an editor shows while you write a spec.

Each feature is one file of functions from a ``Document`` to data of the protocol; ``state`` has what all of
them read. ``server`` connects the features to the protocol, and alone imports ``pygls``. What a spec means
comes from ``lossspec.language``, ``lossspec.registry`` and ``lossspec.schedules``. Nothing here
imports torch.
"""
