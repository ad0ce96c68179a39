"""Where a net is in its training, at an epoch's end, and going back there."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from skgan._torch_globals import borrow_global_stream, draw_globally

_PROGRESS = ("n_penalty_steps_", "penalty_weight_")


def training_state(net) -> dict[str, Any]:
    """Return all that the next epoch depends on, but for callbacks' own state.

    Tensors and streams are the net's own: write them before it trains on.
    """
    return {
        "modules": {name: m.state_dict() for name, m in net.modules_.items()},
        "optimizers": {name: o.state_dict() for name, o in net.optimizers_.items()},
        "history": list(net.history),
        "loader": net.loader_.state_dict(),
        "streams": _own_streams(net),
        "layers": _streams_of_layers(net),
        "progress": {name: getattr(net, name) for name in _PROGRESS},
    }


def keep_start(net) -> dict[str, Any]:
    """Return copies of the weights and of the optimizers' moments."""
    parts = {**net.modules_, **net.optimizers_}
    return {name: deepcopy(part.state_dict()) for name, part in parts.items()}


def go_back(net, kept: dict[str, Any]) -> None:
    """Give a net the weights and moments that `keep_start` returned."""
    for name, module in net.modules_.items():
        module.load_state_dict(kept[name])
    for name, optimizer in net.optimizers_.items():
        load_optimizer(optimizer, kept[name])


def start_anew(net, seed: int) -> None:
    """Give a net weights as before the first step, and no moments; streams go on."""
    with borrow_global_stream(seed):
        for name in net.network_names:
            fresh = net.make_network(name)
            getattr(net, f"{name}_").load_state_dict(fresh.state_dict())
    if hasattr(net, "averaged_generator_"):
        net.averaged_generator_.load_state_dict(net.generator_.state_dict())
    for optimizer in net.optimizers_.values():
        optimizer.state.clear()


def load_trained(net, state: dict[str, Any]) -> None:
    """Give a net the weights, optimizers and history of a checkpoint, or raise."""
    _load_parts("modules", net.modules_, state, nn.Module.load_state_dict)
    _load_parts("optimizers", net.optimizers_, state, load_optimizer)
    net.history.clear()
    net.history.extend(state["history"])


def _load_parts(
    kind: str, parts: dict[str, Any], state: dict[str, Any], load: Callable
) -> None:
    if set(state[kind]) != set(parts):
        raise ValueError(
            f"The checkpoint has the {kind} {sorted(state[kind])}, but the net has "
            f"{sorted(parts)}."
        )
    for name, part in parts.items():
        try:
            load(part, state[kind][name])
        except (RuntimeError, KeyError, ValueError) as error:
            raise ValueError(
                f"The checkpoint was written with another {name}: {error} Delete "
                "it to train anew."
            ) from error


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give an optimizer its state, laid out in memory like the weights it trains.

    Fused optimizers go through both as they lie; files hold tensors row by row.
    """
    optimizer.load_state_dict(state)
    for weight, moments in optimizer.state.items():
        for name, value in moments.items():
            if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                buffer = torch.empty_like(
                    weight, dtype=value.dtype, requires_grad=False
                )
                moments[name] = buffer.copy_(value)


def load_groups(optimizer: torch.optim.Optimizer, groups: list[dict]) -> None:
    """Give an optimizer without moments its learning rates and other settings."""
    load_optimizer(
        optimizer, {"state": {}, "param_groups": fitting_groups(optimizer, groups)}
    )


def fitting_groups(optimizer: torch.optim.Optimizer, groups: list[dict]) -> list[dict]:
    """Return groups with the weights of an optimizer, or raise a ValueError."""
    expected = optimizer.state_dict()["param_groups"]
    if len(groups) != len(expected):
        raise ValueError("An optimizer has other groups than its network.")
    for group, like in zip(groups, expected, strict=True):
        if not set(group) <= {*like, "initial_lr"} - {"params"}:
            raise ValueError("A group of an optimizer holds what none holds.")
    return [
        {**group, "params": like["params"]}
        for group, like in zip(groups, expected, strict=True)
    ]


def load_position(net, state: dict[str, Any]) -> None:
    """Put a net's loader and streams to where they were, once its loop has begun."""
    net.loader_.load_state_dict(state["loader"])
    for name, stream in _own_streams(net).items():
        stream.set_state(state["streams"][name].get_state())
    if state["layers"]:
        torch.set_rng_state(state["layers"][0].get_state())
        for stream in state["layers"][1:]:
            torch.cuda.set_rng_state(stream.get_state(), net.device)
    for name in _PROGRESS:
        setattr(net, name, state["progress"][name])


def _own_streams(net) -> dict[str, torch.Generator]:
    values = sorted(vars(net).items())
    return {name: v for name, v in values if isinstance(v, torch.Generator)}


def _streams_of_layers(net) -> list[torch.Generator]:
    """Return copies of the global streams, where layers draw from them."""
    if not draw_globally(net.networks()):
        return []
    streams = [torch.Generator()]
    streams[0].set_state(torch.get_rng_state())
    if torch.device(net.device).type == "cuda":
        streams.append(torch.Generator(net.device))
        streams[1].set_state(torch.cuda.get_rng_state(net.device))
    return streams
