"""The CSV file of a run, against `lossspec log export --format csv`."""

import csv

from click.testing import CliRunner

from lossspec.cli.log import log_command
from lossspec.writers import CsvWriter


def exported(run):
    found = CliRunner().invoke(log_command, ["export", str(run), "--format", "csv"])
    assert found.exit_code == 0, found.output
    return found.output.splitlines()


def test_the_lines_are_those_of_an_export(make, train, tmp_path):
    path = tmp_path / "new" / "losses.csv"
    train(make(CsvWriter(path), experiment_dir=tmp_path / "run"), range(8))
    head, *lines = path.read_text().splitlines()
    assert head == exported(tmp_path / "run")[0]
    assert sorted(lines) == sorted(exported(tmp_path / "run")[1:])


def test_a_resumed_run_appends_what_is_missing(make, train, tmp_path):
    path, run = tmp_path / "losses.csv", tmp_path / "run"
    first = make(CsvWriter(path), experiment_dir=run)
    train(first, range(3), ends=False)
    state = first.state_dict()
    train(first, range(3, 8))
    with path.open("a") as file:
        file.write("l1,training,8,9.0,1")  # a killed process
    again = make(CsvWriter(path), experiment_dir=run)
    again.load_state_dict(state)
    train(again, range(3, 12))
    with path.open(newline="") as file:
        found = [(each["loss"], each["section"], float(each["position"])) for each in csv.DictReader(file)]
    assert len(found) == len(set(found)) == len(exported(run)) - 1
    assert [position for loss, section, position in found if (loss, section) == ("l1", "training")] == [
        float(step) for step in range(12)
    ]
