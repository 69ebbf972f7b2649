"""Schedules with a rise and a fall of different lengths."""

from __future__ import annotations

from math import inf
from typing import Literal

from attrs import field, frozen

from lossspec.schedules.base import Function, Schedule, invalid_position
from lossspec.schedules.interval import Interval
from lossspec.schedules.kinds import choice, number
from lossspec.schedules.shapes import SHAPES


@frozen(kw_only=True)
class one_cycle(Interval):
    """One rise to a peak and one fall.

        start_value + (peak_value - start_value) * g(x / ratio)                 x < ratio
        peak_value + (end_value - peak_value) * g((x - ratio) / (1 - ratio))    x >= ratio
        x = (t - start) / (end - start),    g(x) = (1 - cos(pi x)) / 2, or x with shape = "linear"

    ``start_value`` before ``start``, exactly ``end_value`` from ``end`` on. (torch arrives one step
    earlier: its ``total_steps`` is our ``end - start + 1``.)

    Attributes:
        start: where it begins.
        end: where it arrives; after ``start``.
        start_value: the value before.
        peak_value: the value at the peak.
        end_value: the value after.
        ratio: the fraction of the interval in which it rises; between 0 and 1, and 0.3 unless given.
        shape: "cosine" (unless given) or "linear".

    Source: ``torch.optim.lr_scheduler.OneCycleLR``; Smith and Topin 2018, https://arxiv.org/abs/1708.07120.

    >>> cycle = one_cycle(start=0, end=10, start_value=0.0, peak_value=1.0, end_value=0.5, ratio=0.5)
    >>> cycle(0), cycle(5), cycle(7.5), cycle(10)
    (0.0, 1.0, 0.75, 0.5)
    """

    peak_value: float = field(metadata=number("the value at the peak"))
    ratio: float = field(
        default=0.3,
        metadata=number("the fraction of the interval in which it rises, below 1", above=0, below=1),
    )
    shape: Literal["cosine", "linear"] = field(
        default="cosine", metadata=choice("the shape of the two ramps", "cosine", "linear")
    )

    def curve(self) -> Function:
        start, length, first, last = self.start, self.end - self.start, self.start_value, self.end_value
        peak, ratio, shape = self.peak_value, self.ratio, SHAPES[self.shape]
        rise, fall, rest = peak - first, last - peak, 1.0 - ratio

        def one_cycle(t: float) -> float:
            part = (t - start) / length
            if 0.0 < part < 1.0:
                if part < ratio:
                    return first + rise * shape(part / ratio)
                return peak + fall * shape((part - ratio) / rest)
            if 1.0 <= part < inf:
                return last
            if -inf < part <= 0.0:
                return first
            raise invalid_position(t)

        return one_cycle


@frozen(kw_only=True)
class warmup_stable_decay(Schedule):
    """A linear warmup, a plateau, and a decay (WSD, trapezoidal).

        start_value + (peak_value - start_value) * t / warmup                        t < warmup
        peak_value                                                                   for `stable`
        peak_value + (end_value - peak_value) * g((t - warmup - stable) / decay)     for `decay`
        g(x) = (1 - cos(pi x)) / 2, x, sqrt(x), or (1 - 0.1^x) / 0.9

    ``start_value`` before 0, exactly ``end_value`` from the end of the decay on.

    Attributes:
        warmup: the length of the rise; at least 0.
        stable: the length of the plateau; at least 0.
        decay: the length of the decay; above 0.
        peak_value: the value of the plateau.
        start_value: the value at 0; 0 unless given.
        end_value: the value after; 0 unless given.
        shape: the shape of the decay: "cosine" (unless given), "linear", "1-sqrt" or "exp". What is left of
            the fall is 1 - sqrt(x) with "1-sqrt", and falls by equal ratios to a tenth with "exp", stretched
            to end at 0.

    Source: ``transformers.get_wsd_schedule`` and timm's ``WSDLRScheduler``; Hu et al. 2024,
    https://arxiv.org/abs/2404.06395; for "1-sqrt" Hägele et al. 2024, https://arxiv.org/abs/2405.18392.

    >>> phases = warmup_stable_decay(warmup=10, stable=80, decay=10, peak_value=2.0)
    >>> phases(5), phases(50), phases(95), phases(100)
    (1.0, 2.0, 1.0, 0.0)
    """

    warmup: float = field(metadata=number("the length of the rise", least=0))
    stable: float = field(metadata=number("the length of the plateau", least=0))
    decay: float = field(metadata=number("the length of the decay", above=0))
    peak_value: float = field(metadata=number("the value of the plateau"))
    start_value: float = field(default=0.0, metadata=number("the value at 0"))
    end_value: float = field(default=0.0, metadata=number("the value after the decay"))
    shape: Literal["cosine", "linear", "1-sqrt", "exp"] = field(
        default="cosine", metadata=choice("the shape of the decay", "cosine", "linear", "1-sqrt", "exp")
    )

    def curve(self) -> Function:
        first, peak, last = self.start_value, self.peak_value, self.end_value
        warmup, turn, decay = self.warmup, self.warmup + self.stable, self.decay
        end, rise, fall = turn + decay, peak - first, last - peak
        shape = SHAPES[self.shape]

        def warmup_stable_decay(t: float) -> float:
            t += 0.0  # comparing a float with a float is faster than with an int
            if 0.0 < t < warmup:
                return first + rise * (t / warmup)
            if warmup <= t < turn:
                return peak
            if turn <= t < end:
                return peak + fall * shape((t - turn) / decay)
            if end <= t < inf:
                return last
            if -inf < t <= 0.0:
                return first
            raise invalid_position(t)

        return warmup_stable_decay
