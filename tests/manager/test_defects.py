"""Defects of NectarGAN's LossManager, and what this manager does instead."""

import json
import math
from itertools import pairwise

import pytest
import torch

from lossspec import ConfigManager, LMLoss, LossManager, read_log, schedules
from lossspec.errors import ClockError, LossSpecError, RegistrationError, UnknownNameError
from lossspec.schedules import ScheduleError

X, Y = torch.ones(4), torch.zeros(4)


def linear(**fields):
    return schedules.linear(**{"start": 100, "end": 200, "start_value": 100.0, "end_value": 0.0, **fields})


def manager_with(schedule=None, weight=1.0, **options):
    manager = LossManager(**options)
    manager.register_loss_fn("a", torch.nn.L1Loss(), weight, schedule)
    return manager


def applied(manager, epochs):
    found = []
    for epoch in epochs:
        manager.set_progress(epoch=epoch)
        found.append(manager.compute_loss_xy("a", X, Y).item())
    return found


def test_a_linear_schedule_does_not_start_early():
    assert applied(manager_with(linear()), [99, 100, 101, 199, 200]) == [100.0, 100.0, 99.0, 1.0, 0.0]


def test_a_schedule_round_trips_and_no_value_is_magic():
    schedule = linear(start=1, end=10_000_001, start_value=50.0, end_value=50.0)
    again = schedules.from_table(schedule.to_table())
    assert (again, schedules.from_table(again.to_table())) == (schedule, schedule)
    assert applied(manager_with(schedule), [0, 1, 2]) == [50.0] * 3


def test_schedules_are_equal_by_all_fields_and_hashable():
    assert linear(start_value=0.0, end_value=1.0) != schedules.exponential(
        start=100, end=200, start_value=5.0, end_value=9.0
    )
    assert linear() != None  # noqa: E711 - the comparison once failed
    assert len({linear(), linear()}) == 1


def test_no_default_is_shared():
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), 1.0)
    manager.register_loss_fn("b", torch.nn.L1Loss(), 100.0)
    assert manager.compute_loss_xy("a", X, Y).item() == 1.0
    losses = manager.get_registered_losses(strip=False)
    assert losses["a"].tags is not None
    assert losses["a"].history is not losses["b"].history


def test_a_weight_beside_a_schedule_is_refused():
    with pytest.raises(RegistrationError):
        LMLoss("a", torch.nn.L1Loss(), 10.0, linear())


def test_history_has_the_applied_weight_and_the_raw_value():
    manager = manager_with(linear())
    applied(manager, [110, 160, 200])
    history = manager.get_registered_losses(strip=False)["a"].history
    assert history.weights.tolist() == [90.0, 40.0, 0.0]
    assert history.losses.tolist() == [90.0, 40.0, 0.0]
    assert history.raw.tolist() == [1.0, 1.0, 1.0]


def test_weights_can_be_negative():
    assert applied(manager_with(linear(start_value=1.0, end_value=-1.0)), [100, 150, 200]) == [1.0, 0.0, -1.0]
    assert applied(manager_with(linear(start_value=-1.0, end_value=-2.0)), [100, 150, 200]) == [
        -1.0,
        -1.5,
        -2.0,
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"type": "linear", "start": 5, "end": 5, "start_value": 1.0, "end_value": 0.0},
        {"type": "linear", "start": 9, "end": 5, "start_value": 1.0, "end_value": 0.0},
        {"type": "exponential", "start": 0, "end": 5, "start_value": 1.0, "end_value": 0.0},
        {"type": "exponential", "start": 0, "end": 5, "start_value": -1.0, "end_value": 1.0},
    ],
)
def test_an_invalid_schedule_is_refused_at_registration(table):
    with pytest.raises(ScheduleError):
        manager_with(table)


def test_schedule_values_are_its_own_floats():
    assert applied(manager_with(schedules.constant(value=5.0)), [0]) == [5.0]
    assert (
        applied(manager_with(linear(start=0, end=2, start_value=0.0, end_value=0.0)), [0, 1, 2]) == [0.0] * 3
    )
    rise = linear(start=0, end=10, start_value=0.1, end_value=1.0)
    assert applied(manager_with(rise), [0, 10]) == pytest.approx([0.1, 1.0])
    assert applied(manager_with(math.floor), [0, 3]) == [0.0, 3.0]


def test_an_unknown_schedule_suggests_the_nearest():
    with pytest.raises(LossSpecError, match="linear"):
        manager_with({"type": "liner", "start": 0, "end": 5, "start_value": 1.0, "end_value": 0.0})


