"""The registry: every loss type and balancer that a spec can name, as data.

The name of a type is the import package that owns its code and the class: ``torch.L1Loss``,
``piq.SSIMLoss``. It is a key of a closed table, never an import path. The entries come from the
catalogues of lossspec, one TOML file for each library; from ``register_loss`` in the user's own code; and
from the catalogues of installed plug-ins. A lookup only reads data; the code of a loss is imported when it
is built:

>>> from lossspec.registry import find
>>> loss = find("torch.SmoothL1Loss")
>>> loss.args["beta"].default, [each.name for each in loss.inputs]
(1.0, ['input', 'target'])
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
