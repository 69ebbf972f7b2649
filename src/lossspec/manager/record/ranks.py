"""Averages recorded values over the ranks, weighted by batch size, in one collective a flush."""

from __future__ import annotations

import os
import zlib
from array import array
from math import nan
from typing import TYPE_CHECKING

import torch
from torch import distributed

from lossspec.errors import LogError
from lossspec.log.rows import EPOCH, GAP, RAW, SAMPLES, STEP, WIDTH, without_gaps
from lossspec.manager.loss.walk import first_tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.log.protocol import Run
    from lossspec.log.rows import Sections


def ranks() -> int:
    """Return the number of processes that train together."""
    ready = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if ready else 1


#: What launchers tell a process about its place: torchrun, Slurm, and Lightning, the last two.
_PLACES = (("RANK",), ("SLURM_PROCID",), ("NODE_RANK", "LOCAL_RANK"))


def rank() -> int:
    """Return the rank of this process.

    Before ``init_process_group`` it comes from the variables of the launcher, which may only tell whether it
    is the first.
    """
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank()
    for names in _PLACES:
        found = [int(os.environ[name]) for name in names if name in os.environ]
        if found:
            return max(found)
    return 0


def batch_size(values: Iterable[object]) -> int:
    """Return the first dimension of the first tensor, or 1 if it has none or there is no tensor."""
    for value in values:
        found = value if isinstance(value, torch.Tensor) else first_tensor([value])
        if found is not None:
            shape = found.shape
            return shape[0] if shape else 1
    return 1


class RankMean:
    """Averages rows over the ranks.

    All ranks must call it equally often. The first collective has a size that all ranks know beforehand. Its
    head tells all of them whether the rows do not fit, or differ between ranks; then a second one follows.
    A row of an empty batch weighs 0.

    Args:
        run: has the digest of the spec, which must be that of all ranks.
    """

    def __init__(self, run: Run) -> None:
        self._capacity = 4096
        self._run = run

    def __call__(self, sections: Sections, told: Sequence[float]) -> tuple[Sections, list[float]]:
        """Return the rows with the mean of the values of all ranks, and the sums of ``told``.

        Raises:
            LogError: the ranks have different specs; all of them raise it.
        """
        rows = [row for losses in sections.values() for row in losses.values()]
        count = sum(len(each) for each in rows) // WIDTH
        layout = [
            (section, name, len(row)) for section, losses in sections.items() for name, row in losses.items()
        ]
        positions = zlib.crc32(repr(layout).encode())
        for row in rows:
            positions = zlib.crc32(row[EPOCH::WIDTH].tobytes() + row[STEP::WIDTH].tobytes(), positions)
        spec = zlib.crc32(repr(self._run.digest).encode())
        # short enough for an exact sum of squares over the ranks, which are equal where n * sum = square
        equal = [float(count), float(positions >> 12), float(spec >> 12)]
        head = [*equal, *(each**2 for each in equal), *told]
        fits = count <= self._capacity
        sums = _all_reduce(head + (_products(rows, self._capacity) if fits else [0.0] * 2 * self._capacity))
        size = ranks()
        same = [sums[index] ** 2 == size * sums[len(equal) + index] for index in range(len(equal))]
        told = sums[2 * len(equal) : len(head)]
        if not same[2]:
            raise LogError(
                f"the ranks train with different specs: that of rank {rank()} has the digest "
                f"{self._run.digest}; build the manager of each rank from the same spec, with the same params"
            )
        if not all(same):
            gathered: list[Sections] = [{}] * size
            distributed.all_gather_object(gathered, sections)
            return merged(gathered), told
        values = sums[len(head) :]
        if not fits:
            self._capacity = 1 << (count - 1).bit_length()
            values = _all_reduce(_products(rows, self._capacity))
        self._set(rows, values, len(values) // 2)
        return merged([sections]), told

    @staticmethod
    def _set(rows: list[array[float]], sums: list[float], capacity: int) -> None:
        index = 0
        for each in rows:
            for start in range(0, len(each), WIDTH):
                samples = sums[capacity + index]
                if samples or each[start + SAMPLES] != GAP:  # else a gap on every rank
                    each[start + RAW] = sums[index] / samples if samples else nan
                    each[start + SAMPLES] = samples
                index += 1


def _products(rows: list[array[float]], capacity: int) -> list[float]:
    """Return value times batch size of each row, then the batch sizes, both padded to the capacity."""
    samples = [max(n, 0.0) for row in rows for n in row[SAMPLES::WIDTH]]
    raws = [v for row in rows for v in row[RAW::WIDTH]]
    # NaN is what an empty batch gives
    values = [v * n if n else 0.0 for v, n in zip(raws, samples, strict=True)]
    padding = [0.0] * (capacity - len(values))
    return [*values, *padding, *samples, *padding]


def _all_reduce(values: list[float]) -> list[float]:
    nccl = distributed.get_backend() == "nccl"  # it cannot reduce tensors on the CPU
    device = torch.device("cuda", torch.cuda.current_device()) if nccl else torch.device("cpu")
    summed = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(summed)
    found: list[float] = summed.tolist()
    return found


def merged(of_ranks: list[Sections]) -> Sections:
    """Average the rows of some ranks, matched by loss and clock position; a gap weighs nothing."""
    found: dict[str, dict[str, array[float]]] = {}
    for section in dict.fromkeys(name for each in of_ranks for name in each):
        for loss in dict.fromkeys(name for each in of_ranks for name in each.get(section, {})):
            rows = [each.get(section, {}).get(loss, array("d")) for each in of_ranks]
            means = _merge_rows(rows) if len(rows) > 1 else without_gaps(rows[0])
            if means:
                found.setdefault(section, {})[loss] = means
    return found


def _merge_rows(of_ranks: list[array[float]]) -> array[float]:
    places: dict[tuple[float, float, int], list[array[float]]] = {}
    for rows in of_ranks:
        seen: dict[tuple[float, float], int] = {}
        for start in range(0, len(rows), WIDTH):
            row = rows[start : start + WIDTH]
            at = (row[EPOCH], row[STEP])
            seen[at] = seen.get(at, 0) + 1
            places.setdefault((*at, seen[at]), []).append(row)
    means = array("d")
    for _, place in sorted(places.items(), key=lambda each: each[0]):
        found = [each for each in place if each[SAMPLES] != GAP]
        if not found:  # on no rank
            continue
        row, samples = found[0], sum(each[SAMPLES] for each in found)
        total = sum(each[RAW] * each[SAMPLES] for each in found if each[SAMPLES])
        row[RAW] = total / samples if samples else nan
        row[SAMPLES] = samples
        means.extend(row)
    return means
