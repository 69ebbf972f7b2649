from lossspec.manager.building.spec import build as build
from lossspec.manager.config import ConfigManager as ConfigManager
from lossspec.manager.loss.loss import LMLoss as LMLoss
from lossspec.manager.loss_manager import LossManager as LossManager
from lossspec.manager.objective.objective import Objective as Objective
