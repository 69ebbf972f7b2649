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
        index: the index of this epoch.
    """

    manager: LossManager
    prefix: str
    lately: Means = field(factory=Means)
    epoch: Means = field(factory=Means)
    sections: dict[str, Means] = field(factory=dict)
    index: int = 0

    def begin_epoch(self, index: int) -> None:
        """Move the clock to an epoch. The means of another one are dropped."""
        self.manager.set_progress(epoch=index)
        if index != self.index:
            self.index, self.epoch = index, Means()

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
        """Return the state of the manager, and of the means that are not complete."""
        return {
            "manager": self.manager.state_dict(),
            "lately": self.lately.state_dict(),
            "epoch": self.epoch.state_dict(),
            "index": self.index,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the manager and the means."""
        self.manager.load_state_dict(state["manager"])
        self.lately.load_state_dict(state["lately"])
        self.epoch.load_state_dict(state["epoch"])
        self.index = state["index"]
        self.sections.clear()
