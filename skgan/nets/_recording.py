"""Recording a step on a CUDA device, and what of a net must hold still for it."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy

import torch
from torch import Tensor

OPTIMIZERS = ("optimizer_generator_", "optimizer_discriminator_")
# PyTorch allows one recording at a time in a process.
_RECORDING = threading.Lock()

Step = Callable[[], dict]


class CUDARecording:
    """What a step launches on a net's device: recorded once, replayed at will.

    Parameters
    ----------
    net : AdversarialNet
        On a CUDA device.
    """

    def __init__(self, net):
        self.random = net.latent_stream_
        self.device = self.random.device
        self.stream = torch.cuda.Stream(self.device)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Launch on a stream of its own: the default one cannot be recorded."""
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        try:
            # A recording that fails does not leave the stream by itself.
            with torch.cuda.stream(self.stream):
                yield
        except BaseException:
            # What is restored now must not meet what is still running.
            with suppress(RuntimeError):
                torch.cuda.synchronize(self.device)
            raise
        current.wait_stream(self.stream)

    def warm_up(self, step: Step) -> dict:
        """Take the step where it will be recorded."""
        with self._aside():
            return step()

    def record(self, step: Step) -> None:
        """Record the step; nothing is computed."""
        graph = torch.cuda.CUDAGraph()
        # Replays then go on in the net's stream, as plain steps would. Where PyTorch
        # finds it by itself, this warns or is gone.
        if hasattr(graph, "register_generator_state"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                graph.register_generator_state(self.random)
        # Left-over autograd graphs would tie recorded gradients to another stream.
        gc.collect()
        recording = torch.cuda.graph(
            graph, stream=self.stream, capture_error_mode="thread_local"
        )
        with _RECORDING, self._aside(), recording:
            self.outputs = step()
        self.graph = graph

    def replay(self) -> dict:
        """Compute what was recorded; its results are overwritten by the next replay."""
        self.graph.replay()
        return self.outputs


class LiveSettings:
    """Learning rates and the penalty's weight as tensors, which a graph reads anew.

    The net keeps its numbers, and schedules go on changing those.

    Parameters
    ----------
    net : AdversarialNet
        Initialised.
    """

    def __init__(self, net):
        n = len(_groups(net)) + 1
        self.tensors = [torch.zeros((), device=net.device) for _ in range(n)]
        self.values: list[float | None] = [None] * n

    def follow(self, net) -> None:
        """Take over the net's numbers where they have changed."""
        numbers = [*(group["lr"] for group in _groups(net)), net.penalty_weight_]
        for i, number in enumerate(numbers):
            if number != self.values[i]:
                self.tensors[i].fill_(number)
                self.values[i] = number

    @contextmanager
    def in_place(self, net) -> Iterator[None]:
        """Put the tensors in the place of the net's numbers for a while."""
        groups = _groups(net)
        numbers = [(group["lr"], group["capturable"]) for group in groups]
        weight = net.penalty_weight_
        for name in OPTIMIZERS:
            # The steps before the recording are meant to run without one.
            getattr(net, name)._warned_capturable_if_run_uncaptured = True
        try:
            for group, tensor in zip(groups, self.tensors, strict=False):
                group["lr"], group["capturable"] = tensor, True
            net.penalty_weight_ = self.tensors[-1]
            yield
        finally:
            for group, (lr, capturable) in zip(groups, numbers, strict=True):
                group["lr"], group["capturable"] = lr, capturable
            net.penalty_weight_ = weight


@contextmanager
def keep_buffers(net) -> Iterator[None]:
    """Write what a step puts in the place of buffers into those: a graph reads them."""
    modules = [module for network in net.networks() for module in network.modules()]
    kept = [
        (module._buffers, name, buffer)
        for module in modules
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    try:
        yield
        with torch.no_grad():
            for buffers, name, buffer in kept:
                if buffers[name] is not buffer:
                    buffer.copy_(buffers[name])
    finally:
        for buffers, name, buffer in kept:
            buffers[name] = buffer


def snapshot(net) -> Callable[[], None]:
    """Return a function that puts a net back to where it is now."""
    values = [t for m in net.networks() for t in (*m.parameters(), *m.buffers())]
    kept = [value.detach().clone() for value in values]
    states = {name: deepcopy(getattr(net, name).state_dict()) for name in OPTIMIZERS}
    random, n_steps = net.latent_stream_.get_state(), net.n_penalty_steps_

    def restore() -> None:
        with torch.no_grad():
            for value, then in zip(values, kept, strict=True):
                value.copy_(then)
        for name, state in states.items():
            getattr(net, name).load_state_dict(state)
        forget_gradients(net)
        # A stream that was being recorded may think it still is.
        net.latent_stream_ = torch.Generator(net.latent_stream_.device)
        net.latent_stream_.set_state(random)
        net.n_penalty_steps_ = n_steps

    return restore


def forget_gradients(net) -> None:
    """Drop the gradients of both networks."""
    for name in OPTIMIZERS:
        getattr(net, name).zero_grad(set_to_none=True)


def place_counts(net, device: str | torch.device) -> None:
    """Put optimizers' counts of steps where it is wanted."""
    for name in OPTIMIZERS:
        optimizer = getattr(net, name)
        for group in optimizer.param_groups:
            # These hold them on the device in any case; others do not record at all.
            if group.get("fused") or group.get("capturable", True):
                continue
            for parameter in group["params"]:
                state = optimizer.state.get(parameter, {})
                if isinstance(state.get("step"), Tensor):
                    state["step"] = state["step"].to(device)


def _groups(net) -> list[dict]:
    return [g for name in OPTIMIZERS for g in getattr(net, name).param_groups]
