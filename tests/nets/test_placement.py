"""Rows lie on the device where they fit; a machine without a GPU stands in for one."""

import logging

import pytest
import torch

from skgan.loader import TensorData


@pytest.mark.parametrize(("free", "fits"), [(4000, True), (1000, False)])
def test_rows_go_to_a_gpu_that_has_room_for_them(
    make_net, X, monkeypatch, caplog, free, fits
):
    moved = []
    monkeypatch.setattr(
        TensorData, "to", lambda self, device: moved.append(device) or self
    )
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free, 10**6))
    with caplog.at_level(logging.INFO, "skgan"):
        data = make_net(device="cuda").get_dataset(X)
    assert len(data) == len(X) and data.X.nbytes == 768
    assert moved == (["cuda"] if fits else [])
    assert ("stay in the main memory, for cuda has" in caplog.text) is not fits


def test_each_batch_of_rows_left_behind_is_copied_to_the_device(make_net, X):
    net = make_net(max_epochs=1).fit(X)
    batch = next(iter(net.get_iterator(TensorData(X), training=True)))
    copied = []

    class Copied(torch.Tensor):
        def to(self, device):
            copied.append(device)
            return torch.Tensor(self)

    net.train_step(tuple(part.as_subclass(Copied) for part in batch))
    assert copied == ["cpu", "cpu"]