def test_a_call_without_an_epoch_uses_the_clock():
    manager = manager_with(linear())
    manager.set_progress(epoch=150)
    assert manager.compute_loss_xy("a", X, Y).item() == 50.0


def test_getters_before_the_first_run_and_after_a_flush(tmp_path):
    manager = manager_with(experiment_dir=tmp_path)
    assert math.isnan(manager.get_loss_values()["a"])
    manager.compute_loss_xy("a", X, Y)
    manager.update_loss_log()
    assert manager.get_loss_values() == {"a": 1.0}


def test_no_base_log_has_to_be_exported_first(tmp_path):
    manager = manager_with(experiment_dir=tmp_path)
    manager.compute_loss_xy("a", X, Y)
    manager.update_loss_log()
    assert len(read_log(tmp_path).losses["a"]) == 1


def test_a_flush_writes_only_what_is_new(tmp_path):
    manager = manager_with(experiment_dir=tmp_path)
    sizes = []
    for _ in range(20):
        manager.compute_loss_xy("a", X, Y)
        manager.step()
        manager.update_loss_log()
        sizes.append((tmp_path / "loss_log.jsonl").stat().st_size)
    added = [after - before for before, after in pairwise(sizes)]
    assert max(added) - min(added) < 10


def test_exporting_the_base_log_again_keeps_the_history(tmp_path):
    with manager_with(experiment_dir=tmp_path) as manager:
        applied(manager, [0, 1])
    with manager_with(experiment_dir=tmp_path) as resumed:
        resumed.export_base_log()
        applied(resumed, [2])
    assert read_log(tmp_path).losses["a"].epoch.tolist() == [0.0, 1.0, 2.0]


def test_a_spec_function_is_checked_and_its_errors_pass():
    with pytest.raises(RegistrationError, match="the key `key` must be the name of its loss, `other`"):
        LossManager().init_from_spec(lambda: {"key": LMLoss("other", torch.nn.L1Loss())})
    with pytest.raises(RegistrationError, match="got a list of 1"):
        LossManager().init_from_spec(lambda: [1])
    with pytest.raises(KeyError):
        LossManager().init_from_spec(lambda: {}["missing"])


def test_a_weight_is_a_number():
    with pytest.raises(RegistrationError, match="must be a finite number, got None"):
        manager_with(weight=None)


def test_no_value_is_rounded_to_zero():
    manager = manager_with(weight=0.001)
    manager.compute_loss_xy("a", X, Y)
    assert (manager.get_loss_weights(), manager.get_loss_values()) == ({"a": 0.001}, {"a": 0.001})


def test_nan_raises_on_request():
    manager = manager_with(on_nonfinite="raise")
    manager.compute_loss_xy("a", X * math.nan, Y)
    with pytest.raises(LossSpecError, match="`a` is nan"):
        manager.update_loss_log()


def test_the_first_value_is_emitted():
    fade = linear(start=0, end=10, start_value=1.0, end_value=0.0)
    assert applied(manager_with(fade), range(4)) == pytest.approx([1.0, 0.9, 0.8, 0.7])


def test_three_inputs_are_implemented():
    manager = LossManager()
    manager.register_loss_fn("triplet", torch.nn.TripletMarginLoss())
    assert manager.compute_loss_xyz("triplet", X, X, Y).shape == ()


def test_a_misspelt_loss_is_an_error_with_the_nearest_name():
    manager = LossManager.from_spec("pix2pix")
    with pytest.raises(
        UnknownNameError, match="unknown loss `G_L2`: a loss with a similar name exists: `G_L1`"
    ):
        manager.compute_loss_xy("G_L2", X, Y)


def test_the_clock_is_in_the_checkpoint():
    manager = manager_with(linear())
    applied(manager, [150])
    other = manager_with(linear())
    other.load_state_dict(json.loads(json.dumps(dict(manager.state_dict()))))
    assert other.get_loss_weights() == {"a": 50.0}


def test_counting_steps_in_a_loop_without_them_raises():
    manager = manager_with(linear(unit="step"))
    applied(manager, [0, 1])
    with pytest.raises(ClockError, match=r"call `manager.step\(\)`"):
        manager.update_loss_log()


def test_a_configuration_and_a_folder_are_enough(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"common": {"device": "cpu"}}')
    manager = LossManager(config=ConfigManager(path).data, experiment_dir=tmp_path / "run")
    assert manager.device == torch.device("cpu")
