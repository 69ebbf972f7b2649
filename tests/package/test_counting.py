"""What the benchmarks count: the operations that torch dispatches, and on CUDA the events of kineto."""

import pytest
import torch
from tests.benchmarks.counting import Count, count, of_events
from tests.benchmarks.devices import devices, label
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_operations_that_others_call_are_not_counted(device):
    device = torch.device(device)
    x, y = torch.ones(3, device=device), torch.zeros(3, device=device)
    assert count(lambda: torch.dot(torch.stack([x, y])[0], y), device) == Count(3, 0, 0, 0.0)
    assert count(lambda: torch.nn.functional.mse_loss(x, y) * 2.0, device).operations == 3  # and a broadcast


def test_reads_of_the_host_are_waits():
    x = torch.ones(3)
    found = count(lambda: [x[0].item(), x[1].item(), bool(x[2] > 0)], torch.device("cpu"))
    assert found.waits == 3


def event(name, device=DeviceType.CPU, span=(0.0, 1.0), parent=None):
    is_annotation = name.startswith("ProfilerStep")
    made = FunctionEvent(1, name, 1, *span, device_type=device, is_user_annotation=is_annotation)
    if parent is not None:
        parent.append_cpu_child(made)
        made.set_cpu_parent(parent)
    return made


def test_a_profile_of_cuda_is_counted():
    """The events of ``(2.0 * x).item()``: what runs on the device, and what the host called."""
    double, item = event("aten::mul"), event("aten::item")
    read = event("aten::_local_scalar_dense", parent=item)
    events = [
        double,
        event("cudaLaunchKernel", parent=double),
        event("void at::native::vectorized_elementwise_kernel<4>", DeviceType.CUDA, (5.0, 8.0)),
        item,
        read,
        event("cudaMemcpyAsync", parent=read),
        event("cudaStreamSynchronize", parent=read),
        event("Memcpy DtoH (Device -> Pinned)", DeviceType.CUDA, (9.0, 10.5)),
        event("ProfilerStep#1", DeviceType.CUDA, (0.0, 20.0)),
        event("cudaDeviceSynchronize"),
    ]
    assert of_events(events) == Count(operations=2, launches=2, waits=1, busy=4.5)


def test_a_device_is_chosen(monkeypatch):
    monkeypatch.setenv("LOSSSPEC_BENCH_DEVICE", "cpu, meta")
    assert devices() == [torch.device("cpu"), torch.device("meta")]
    assert label(devices()[0]).startswith("[cpu: ")
    monkeypatch.setenv("LOSSSPEC_BENCH_DEVICE", "cuda:99")
    with pytest.raises(SystemExit, match="asks for cuda:99, but torch sees"):
        devices()
