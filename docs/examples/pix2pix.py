"""Train image-to-image translation on two photographs: luminance in, colour out.

The objective is a spec, `pix2pix+extended`: nothing below defines the losses, weighs
them or logs them. Run it with `make demo`, or

    python docs/examples/pix2pix.py --epochs 24 --run runs/pix2pix
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import torch
from pix2pix_data import Photographs
from pix2pix_models import PatchDiscriminator, UNet
from pix2pix_pictures import picture_grid
from torch import Tensor

from lossspec import LossManager, read_log
from lossspec.report import first_and_last, plot_run, write_report

STEPS_PER_EPOCH = 20
BATCH = 4


def held_out_l1(generator: UNet, photographs: Photographs) -> float:
    """Return the mean absolute error on the held-out patches, images in [-1, 1]."""
    x, y = photographs.held_out()
    with torch.no_grad():
        return float((generator(x) - y).abs().mean())


def adversarial_ramp(epochs: int) -> dict[str, object]:
    """Let the generator learn the colours first: the adversarial weight rises from 0 to 1."""
    return {
        "type": "linear",
        "unit": "epoch",
        "start": epochs // 8,
        "end": epochs // 2,
        "start_value": 0.0,
        "end_value": 1.0,
    }


def train(run: Path, epochs: int, seed: int) -> tuple[float, float]:
    """Train for some epochs; return the held-out L1 before and after."""
    torch.manual_seed(seed)
    photographs = Photographs()
    generator, discriminator = UNet(), PatchDiscriminator()
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    before = held_out_l1(generator, photographs)

    manager = LossManager.from_spec(
        "pix2pix+extended",
        overlay={"losses": {"G_GAN": {"weight": adversarial_ramp(epochs)}}},
        experiment_dir=run,
    )
    objective_G, objective_D = manager.objective("G"), manager.objective("D")

    def generator_loss(x: Tensor, y: Tensor, y_fake: Tensor) -> Tensor:
        tensors = {"y_fake": y_fake, "y": y}
        if "pred_fake" in objective_G.needed():  # not while the adversarial weight is 0
            tensors["pred_fake"] = discriminator(x, y_fake)
        return objective_G(**tensors)

    with manager:
        for epoch in range(epochs):
            manager.set_progress(epoch=epoch, total_epochs=epochs)
            for _ in range(STEPS_PER_EPOCH):
                x, y = photographs.batch(BATCH)
                y_fake = generator(x)

                optimizer_D.zero_grad()
                objective_D(
                    pred_real=discriminator(x, y), pred_fake=discriminator(x, y_fake.detach())
                ).backward()
                optimizer_D.step()

                optimizer_G.zero_grad()
                generator_loss(x, y, y_fake).backward()
                optimizer_G.step()

                manager.step()
            manager.print_losses(epoch, STEPS_PER_EPOCH)
            manager.update_loss_log()
    picture_grid(generator, photographs, run / "held_out.png")
    return before, held_out_l1(generator, photographs)


@click.command()
@click.option("--run", type=click.Path(path_type=Path), default=None, help="the folder to write into")
@click.option("--epochs", default=24, show_default=True, type=click.IntRange(min=2))
@click.option("--seed", default=0, show_default=True)
def main(run: Path | None, epochs: int, seed: int) -> None:
    """Train pix2pix on two photographs and show what was learned and what was logged."""
    run = run or Path("runs") / time.strftime("pix2pix-%Y%m%d-%H%M%S")
    begun = time.perf_counter()
    before, after = train(run, epochs, seed)
    click.echo(f"trained for {time.perf_counter() - begun:.0f} s\n")
    log = read_log(run / "loss_log.jsonl")
    click.echo(first_and_last(log))
    pictures = [run / "held_out.png", *plot_run(log, run)]
    report = run / "report.html"
    write_report([log], report)
    click.echo(f"\nL1 on held-out patches: {before:.4f} untrained, {after:.4f} trained")
    click.echo("look at:")
    for path in (*pictures, report, run / "loss_log.jsonl"):
        click.echo(f"  {path}")


if __name__ == "__main__":
    main()
