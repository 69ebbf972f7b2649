"""The HTML report in a real browser: what it shows, the pointer and the keyboard."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.report.run.page import report
from lossspec.report.run.page_data import NamedLog

SPEC = """
[inputs]
rec = "a scalar <b>"
adv = "a scalar"
dis = "a scalar"

[losses.rec]
type = "lossspec.Precomputed"
inputs = ["rec"]
weight = 100.0
objective = "G"

[losses.adv]
type = "lossspec.Precomputed"
inputs = ["adv"]
weight = { type = "linear", unit = "epoch", start = 2, end = 6, start_value = 0.0, end_value = 2.0 }
objective = "G"

[losses.dis]
type = "lossspec.Precomputed"
inputs = ["dis"]
objective = "D"
"""
EPOCHS, STEPS = 8, 10


def rec(_, step):
    return math.nan if step == 33 else 3.0 / (1 + step)


VALUES = {"rec": rec, "adv": lambda epoch, _: 0.5 + epoch, "dis": lambda *_: 0.7}

#: The actions of a reader, for the tests below.
READER = (Path(__file__).parent / "reader.js").read_text(encoding="utf-8")


@pytest.fixture
def one(spec_of, log_of):
    return report([NamedLog("runs/7", log_of(spec_of(SPEC), VALUES, EPOCHS, STEPS))])


def test_the_page_needs_nothing_else(one, ask):
    assert ask(one, "return performance.getEntriesByType('resource').map((each) => each.name)") == []
    assert not re.search(r"(?:src|href|action)\s*=|@import|url\(", one)


def test_what_a_reader_sees_first(one, ask):
    found = ask(
        one,
        READER
        + """return {
          titles: charts.map(title), legends: charts.map(legend), ticks: charts.map(ticks),
          words: document.querySelector("#charts").textContent,
          formula: document.querySelectorAll("math").length,
          marks: [...document.querySelectorAll("title")].map((each) => each.textContent),
          labels: charts.map((svg) => svg.getAttribute("aria-label")),
          wide: document.documentElement.scrollWidth <= innerWidth,
        };""",
    )
    assert found["titles"] == ["losses", "applied weight", "share of the total", "losses"]
    last = 100 * rec(7, 79)
    recs = sum(100 * rec(7, step) for step in (77, 78, 79))  # the last stretch of the shares
    share = 100 * recs / (recs + 3 * 15.0)
    assert found["legends"] == [
        {"rec": f"{last:.4g}", "adv": "15"},
        {"rec": "100", "adv": "2"},
        {"rec": f"{share:.1f} %", "adv": f"{100 - share:.1f} %"},
        {"dis": "0.7"},
    ]
    assert all(ticks[0] == 0 and ticks[-1] == EPOCHS for ticks in found["ticks"])
    assert "Constant weights: dis = 1." in found["words"]
    assert found["formula"] > 5
    assert found["marks"] == ["runs/7", "rec: 1 not finite"]
    assert found["labels"][1] == "applied weight: rec from 100 to 100, adv from 0.5 to 2"
    assert found["wide"]


def test_values_that_are_not_finite_are_said_first(one, ask):
    found = ask(one, "return [...document.querySelectorAll('.warning')].map((each) => each.textContent);")
    assert found == [
        "in training, values of rec (1) are not finite: the first is of rec, at epoch 3, step 33"
    ]


def test_pointing_shows_the_values_there_in_every_chart(one, ask):
    found = ask(
        one,
        READER + "point(charts[3], 'pointermove', (3 + 0.5) / 8); return charts.map(legend);",
    )
    assert found[0] == {"rec": f"{100 * rec(3, 35):.4g}", "adv": "1.75"}
    assert found[1] == {"rec": "100", "adv": "0.5"}
    found = ask(one, READER + "point(charts[0], 'pointermove', 0.1); return legend(charts[1]);")
    assert found["adv"] == "\N{EN DASH}"  # it was not computed there


def test_raw_or_weighted_smoothing_and_scale(one, ask):
    found = ask(
        one,
        READER
        + """
        const before = curves(charts[0]);
        button("raw").click(); await drawn();
        const raw = legend(charts[0]), shown = [pressed("raw"), pressed("weighted")];
        button("weighted").click();
        const slider = document.querySelector("input[type=range]");
        slider.value = 0; slider.dispatchEvent(new Event("input")); await drawn();
        const rough = curves(charts[0]), faint = document.querySelectorAll("path.faint").length;
        button("linear").click(); await drawn();
        const linear = curves(charts[0]);
        button("log").click(); await drawn();
        const flat = linear[0] !== curves(charts[0])[0];
        return { raw, shown, faint, smooths: before[0] !== rough[0], flat };
        """,
    )
    assert found == {
        "raw": {"rec": f"{rec(7, 79):.4g}", "adv": "7.5"},
        "shown": ["true", "false"],
        "faint": 0,
        "smooths": True,
        "flat": True,
    }


def test_zoom_is_linked_and_taken_back(one, ask):
    found = ask(
        one,
        READER
        + """
        drag(charts[0], 0.25, 0.5); await drawn();
        const zoomed = charts.map(ticks);
        charts[2].dispatchEvent(new MouseEvent("dblclick")); await drawn();
        const whole = charts.map(ticks);
        drag(charts[0], 0.5, 0.502); await drawn();
        return { zoomed, whole, click: ticks(charts[0]) };
        """,
    )
    for ticks in found["zoomed"]:
        assert (min(ticks), max(ticks)) == (2, 4)
    for ticks in [*found["whole"], found["click"]]:
        assert (min(ticks), max(ticks)) == (0, EPOCHS)


def test_everything_by_keyboard(one, ask):
    found = ask(
        one,
        READER
        + """
        const chart = charts[0];
        chart.focus();
        const focused = document.activeElement === chart;
        for (let i = 0; i < 3; i += 1) key("ArrowRight", chart);
        const read = document.querySelector("#readout").textContent;
        key("ArrowRight", chart, { shiftKey: true });
        const far = document.querySelector("#readout").textContent;
        key("+", chart); await drawn();
        const near = ticks(charts[3]);
        key("0", chart); await drawn();
        const all = ticks(charts[3]);
        key("w"); key("l"); await drawn();
        const states = [pressed("raw"), pressed("linear")];
        key("w", document.querySelector("input")); key("w", document.body, { ctrlKey: true }); await drawn();
        const toggle = charts[0].closest("figure").querySelector(".legend button");
        toggle.focus(); toggle.click(); await drawn();
        const hidden = charts.map((svg) => curves(svg).length);
        return { focused, read, far, near, all, states, still: pressed("raw"), hidden,
          gone: legend(charts[0]), share: legend(charts[2]) };
        """,
    )
    assert found["focused"]
    assert found["read"].startswith("epoch 4.12: rec ")
    assert found["far"].startswith("epoch 4.52: ")
    assert max(found["near"]) - min(found["near"]) <= 4
    assert (found["all"][0], found["all"][-1]) == (0, EPOCHS)
    assert found["states"] == ["true", "true"]
    assert found["still"] == "true"
    assert found["hidden"] == [1, 1, 0, 1]
    assert found["gone"]["rec"] == ""
    assert found["share"]["adv"] == "100.0 %"


def test_several_runs_are_compared_term_by_term(spec_of, log_of, ask):
    spec = spec_of(SPEC)
    other = {**VALUES, "dis": lambda *_: 0.9}
    longer = log_of(
        spec_of(SPEC.replace("end_value = 2.0", "end_value = 4.0"), "other"), other, 10, STEPS, folder="b"
    )
    runs = [NamedLog("a", log_of(spec, VALUES, EPOCHS, STEPS, folder="a")), NamedLog("b", longer)]
    found = ask(
        report(runs),
        READER
        + """
        const first = charts.map(legend);
        const hide = [...charts[0].closest("figure").querySelectorAll(".legend button")][1];
        hide.click(); await drawn();
        return { titles: charts.map(title), first, ticks: ticks(charts[0]), hidden: curves(charts[0]).length,
          text: document.body.textContent };
        """,
    )
    assert found["titles"] == ["rec", "adv", "adv", "a", "b", "dis"]
    assert found["first"][1] == {"a": "15", "b": "38"}
    assert found["first"][-1] == {"a": "0.7", "b": "0.9"}
    assert found["ticks"][-1] == 10
    assert found["hidden"] == 1
    assert "Constant weights: rec = 100." in found["text"]
    assert "changed: losses.adv.weight.end_value" in found["text"]


def test_a_late_term_is_not_listed_as_constant(tmp_path, spec_of, ask):
    spec = spec_of(
        '[losses]\na = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
        'b = { type = "torch.L1Loss", inputs = ["x", "y"], '
        'weight = { type = "window", unit = "epoch", start = 3, value = 0.125 } }\n'
    )
    with LossManager.from_spec(spec, experiment_dir=tmp_path / "run") as manager:
        for epoch in range(4):
            manager.set_progress(epoch=epoch)
            manager.objective()(x=torch.ones(2), y=torch.zeros(2))
    page = report([NamedLog("run", read_log(tmp_path / "run"))])
    found = ask(page, READER + "return document.querySelector('#charts').textContent;")
    assert "applied weight" in found
    assert "Constant weights" not in found


def test_text_from_the_log_is_escaped(tmp_path, ask):
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{data}"
    with LossManager(experiment_dir=tmp_path / "run") as manager:
        manager.register_loss_fn("LOSS", lambda x: x)
        for step in range(3):
            manager.compute_loss("LOSS", torch.tensor(1.0 + step))
            manager.step()
    path = tmp_path / "run" / "loss_log.jsonl"
    escaped = evil.replace('"', '\\"')
    text = path.read_text().replace("LOSS", escaped)
    path.write_text(text.replace('"spec":null,"digest":null', f'"spec":"{escaped}","digest":"{escaped}"'))
    page = report([NamedLog(evil, read_log(path))])
    found = ask(
        page,
        READER
        + """return { title: document.title, names: charts.map(legend),
          h1: document.querySelector("h1").textContent };""",
    )
    assert (found["title"], found["h1"]) == (evil, evil)
    assert found["names"][0] == {evil: "3"}


def contrast(one, other):
    def light(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_stand_out(one, ask, dark):
    found = ask(
        one,
        """const style = getComputedStyle(document.body), probe = document.createElement("i");
        document.body.append(probe);
        const read = (name) => {
          probe.style.color = `var(--${name})`;
          return getComputedStyle(probe).color;
        };
        return { ground: style.backgroundColor, ink: style.color, quiet: read("quiet"),
          curves: [0, 1, 2, 3, 4, 5, 6].map((index) => read(`c${index}`)) };""",
        dark=dark,
    )
    assert (contrast(found["ground"], "rgb(0, 0, 0)") < 2) == dark
    assert contrast(found["ink"], found["ground"]) >= 12
    assert contrast(found["quiet"], found["ground"]) >= 4.5
    assert all(contrast(colour, found["ground"]) >= 3 for colour in found["curves"]), found


def test_it_fits_a_phone(one, ask):
    assert ask(one, "return document.documentElement.scrollWidth - innerWidth", width=500) <= 0


def test_a_phone_is_read_to_its_end_and_has_marks_on_its_axis(one, ask):
    found = ask(
        one,
        READER
        + """document.body.style.width = "340px"; await drawn(); // no window of the browser is as narrow
        return { controls: getComputedStyle(document.querySelector(".controls")).position,
          ticks: Math.min(...charts.map((svg) => ticks(svg).length)) };""",
        width=500,
    )
    assert found["controls"] == "static", "they scroll away"
    assert found["ticks"] >= 4
