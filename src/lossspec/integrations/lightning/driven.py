"""One manager in a Lightning run, with the means of what it recorded lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

from lossspec.integrations.lightning.means import Means

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.log.rows import Sections
    from lossspec.manager.loss_manager import LossManager


@define
class Driven:
    """A manager and its means.

    Attributes:
        manager: the manager.
        prefix: what the names of its metrics start with.
        lately: the means since metrics were last logged in a step.
        epoch: the means of this epoch.
        sections: the means of this validation, by section.
    """

    manager: LossManager
    prefix: str
    lately: Means = field(factory=Means)
    epoch: Means = field(factory=Means)
    sections: dict[str, Means] = field(factory=dict)

    def observe(self, sections: Sections) -> None:
        """Add the rows of a flush."""
        losses = self.manager.get_registered_losses(strip=False)
        objectives = {name: each.objective for name, each in losses.items() if each.objective is not None}
        for section, rows in sections.items():
            if section == "losses":
                self.lately.add(rows, objectives)
                self.epoch.add(rows, objectives)
            else:
                self.sections.setdefault(section, Means()).add(rows, objectives)

    def step_metrics(self) -> dict[str, float]:
        """Return the means since the last call."""
        return {f"{self.prefix}{tag}": value for tag, value in self.lately.read().items()}

    def epoch_metrics(self) -> dict[str, float]:
        """Return the means of the epoch, and start the next."""
        return {f"{self.prefix}{tag}_epoch": value for tag, value in self.epoch.read().items()}

    def validation_metrics(self) -> dict[str, float]:
        """Return the means of each section, and start again."""
        found = {
            f"{self.prefix}{section}/{tag}": value
            for section, means in self.sections.items()
            for tag, value in means.read().items()
        }
        self.sections.clear()
        return found

    def state_dict(self) -> dict[str, object]:
        """Return the state of the manager, and the sums of this epoch."""
        return {
            "manager": self.manager.state_dict(),
            "epoch": {tag: list(sums) for tag, sums in self.epoch.sums.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the manager, and the sums of the epoch."""
        self.manager.load_state_dict(state["manager"])
        self.lately, self.sections = Means(), {}
        self.epoch = Means({tag: (total, count) for tag, (total, count) in state["epoch"].items()})
