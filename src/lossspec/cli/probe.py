"""``lossspec probe``: what each term of an objective does at a batch from a file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, cast
from zipfile import BadZipFile

import click

from lossspec.cli.complete import references
from lossspec.cli.options import FilePath, check_picture, format_option, load_option, overlay_options
from lossspec.cli.text import echo, writing
from lossspec.errors import LossSpecError
from lossspec.extras import extra_for, torch_for
from lossspec.names import listed
from lossspec.registry.allocation import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.model import Spec
    from lossspec.manager import LossManager
    from lossspec.manager.probe.result import Probe


def _shares(_: click.Context, __: click.Parameter, text: str | None) -> dict[str, float] | None:
    """Read `equal-gradient`, or shares such as ``shares=a:0.7,b:0.3``."""
    if text is None or text == "equal-gradient":
        return None if text is None else {}
    kind, _equals, rest = text.partition("=")
    try:
        pairs = [each.split(":") for each in rest.split(",")]
        found = {name.strip(): float(share) for name, share in pairs}
    except ValueError:
        found = {}
    if kind != "shares" or not found:
        raise click.BadParameter(f"must be `equal-gradient` or `shares=TERM:SHARE,...`, got {text!r}")
    return found


@click.command("probe")
@click.argument("reference", shell_complete=references)
@click.option(
    "--batch",
    required=True,
    type=FilePath(path_type=Path, exists=True, dir_okay=False),
    help="The tensors by name: a .pt file of `torch.save`, an .npz or a .safetensors file.",
)
@click.option("--objective", help="The objective. Needed if the spec has several.")
@click.option(
    "--wrt",
    multiple=True,
    metavar="TENSOR",
    help="A tensor to take gradients at. Can be repeated. Default: the first input of each term.",
)
@click.option(
    "--epoch", type=click.FloatRange(min=0), default=0.0, show_default=True, help="The epoch of the weights."
)
@click.option(
    "--step", type=click.IntRange(min=0), default=0, show_default=True, help="The step of the weights."
)
@click.option(
    "--suggest",
    callback=_shares,
    metavar="equal-gradient|shares=TERM:SHARE,...",
    help="Print weights that would give these shares of the gradient at this batch.",
)
@click.option(
    "-o",
    "--output",
    type=FilePath(path_type=Path, dir_okay=False),
    help="Also draw it: a .png, .svg or .pdf file.",
)
@click.option("--downloads", is_flag=True, help="Allow losses to download pretrained weights.")
@click.option(
    "--max-bytes",
    type=click.FloatRange(min=0),
    default=MAX_BYTES,
    show_default="1 GiB",
    help="How much memory the losses may allocate when they are built.",
)
@format_option("table", "json")
@overlay_options
@load_option
def probe_command(
    reference: str,
    *,
    batch: Path,
    objective: str | None,
    wrt: tuple[str, ...],
    epoch: float,
    step: int,
    suggest: dict[str, float] | None,
    output: Path | None,
    downloads: bool,
    max_bytes: float,
    format_: str,
    params: Mapping[str, object],
    overlay: Mapping[str, object],
) -> None:
    """Show what each term of an objective does at one batch: values, gradients, angles between them.

    REFERENCE is the name or path of a spec, with +VARIANT for each variant. The batch holds the tensors that
    the objective takes.

    Example: lossspec probe pix2pix --objective G --batch batch.pt --wrt y_fake
    """
    check_picture(output)
    with torch_for("`lossspec probe`"):
        from lossspec.manager.loss_manager import LossManager

    tensors = _tensors(batch)
    manager = LossManager.from_spec(
        reference,
        dict(params),
        dict(overlay),
        downloads=downloads,
        max_bytes=max_bytes,
        enable_logging=False,
    )
    manager.set_progress(epoch=epoch, step=step)
    name = objective or _only(manager)
    module = manager.objective(name)
    if missing := module.needed() - tensors.keys():
        names = ", ".join(f"`{each}`" for each in sorted(missing))
        raise click.ClickException(f"`{batch}` is missing tensors of the objective `{name}`: {names}")
    at = list(wrt) or [each for each in _first_inputs(manager, name) if each in tensors]
    if not at:
        given = listed(tensors) or "none"
        raise click.ClickException(
            f"no term of the objective `{name}` has a first input, not detached, that is in `{batch}`: "
            f"choose what gradients are taken at with --wrt, of its tensors: {given}"
        )
    for each in at:
        _require_grad(tensors.get(each))
    known = {key: tensors[key] for key in tensors if key in module.needed() | module.optional()}
    try:
        found = manager.probe(name, wrt=at, **known)
    except LossSpecError:
        raise
    except Exception as error:  # of the code of a loss, which does not know where it is called
        raise click.ClickException(_failure(error)) from error
    if output is not None:
        from lossspec.report.draw.probe import draw_probe

        shares = {term.name: (term.share, term.gradient_share) for term in found.terms}
        with writing(output):
            draw_probe(f"objective {name}, gradients at {found.wrt}", shares, found.cosines, output)
    if suggest is not None:
        echo(_overlay(manager, found, suggest or None), nl=False)
    else:
        echo(found.text() if format_ == "table" else found.json())


#: What numpy, torch and safetensors raise for a file that is not theirs, or not of tensors alone.
_UNREADABLE = (OSError, ValueError, RuntimeError, BadZipFile)
#: What they raise for a damaged one, with messages about their own code.
_DAMAGED = (
    *(UnpicklingError, EOFError, zlib.error, struct.error),
    *(ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, UnicodeError),
)


def _tensors(path: Path) -> dict[str, Any]:
    """Read tensors by name; nothing in the file is run.

    Raises:
        click.ClickException: the file does not hold tensors by name.
    """
    import torch

    try:
        if path.suffix == ".npz":
            with extra_for("an .npz file", "report"):
                import numpy as np
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return {name: torch.as_tensor(arrays[name]) for name in arrays.files}
        if path.suffix == ".safetensors":
            with extra_for("a .safetensors file", "safetensors"):
                from safetensors import SafetensorError
                from safetensors.torch import load_file
            try:
                return dict(load_file(path))
            except SafetensorError as error:
                raise ValueError(str(error)) from error
        found = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        expected = "expected tensors by name and nothing else"
        raise click.ClickException(f"cannot read tensors from `{path}`: {expected}") from error
    except _UNREADABLE as error:
        problem = next(iter(str(error).splitlines()), type(error).__name__)
        raise click.ClickException(f"cannot read tensors from `{path}`: {problem}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        got = type(found).__name__
        raise click.ClickException(f"`{path}` must hold a dict of tensors by name, got {got}")
    return found


def _failure(error: Exception) -> str:
    """Return an error of a loss as a message of two lines: what it says, and where."""
    said = next(iter(str(error).splitlines()), "") or "no message"
    return "\n".join([f"{type(error).__name__}: {said}", *getattr(error, "__notes__", [])])


def _spec(manager: LossManager) -> Spec:
    return cast("Spec", manager.spec)


def _only(manager: LossManager) -> str:
    names = [*_spec(manager).objectives]
    if len(names) != 1:
        raise click.UsageError(f"choose one of the objectives with --objective: {', '.join(names)}")
    return names[0]


def _first_inputs(manager: LossManager, objective: str) -> list[str]:
    """Return the first tensor that each term does not detach: by custom, the prediction."""
    firsts = (
        next((each.name for each in term.inputs if each.name is not None and not each.detach), None)
        for term in _spec(manager).losses.values()
        if term.objective == objective
    )
    return list(dict.fromkeys(each for each in firsts if each is not None))


def _require_grad(value: object) -> None:
    import torch

    from lossspec.manager.loss.walk import tensors_in

    for each in tensors_in([value]):
        if torch.is_floating_point(each):
            each.requires_grad_()


def _overlay(manager: LossManager, probe: Probe, shares: dict[str, float] | None) -> str:
    """Return the TOML of a variant with the suggested weights."""
    from lossspec.manager.probe.suggest import factors, rounded

    losses = _spec(manager).losses
    lines = [
        f"# Suggested by one batch, for objective {probe.objective} at {probe.wrt}; another may differ.",
        "# Try several, and compare the results of training, not the losses.",
    ]
    for name, factor in factors(probe, shares).items():
        weight = losses[name].weight
        if isinstance(weight, float):
            lines.append(f"losses.{name}.weight = {rounded(weight * factor):g}")
        else:
            lines.append(f"# {name} has a schedule: multiply its values by {rounded(factor):g}")
    return "\n".join([*lines, ""])
