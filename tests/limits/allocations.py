"""Builds losses in processes of their own and prints what each takes; run by test_memory.py.

The arguments of a loss are set to their bounds, one at a time, and then those of `TOGETHER`. What its
catalogue puts above the limit is not built. The others have that limit, and half
of it on top, as their address space.
"""

import json
import os
import resource
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path

import librosa
import torch

from lossspec.errors import LossSpecError, MissingExtraError
from lossspec.manager.building.module import construct
from lossspec.registry import find, load, types
from lossspec.registry.allocation import MAX_BYTES, allocated

PAGE = os.sysconf("SC_PAGE_SIZE")
#: Arguments that together take some hundred megabytes or have a cost in common.
TOGETHER = {
    "auraloss.MelSTFTLoss": [{"fft_size": 2**14, "n_mels": 1000}],
    "auraloss.STFTLoss": [
        {"fft_size": 2**14, "n_bins": 256, "scale": each, "sample_rate": 44100.0}
        for each in ("mel", "chroma")
    ],
    "auraloss.MultiResolutionSTFTLoss": [
        {"fft_sizes": [2**18] * 40, "hop_sizes": [1] * 40, "win_lengths": [2**18] * 40},
        {"fft_sizes": [64] * 2000, "hop_sizes": [1] * 2000, "win_lengths": [64] * 2000},
        {
            "fft_sizes": [2**13] * 2,
            "hop_sizes": [1] * 2,
            "win_lengths": [2**13] * 2,
            "n_bins": 128,
            "scale": "chroma",
            "sample_rate": 44100.0,
        },
    ],
    "lossspec.MelSpectrogramLoss": [
        {"windows": [2**14], "bands": [400], "hops": [100]},
        {"windows": [2**11] * 20, "bands": [80] * 20, "hops": [100] * 20},
    ],
    "monai.LocalNormalizedCrossCorrelationLoss": [
        {"kernel_size": 255, "kernel_type": each} for each in ("rectangular", "triangular", "gaussian")
    ],
    "monai.SSIMLoss": [{"spatial_dims": 3, "win_size": 255}],
    "monai.NACLLoss": [{"classes": 65536, "dim": 3, "kernel_size": 255}],
    "pytorch_metric_learning.ManifoldLoss": [{"l": 5000, "K": 10000}],
    "pytorch_metric_learning.SoftTripleLoss": [
        {"num_classes": 10000, "embedding_size": 64, "centers_per_class": 40}
    ],
    "pytorch_metric_learning.SubCenterArcFaceLoss": [
        {"num_classes": 10000, "embedding_size": 64, "sub_centers": 40}
    ],
    "torch.LinearCrossEntropyLoss": [{"num_classes": 100, "in_features": 256, "out_features": [30, 40]}],
}
MATRICES = ["ArcFace", "CosFace", "LargeMarginSoftmax", "NormalizedSoftmax", "ProxyAnchor", "ProxyNCA"]
#: Losses that allocate in each call, and the smallest inputs.
SHAPES = {
    "kornia.SSIM3DLoss": (1, 1, 8, 8, 8),
    "kornia.mutual_information_loss": (1, 64),
    "kornia.mutual_information_loss_2d": (1, 8, 8),
    "kornia.mutual_information_loss_3d": (1, 8, 8, 8),
    "kornia.normalized_mutual_information_loss": (1, 64),
    "kornia.normalized_mutual_information_loss_2d": (1, 8, 8),
    "kornia.normalized_mutual_information_loss_3d": (1, 8, 8, 8),
    "monai.GlobalMutualInformationLoss": (1, 1, 64),
}
for each in SHAPES:
    TOGETHER[each] = [{"num_bins": 2500} if "SSIM" not in each else {"window_size": 351}]
for each in (*MATRICES, "SphereFace"):
    TOGETHER[f"pytorch_metric_learning.{each}Loss"] = [{"num_classes": 100_000, "embedding_size": 200}]
TOGETHER["pytorch_metric_learning.P2SGradLoss"] = [{"num_classes": 100_000, "descriptors_dim": 256}]


def run(entry, args, shape):
    """Build a loss, and call it."""
    module = construct(entry, args)
    if shape is not None:
        module(torch.rand(shape), torch.rand(shape))


def taken(entry, args, needed, shape=None):
    """Return how many bytes a process took to build a loss, and to call it, and what it said."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            signal.alarm(20)
            with suppress(Exception):  # the code that it runs is in memory from here on, and not counted
                run(entry, needed, shape)
            size, before = (int(each) * PAGE for each in Path("/proc/self/statm").read_text().split()[:2])
            Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
            limit = size + MAX_BYTES + MAX_BYTES // 2
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            try:
                run(entry, args, shape)
            except Exception:  # noqa: BLE001 - libraries raise anything
                said = traceback.format_exc(limit=0)[-300:]
            status = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
            os.write(writer, json.dumps([int(status) * 1024 - before, said]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else [MAX_BYTES * 10, "killed"]


def bounds(schema):
    """Yield the largest values of an argument that is, or has, whole numbers."""
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    if "integer" in kinds and "enum" not in schema:
        largest = schema.get("maximum", 10**9)
        yield largest
    items = schema.get("items", {})
    if "array" in kinds and items.get("type") == "integer":
        yield from ([value] * count for value in bounds(items) for count in (1, 3))
    for each in schema.get("anyOf", []):
        yield from bounds(each)


def least(argument):
    schema = argument.schema
    return schema.get("examples", schema.get("enum", [schema.get("minimum", 1)]))[0]


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)  # a forked process hangs in the threads of its parent
    for bank in (librosa.filters.mel, librosa.filters.chroma):  # what it imports is not counted
        bank(sr=44100, n_fft=512)
    for name in types():
        entry = find(name)
        try:
            load(entry)
        except MissingExtraError:
            continue
        needed = {each.name: least(each) for each in entry.args.values() if each.required}
        with suppress(LossSpecError):  # it imports what it needs
            construct(entry, needed)
        tried = [{each.name: value} for each in entry.args.values() for value in bounds(each.schema)]
        for given in (*tried, *TOGETHER.get(name, [])):
            args = needed | given
            claimed = allocated(entry, args)
            found = taken(entry, args, needed, SHAPES.get(name)) if claimed <= MAX_BYTES else None
            shown = {key: str(value)[:60] for key, value in given.items()}
            print(json.dumps([name, shown, claimed, *(found or [None, ""])]))


if __name__ == "__main__":
    sys.exit(main())
