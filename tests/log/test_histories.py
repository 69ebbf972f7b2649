"""The log of runs that flush, save, resume and crash in any order, against a model of what it must hold."""

import copy
import warnings

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from lossspec import LossManager, read_log


class Runs(RuleBasedStateMachine):
    """The runs on one folder. Every recorded value is different, so that a mixed up row shows."""

    checkpoints = Bundle("checkpoints")

    @initialize()
    def begin(self):
        self.folder = self.new_folder()
        self.next_value = 0
        self.written = []  # what the reader must give, as (value, step)
        self.kept = []  # what it gave before the values of this run, once they are written
        self.waiting = []
        self.open()

    def new_folder(self):
        raise NotImplementedError

    def open(self):
        self.manager = LossManager(experiment_dir=self.folder)
        self.manager.register_loss_fn("a", lambda x: x)
        self.step = 0
        self.waiting = []
        self.follows_clock = bool(self.written)

    @rule(count=st.integers(1, 3), steps=st.booleans())
    def record(self, count, steps):
        for _ in range(count):
            self.manager.compute_loss("a", torch.tensor(float(self.next_value)))
            self.waiting.append((float(self.next_value), self.step))
            self.next_value += 1
            if steps:
                self.manager.step()
                self.step += 1

    def note_flush(self):
        if self.waiting:
            if self.follows_clock:  # a run without a checkpoint goes on where its clock is
                first = self.waiting[0][1]
                self.kept = [row for row in self.written if row[1] < first]
            self.written = self.kept = self.kept + self.waiting
            self.waiting, self.follows_clock = [], False

    @rule()
    def flush(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values that this run supersedes
            self.manager.update_loss_log()
        self.note_flush()

    @rule(target=checkpoints)
    def save(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = copy.deepcopy(self.manager.state_dict())
        self.note_flush()
        # of a run that continues by its clock and wrote nothing yet: the log as it is
        return state, self.step, self.written if self.follows_clock else self.kept

    def load(self, saved):
        state, self.step, self.kept = saved
        self.manager.load_state_dict(state)
        self.waiting, self.follows_clock = [], False

    @rule(saved=checkpoints)
    def go_back(self, saved):
        self.load(saved)

    @rule(saved=checkpoints, torn=st.binary(max_size=30).filter(lambda text: b"\n" not in text))
    def crash_and_resume(self, saved, torn):
        self.crash(torn)
        self.load(saved)

    @rule(torn=st.sampled_from([b"", b"{", b"\0" * 10]), step=st.integers(0, 6))
    def crash_and_follow_the_clock(self, torn, step):
        self.crash(torn)
        self.manager.set_progress(step=step)
        self.step = step

    def crash(self, torn):
        self.manager._log.close()
        if self.written:
            with (self.folder / "loss_log.jsonl").open("ab") as file:
                file.write(torn)
        self.open()

    @rule(saved=consumes(checkpoints))
    def forget(self, saved):
        del saved

    @invariant()
    def the_reader_gives_what_the_model_says(self):
        if getattr(self, "written", None):
            columns = read_log(self.folder).losses["a"]
            assert list(zip(columns.raw, columns.step, strict=True)) == self.written

    def teardown(self):
        if hasattr(self, "manager"):
            self.manager._log.close()


def test_the_reader_gives_what_the_model_says(tmp_path_factory):
    class Here(Runs):
        def new_folder(self):
            return tmp_path_factory.mktemp("run")

    run_state_machine_as_test(Here, settings=settings(deadline=None))
