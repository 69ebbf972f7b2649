"""The spec language: reads, validates and resolves a spec, from text to a frozen ``Spec``.

    read ─► parse ─► validate against the schema ─► merge over what it extends ─► merge its variants
         ─► merge the caller's overlay and parameters ─► fill ``${}`` ─► check what no schema can ─► Spec

A spec is a TOML file, or a Python function that returns a table of the same shape, decorated with
``lossspec.spec``:

>>> import lossspec
>>> @lossspec.spec
... def denoise(lambda_l1: float = 100.0):
...     l1 = {"type": "torch.L1Loss", "inputs": ["y_fake", "y"], "weight": lambda_l1}
...     return {"format": 1, "losses": {"l1": l1}}
>>> lossspec.load(denoise, params={"lambda_l1": 50.0}).losses["l1"].weight
50.0

Nothing here imports torch.
"""
