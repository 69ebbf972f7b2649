"""The entry of a loss type in the registry: data only, from a catalogue or from a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

InputKind = Literal["tensor", "list", "callable"]
Constant = Literal["like", "class", "item", "none"]


@frozen
class Argument:
    """One constructor argument of a loss.

    Attributes:
        name: the keyword of the constructor.
        schema: the valid values, as a fragment of JSON Schema (``type``, ``enum``, ``minimum``,
            ``items``, ...); never empty.
        description: one line.
        required: whether it has no default.
        default: the default of the library, or None.
        live: whether it can be a schedule, because setting it on the module changes the next call.
        tensor: whether an array of numbers becomes a tensor (class weights).
        path: whether it is the path of a file of local weights, in the spec's folder.
        ours: whether lossspec adds it and does not pass it to the constructor: ``reduction`` for a loss that
            returns a map and has none, ``weights_path`` for a loss that would download.
        losses: whether its strings name losses that the balancer weighs.
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
    losses: bool = False


@frozen
class CallInput:
    """One argument of a loss's call.

    Attributes:
        name: the parameter of ``forward``.
        kind: a tensor, a list (of lists) of tensors, or a callable (a discriminator).
        shape: the shape and the range of values, as text.
        required: whether it has no default.
        constant: what a number in a spec becomes: a tensor shaped ``like`` the first one; a ``class`` index
            for each item and position, the first tensor's shape without its classes; one value an ``item``;
            or ``none``, it is refused.
        repeats: whether it stands for any number of inputs, at least one; the last input can.
    """

    name: str
    kind: InputKind = "tensor"
    shape: str = ""
    required: bool = True
    constant: Constant = "like"
    repeats: bool = False


@frozen
class LossType:
    """A loss or a balancer that a spec can name: its arguments, its inputs, and where its code is.

    Attributes:
        name: the ``type`` in a spec: ``<import package>.<Class>``.
        target: where the code is, ``module:attribute``; a spec cannot change it.
        summary: one line.
        args: constructor arguments by name, in the order of the signature.
        inputs: call arguments in call order.
        function: whether the target is a function, which takes its ``args`` as keywords of the call.
        formula: the formula in plain text, or "".
        reference: a paper or a page, or "".
        note: a caveat, such as another library's loss of the same name that returns another number.
        distribution: the name of the library for ``pip install``.
        extra: the extra of lossspec that installs the library, or "".
        returns: "elements" for a loss without an argument ``reduction`` that may return elements all the
            same, so that a term of it can have ``reduce``; "number" for one whose ``reduction`` has no
            effect; "" where the argument tells.
        downloads: what it downloads when it is built, and how to use a local file instead; "" for nothing.
        allocates: how many bytes it allocates when it is built, or in each call whatever the size of its
            inputs: an expression of its ``args``, or "" if they have no part in it.
        balancer: whether it is a balancer, which weights the losses of an objective: its constructor takes
            ``losses`` before ``args``, and its call takes ``values`` and ``weights`` before ``inputs``.
        owner: who registered it, for messages: lossspec, a package or a module.
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
    returns: Literal["", "elements", "number"] = ""
    downloads: str = ""
    allocates: str = ""
    balancer: bool = False
    owner: str = ""

    @property
    def library(self) -> str:
        """The import package that owns the class: the part of the name before the dot."""
        return self.name.partition(".")[0]
