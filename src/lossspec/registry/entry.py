"""What the registry knows of a loss type: data only, read from a catalogue or from a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

InputKind = Literal["tensor", "list", "callable"]


@frozen
class Argument:
    """One constructor argument of a loss.

    Attributes:
        name: the keyword that the constructor takes.
        schema: what its value may be, as a fragment of JSON Schema (``type``, ``enum``, ``minimum``,
            ``items``, ...); never empty.
        description: one line.
        required: whether it must be given.
        default: what the library takes when it isn't given (None where there is none).
        live: whether it may be a schedule: it can be set on the module after construction.
        tensor: whether an array of numbers is turned into a tensor (class weights).
        path: whether it names a file of local weights, under the spec's folder.
        ours: whether lossspec adds it to a library's loss: ``reduction`` where the loss gives a map and has
            none, and ``weights_path`` where it would download. The constructor doesn't get it.
    """

    name: str
    schema: Mapping[str, object]
    description: str
    required: bool = False
    default: object = None
    live: bool = False
    tensor: bool = False
    path: bool = False
    ours: bool = False


@frozen
class CallInput:
    """One argument of a loss's call.

    Attributes:
        name: the parameter of ``forward``.
        kind: what it takes: a tensor, a list (of lists) of tensors, or a callable (a discriminator).
        shape: its shape and range, for people.
        required: False where the call has a default for it.
    """

    name: str
    kind: InputKind = "tensor"
    shape: str = ""
    required: bool = True


@frozen
class LossType:
    """A loss that a spec can name: its arguments, its inputs, and where its code lives.

    Attributes:
        name: the key that a spec's ``type`` names: ``<import package>.<Class>``.
        target: where the code is, ``module:attribute``. Looked up at build, never by a spec.
        summary: one line.
        args: constructor arguments by name, in the order of the signature.
        inputs: call arguments in call order.
        function: True if the target is a function: its ``args`` are keywords of the call.
        formula: the formula in plain text, or "".
        reference: a paper or a page, or "".
        note: what surprises: where another library's loss of the same name gives another number.
        distribution: what ``pip install`` calls the library that holds it.
        extra: the extra of lossspec that installs what it needs, or "" if no extra does.
        downloads: what it fetches when it is built, and how to give a local file; "" for nothing.
        balancer: whether it is no loss but weighs the losses of an objective: ``losses`` is given to its
            constructor before ``args``, and ``values`` and ``weights`` to its call before ``inputs``.
        owner: who registered it: a catalogue, or the module of the caller.
    """

    name: str
    target: str
    summary: str
    args: Mapping[str, Argument] = field(factory=dict)
    inputs: tuple[CallInput, ...] = ()
    function: bool = False
    formula: str = ""
    reference: str = ""
    note: str = ""
    distribution: str = ""
    extra: str = ""
    downloads: str = ""
    balancer: bool = False
    owner: str = ""

    @property
    def library(self) -> str:
        """The import package that owns the class: the part of the name before the dot."""
        return self.name.partition(".")[0]
