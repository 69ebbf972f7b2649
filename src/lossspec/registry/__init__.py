"""What a name means: every loss type that a spec can name, as data.

A type is named by the import package that owns its code and the class: ``torch.L1Loss``,
``piq.SSIMLoss``. The name is a key of a closed table, never an import path. The table is filled by the
catalogues that come with lossspec, one TOML file a library; by ``register_loss`` in the user's own code;
and by the catalogues of installed plug-ins. Looking a name up reads data only; its code is imported when
a loss is built:

>>> from lossspec.registry import find
>>> loss = find("torch.SmoothL1Loss")
>>> loss.args["beta"].default, [each.name for each in loss.inputs]
(1.0, ['input', 'target'])
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
