"""A trained net: its parameters, the weights of its networks, where its streams are.

It is made anew by its constructor, from parameters of a closed list, and then given
its weights, which must be those of the networks made, by name, shape and dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch.history import History
from torch import Tensor, nn

from skgan._torch_globals import borrow_global_stream
from skgan.modules import LATENT_ENCODERS, ConditionMask, LatentEncoder
from skgan.nets import (
    AdversarialNet,
    InfoGANNet,
    fitting_groups,
    load_optimizer,
)
from skgan.storage import ContentError

NETWORKS = ("generator", "discriminator", "code_head", "averaged_generator")
_OPTIMIZERS = ("optimizer_generator", "optimizer_discriminator")
_STREAMS = ("latent_stream_", "order_stream_")
_PROGRESS = ("n_penalty_steps_", "penalty_weight_", "interrupted_", "ends_epoch_")
_NODES = {AdversarialNet: "net", InfoGANNet: "info_net"}
_PREFIXES = (
    *("generator__", "discriminator__", "code_head__", "dataset__"),
    *("optimizer_generator__", "optimizer_discriminator__"),
    *("iterator_train__", "iterator_valid__"),
)
# Parameters of every net of skorch that may be set.
_OF_SKORCH = {"predict_nonlinearity", "warm_start", "verbose", "device", "use_caching"}
# Parameters that each fit sets.
_OF_ONE_FIT = ("callbacks", "iterator_train__groups")
_DEFAULTS = {"compile": False, "torch_load_kwargs": None}


@cache
def _parameters(kind: Any) -> frozenset[str]:
    """Return what a net is made with; nothing that compiles, loads or calls back."""
    named = {
        parameter.name
        for base in kind.__mro__
        if issubclass(base, AdversarialNet)
        for parameter in signature(base).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    return frozenset(named | _OF_SKORCH)


def _may_be_set(kind: Any, name: str, value: Any) -> bool:
    if name.startswith("callbacks__"):
        # None switches a callback off that the net has by itself.
        return value is None
    return name in _parameters(kind) or name.startswith(_PREFIXES)


def encode(value: Any, encoder: Any) -> Any:
    """Return the node of a net or of what belongs to one; None for any other."""
    if type(value) in _NODES:
        return {_NODES[type(value)]: _encode_net(value, encoder)}
    if type(value) is History:
        return {"history": encoder.encode(list(value))}
    if type(value) is ConditionMask:
        units = [
            value.positions[value.unit_of == unit].tolist()
            for unit in range(value.n_units)
        ]
        return {"given_entries": [encoder.encode(units), value.sources.shape[1]]}
    for name, kind in LATENT_ENCODERS.items():
        if type(value) is kind:
            prefix = _encode_network(value, "latent_encoder", encoder)
            return {"latent_encoder": [name, encoder.encode(value.made_with), prefix]}
    return None


def _encode_net(net: AdversarialNet, encoder: Any) -> dict:
    params = {}
    for name, value in sorted(net.get_params(deep=False).items()):
        if name.startswith("_") or name in _OF_ONE_FIT:
            continue
        if name in _DEFAULTS and value == _DEFAULTS[name]:
            continue
        if not _may_be_set(type(net), name, value):
            raise encoder.refusal(f"trained with {name}={value!r:.80}")
        params[name] = encoder.encode_at(name, value)
    networks = {}
    for name in NETWORKS:
        if hasattr(net, f"{name}_"):
            networks[name] = _encode_network(getattr(net, f"{name}_"), name, encoder)
    optimizers = {name: _encode_optimizer(net, name, encoder) for name in _OPTIMIZERS}
    return {
        "params": params,
        "networks": networks,
        "optimizers": optimizers,
        "streams": [encoder.encode(getattr(net, name)) for name in _STREAMS],
        "progress": {
            name: encoder.encode(getattr(net, name))
            for name in _PROGRESS
            if hasattr(net, name)
        },
        "history": encoder.encode(net.history_),
    }


def _encode_network(module: nn.Module, name: str, encoder: Any) -> str:
    """Put the weights of a network aside, and return what their names begin with."""
    prefix = encoder.weights_prefix(name)
    for key, value in module.state_dict().items():
        if not isinstance(value, Tensor):
            raise encoder.refusal(f"a network with a state of its own, {key!r}")
        if not _is_sound(value):
            raise encoder.refusal(f"a network whose {key} is not finite")
        encoder.weights.add(prefix + key, value)
    return prefix


def _is_sound(value: Tensor) -> bool:
    return not value.is_floating_point() or bool(value.isfinite().all())


def _encode_optimizer(net: AdversarialNet, name: str, encoder: Any) -> dict:
    state = getattr(net, f"{name}_").state_dict()
    # The moments are larger than the networks, and of use to further training only.
    moments = state["state"] if encoder.is_warm_start else {}
    groups = [
        {key: value for key, value in group.items() if key != "params"}
        for group in state["param_groups"]
    ]
    return {"groups": encoder.encode(groups), "moments": encoder.encode(moments)}


def _decode_net(
    node: Any, decoder: Any, kind: type[AdversarialNet] = AdversarialNet
) -> AdversarialNet:
    fields = ("params", "networks", "optimizers", "streams", "progress", "history")
    if not isinstance(node, dict) or set(node) != set(fields):
        raise ContentError("A net lacks a part, or has one too many.")
    params = {}
    for name, value in _items(node["params"]):
        params[name] = decoder.decode(value)
        if not _may_be_set(kind, name, params[name]):
            raise ContentError(f"A net has no parameter {name!r:.80}.")
    params["device"] = _device(params.get("device"), decoder)
    # The instance is empty yet: other values may refer to it before it is made.
    net = kind.__new__(kind)
    optimizers = [
        (name, *_decode_optimizer(state, decoder))
        for name, state in _items(node["optimizers"], _OPTIMIZERS)
    ]
    attributes = _decode_progress(node, decoder)
    decoder.nets.append(_Plan(net, params, node["networks"], optimizers, attributes))
    return net


class _Plan(NamedTuple):
    """A net, and what it is made from once all else of the file is known to fit."""

    net: AdversarialNet
    params: dict[str, Any]
    networks: Any
    optimizers: list[tuple[str, list, dict]]
    attributes: dict[str, Any]

    def begin(self) -> None:
        """Give the net its parameters."""
        type(self.net).__init__(self.net, **self.params)

    def finish(self, decoder: Any) -> None:
        """Make the networks, and give them and the net what was saved of them."""
        net = self.net
        has_moments = any(moments for _, _, moments in self.optimizers)
        with decoder.bound:
            if has_moments:
                net.initialize()
            else:
                net.initialize_waiting(
                    {name: groups for name, groups, _ in self.optimizers}
                )
        _load_networks(net, self.networks, decoder)
        if has_moments:
            for name, groups, moments in self.optimizers:
                _load_optimizer(getattr(net, f"{name}_"), groups, moments)
        for name, value in self.attributes.items():
            is_stream = isinstance(value, torch.Generator)
            # A stream of a device that is not here begins anew.
            if not is_stream or value.device.type == getattr(net, name).device.type:
                setattr(net, name, value)
        net.eval()


def _decode_progress(node: dict, decoder: Any) -> dict[str, Any]:
    """Return the streams, counts and history of a net, by attribute."""
    streams = [decoder.decode(part) for part in decoder.parts(node["streams"], 2)]
    if not all(isinstance(stream, torch.Generator) for stream in streams):
        raise ContentError("A stream of a net is none.")
    attributes: dict[str, Any] = dict(zip(_STREAMS, streams, strict=True))
    for name, value in _items(node["progress"]):
        if name not in _PROGRESS:
            raise ContentError(f"A net has no {name!r:.80}.")
        attributes[name] = decoder.decode(value)
    attributes["history_"] = decoder.decode(node["history"])
    if type(attributes["history_"]) is not History:
        raise ContentError("The history of a net is none.")
    return attributes


def _items(node: Any, names: tuple[str, ...] | None = None) -> list[tuple[str, Any]]:
    if not isinstance(node, dict) or (names and set(node) != set(names)):
        raise ContentError(f"{node!r:.80} are no parts of a net.")
    return list(node.items())


def _device(saved: Any, decoder: Any) -> str:
    """Return the device a net was on, or the CPU where there is no such device."""
    kind = saved.partition(":")[0] if isinstance(saved, str) else ""
    if kind == "cuda" and torch.cuda.is_available():
        return "cuda"
    if kind == "mps" and torch.backends.mps.is_available():
        return "mps"
    if kind not in ("", "cpu"):
        decoder.missing_devices.add(kind)
    return "cpu"


def _load_networks(net: AdversarialNet, node: Any, decoder: Any) -> None:
    present = tuple(name for name in NETWORKS if hasattr(net, f"{name}_"))
    for name, prefix in _items(node, present):
        _load_weights(getattr(net, f"{name}_"), name, decoder.text(prefix), decoder)


def _load_weights(module: nn.Module, name: str, prefix: str, decoder: Any) -> None:
    wanted = module.state_dict()
    saved = decoder.weights.names(prefix) if prefix else []
    if set(saved) != set(wanted):
        missing = sorted(set(wanted) ^ set(saved))[:5]
        raise ContentError(
            f"The {name} has other weights than the file: {missing!r:.200}."
        )
    weights = {key: decoder.weights.tensor(prefix + key) for key in wanted}
    for key, value in weights.items():
        _check_like(value, wanted[key], f"{name}.{key}")
        if not _is_sound(value):
            raise ContentError(f"{name}.{key} is not finite.")
    module.load_state_dict(weights)


def _latent_encoder(node: Any, decoder: Any) -> LatentEncoder:
    name, params, prefix = decoder.parts(node, 3)
    if decoder.text(name) not in LATENT_ENCODERS:
        raise ContentError(f"{name!r:.80} is no encoder of latents.")
    with decoder.bound, borrow_global_stream():
        module = LATENT_ENCODERS[name](**decoder.decode(params))
    _load_weights(module, "latent_encoder", decoder.text(prefix), decoder)
    return module.requires_grad_(False).eval()


def _check_like(value: Tensor, like: Tensor, name: str) -> None:
    if value.shape != like.shape or value.dtype != like.dtype:
        raise ContentError(
            f"{name} is {tuple(value.shape)} of {value.dtype} in the file, but "
            f"{tuple(like.shape)} of {like.dtype} in the network."
        )


def _decode_optimizer(node: Any, decoder: Any) -> tuple[list, dict]:
    parts = dict(_items(node, ("groups", "moments")))
    groups, moments = decoder.items(parts["groups"]), decoder.decode(parts["moments"])
    if type(moments) is not dict:
        raise ContentError("An optimizer has moments that are none.")
    for group in groups:
        if type(group) is not dict or not all(
            type(name) is str and _is_setting(value) for name, value in group.items()
        ):
            raise ContentError("A group of an optimizer holds what none holds.")
    return groups, moments


def _is_setting(value: Any) -> bool:
    """Whether a value is what optimizers are set by: numbers, or some of them."""
    if isinstance(value, tuple | list):
        return all(isinstance(part, int | float | np.number) for part in value)
    is_number = isinstance(value, int | float | np.number | np.bool_)
    return value is None or is_number or (isinstance(value, Tensor) and not value.ndim)


def _load_optimizer(
    optimizer: torch.optim.Optimizer, groups: list, moments: dict
) -> None:
    groups = fitting_groups(optimizer, groups)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for index, moment in moments.items():
        if type(index) is not int or not 0 <= index < len(parameters):
            raise ContentError("An optimizer has moments of nothing.")
        if type(moment) is not dict:
            raise ContentError("Moments of an optimizer are none.")
        for value in moment.values():
            if isinstance(value, Tensor) and not (
                value.shape in ((), parameters[index].shape) and _is_sound(value)
            ):
                raise ContentError("A moment of an optimizer is not like its weight.")
    load_optimizer(optimizer, {"state": moments, "param_groups": groups})


def _history(node: Any, decoder: Any) -> History:
    records = decoder.items(node)
    for record in records:
        batches = record.get("batches") if isinstance(record, dict) else None
        if not isinstance(batches, list) or not all(
            isinstance(batch, dict) for batch in batches
        ):
            raise ContentError("A record of a history is none.")
    history = History()
    history.extend(records)
    return history


def _given_entries(node: Any, decoder: Any) -> ConditionMask:
    units, width = decoder.parts(node, 2)
    positions = [decoder.items(unit) for unit in decoder.parts(units, len(units))]
    if type(width) is not int or not all(
        type(place) is int and 0 <= place < width
        for unit in positions
        for place in unit
    ):
        raise ContentError("Entries that can be given lie outside of the row.")
    with decoder.bound:
        return ConditionMask(positions, width)


DECODERS: dict[str, Callable[[Any, Any], Any]] = {
    "net": _decode_net,
    "info_net": partial(_decode_net, kind=InfoGANNet),
    "history": _history,
    "given_entries": _given_entries,
    "latent_encoder": _latent_encoder,
}
