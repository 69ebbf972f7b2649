"""Two ranks that are spawned or forked, with a manager that is made early or late.

Arguments: a spec, a folder, the strategy, and "early" or "late".
"""

import sys

from tests.trainers.small import Small, trainer

from lossspec import LossManager
from lossspec.integrations.lightning import LossCallback

spec, folder, strategy, when = sys.argv[1:]


class Late(Small):
    def configure_model(self):
        self.losses = LossManager.from_spec(spec, experiment_dir=folder)


if __name__ == "__main__":
    module = Small(spec, folder) if when == "early" else Late(spec)
    if when == "late":
        del module.losses
    trainer([LossCallback()], folder, strategy=strategy, devices=2).fit(module)
