"""Networks and objectives of the user's own, tried on a few rows before training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from skgan._messages import warn_user
from skgan._torch_globals import borrow_global_stream

_N_ROWS = 4
_TWICE = (
    " Layers that cannot be differentiated twice need penalty='r1+r2-difference' or "
    "None."
)
# Where a loss is tried: logits of new networks, of trained ones, of sure ones.
_LOGIT_SCALES = (0.01, 1.0, 100.0)


def probe(net: Any, X: Tensor, y: Tensor | None = None) -> None:
    """Raise where networks or objective cannot be trained; see `AdversarialNet.probe`.

    Nothing that training depends on is changed.
    """
    if net.compile:
        # A probe of fewer rows would make the compiler work for that shape.
        return
    n = min(_N_ROWS, len(X), net.batch_size if net.batch_size > 0 else len(X))
    batch = (X[:n], X.new_empty((n, 0)) if y is None else y[:n])
    with _untouched(net):
        real, condition = net.rows_and_condition(batch)
        fake = _check_generator(net, real, condition)
        both = _check_augmentation(net, torch.cat([real, fake.detach()]))
        conditions = None if condition is None else torch.cat([condition] * 2)
        _check_discriminator(net, fake, both, condition, conditions)
        _check_loss(net)
        _check_penalty(net, both, conditions)
        net.probe_more(real, fake, condition)
        _check_steps(net, real, fake, condition)


@contextmanager
def _untouched(net: Any) -> Iterator[None]:
    """Put a net in training mode, with a stream of its own, and back as it was."""
    layers = [m for network in net.modules_.values() for m in network.modules()]
    modes = [(layer, layer.training) for layer in layers]
    buffers = [
        (buffer, buffer.clone())
        for network in net.networks()
        for buffer in network.buffers()
        if not is_lazy(buffer)
    ]
    weights = [p for network in net.networks() for p in network.parameters()]
    slopes = [(weight, weight.grad) for weight in weights]
    kept = dict(net.__dict__)
    net.__dict__.update(
        latent_stream_=torch.Generator(net.device).manual_seed(0),
        penalty_weight_=net.penalty_weight,
        n_penalty_steps_=0,
        precision="float32",
    )
    try:
        with borrow_global_stream(0, net.device):
            for network in net.networks():
                network.train()
            yield
    finally:
        net.__dict__.clear()
        net.__dict__.update(kept)
        for layer, is_training in modes:
            layer.training = is_training
        for weight, slope in slopes:
            weight.grad = slope
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)


def _check_generator(net, real: Tensor, condition: Tensor | None) -> Tensor:
    name = name_network("generator", net.generator_)
    latents = net.draw_latents(len(real))
    fake = run(net, name, net.generator_, latents, condition)
    check_tensor(name, fake, "rows", real.shape, real.dtype)
    _check_weights(name, net.generator_, fake)
    _check_condition(net, name, net.generator_, latents, condition)
    return fake


def _check_discriminator(net, fake, both, condition, conditions) -> None:
    module = net.discriminator_
    name = name_network("discriminator", module)
    # Of both steps: fake rows alone, and beside real ones.
    if not getattr(module, "couples_batch", False):
        logits = run(net, name, module, both, conditions)
        check_tensor(name, logits, "logits", (len(both), 1))
    rows = _check_augmentation(net, fake.detach()).detach().requires_grad_()
    logits = run(net, name, module, rows, condition)
    check_tensor(name, logits, "logits", (len(fake), 1))
    _check_weights(name, module, logits)
    if _slopes(logits, [rows])[0] is None:
        raise ValueError(
            f"The {name} gives logits without a gradient at the rows that it is shown, "
            "so that no generator can learn from it: use no detach(), no_grad(), NumPy "
            "or rounding on the way from rows to logits."
        )
    _check_condition(net, name, module, rows.detach(), condition)


def _check_weights(name: str, module: nn.Module, output: Tensor) -> None:
    weights = [p for p in module.parameters() if p.requires_grad]
    if weights and not any(slope is not None for slope in _slopes(output, weights)):
        raise ValueError(
            f"The {name} gives an output without a gradient at any of its weights, so "
            "that it cannot be trained: use no detach(), no_grad() or NumPy in forward."
        )


def _check_condition(net, name: str, module, x: Tensor, condition) -> None:
    """Refuse a network that does not look at what it is conditioned on."""
    if condition is None or not net.shows_condition(module):
        return
    if not _ignores(net, module, x, condition):
        return
    message = (
        f"The {name} gives the same output whatever the condition is that it is called "
        "with, forward(x, condition): let it use the condition, of width "
        f"{condition.shape[1]}, for example by torch.cat([x, condition], dim=1)"
    )
    if net.conditioning is None:
        raise ValueError(f"{message}.")
    warn_user(
        f"{message}. As it is, rows drawn with `given` do not follow what is given; "
        "encoder=TableEncoder(condition_on=None) trains without conditions."
    )


def _ignores(net, module: nn.Module, x: Tensor, condition: Tensor) -> bool:
    """Whether an output depends on the condition neither smoothly nor in steps."""
    shown = condition.clone().requires_grad_()
    if _slopes(net.call(module, x, shown), [shown])[0] is not None:
        return False
    weights = list(module.parameters())
    kept = [weight.detach().clone() for weight in weights]
    module.eval()
    try:
        with torch.no_grad():
            # A layer that starts at zero, such as an embedding, would show nothing.
            for weight in weights:
                weight.add_(0.1 * torch.randn_like(weight))
            # Other classes of one-hot blocks, other numbers.
            outputs = [net.call(module, x, c) for c in (condition, 1 - condition)]
    finally:
        with torch.no_grad():
            for weight, value in zip(weights, kept, strict=True):
                weight.copy_(value)
        module.train()
    return torch.equal(*outputs)


def _check_loss(net: Any) -> None:
    """Try the functions of a loss on logits, apart from any network."""
    both = (("discriminator", True), ("generator", net.loss_.pairs_real))
    for role, sees_real in both:
        name = f"{role}'s function of loss={_shown(net.loss)}"
        has_slope = False
        for scale in _LOGIT_SCALES:
            noise = torch.randn(2, _N_ROWS, 1, device=net.device)
            real, fake = (scale * noise).requires_grad_()
            value = _attempt(
                f"{name}, called with "
                f"({'real_logits' if sees_real else 'None'}, fake_logits),",
                getattr(net.loss_, role),
                real if sees_real else None,
                fake,
            )
            check_scalar_loss(name, value)
            (slope,) = _slopes(value, [fake])
            has_slope |= slope is not None and bool(slope.any())
        if not has_slope:
            raise ValueError(
                f"The {name} has no gradient at fake_logits, so that nothing is "
                "learnt from it: use no detach(), item(), rounding or comparison."
            )


def _check_augmentation(net: Any, x: Tensor) -> Tensor:
    if net.augmentation_ is None:
        return x
    return check_rows_kept(
        f"augmentation {_shown(net.augmentation)}",
        net.augmentation_,
        x,
        net.latent_stream_,
    )


def check_rows_kept(name: str, function: Callable, x: Tensor, *arguments) -> Tensor:
    """Return what a function of rows makes of them, if it is rows like them."""
    changed = _attempt(
        f"{name}, called with rows of shape {tuple(x.shape)}", function, x, *arguments
    )
    check_tensor(name, changed, "rows", x.shape, x.dtype)
    return changed


def _check_penalty(net: Any, x: Tensor, conditions) -> None:
    penalty = net.penalty_
    if penalty is None:
        return
    name = f"penalty={_shown(net.penalty)}"
    x = x.detach().requires_grad_()

    def cost():
        logits = net._judge(x, conditions)
        value = net._gradient_penalty(penalty, x, logits, conditions)
        if isinstance(value, Tensor) and value.requires_grad:
            # Differentiates the second time.
            value.sum().backward(retain_graph=True)
        return value

    value = _attempt(name, cost, hint=_TWICE)
    check_scalar_loss(f"cost function of {name}", value)


def _check_steps(net: Any, real, fake, condition) -> None:
    """Take both steps as far as their gradients."""
    _, expected = net._generate(len(real), condition)
    for role, rows in (("discriminator", fake.detach()), ("generator", fake)):
        objective = getattr(net, f"_{role}_loss")
        loss = _attempt(f"{role}'s objective", objective, real, rows, condition)
        if role == "generator" and expected is not None:
            loss = loss + _attempt("matching", net.matching, expected)
        name = f"{role}'s objective"
        check_scalar_loss(name, loss)
        if not bool(loss.isfinite()):
            raise ValueError(
                f"The {name} is {float(loss)} on the first rows that it is tried on."
            )
        weights = [p for _, p in net.trained_by(role) if p.requires_grad]
        if weights and all(slope is None for slope in _slopes(loss, weights)):
            raise ValueError(
                f"The {name} has no gradient at any weight of its network."
            )


# Checks that subclasses of the net use, too.
def name_network(role: str, module: nn.Module) -> str:
    """Return how errors name a network."""
    return f"{role} {type(module).__name__}"


def run(net, name: str, module: nn.Module, x: Tensor, condition: Tensor | None) -> Any:
    """Run a network, or say which it was that failed, and on what."""
    shown = f"an input of shape {tuple(x.shape)}"
    if condition is not None:
        shown += f" and a condition of shape {tuple(condition.shape)}"
    hint = ""
    if len(x) == 1:
        hint = " Batches hold one row; batch normalisation needs batch_size >= 2."
    called = f"{name}, called with {shown},"
    return _attempt(called, net.call, module, x, condition, hint=hint)


def _attempt(name: str, function: Callable, *arguments, hint: str = "") -> Any:
    try:
        return function(*arguments)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise ValueError(
            f"The {name} failed with {type(error).__name__}: {error}{hint}"
        ) from error


def check_tensor(name: str, value: Any, what: str, shape, dtype=None) -> None:
    """Raise unless a network gave a finite tensor of this shape and dtype."""
    expected = f"{what} of shape {tuple(shape)}"
    if dtype is not None:
        expected += f" and dtype {dtype}"
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The {name} gave a {type(value).__name__} and must give a tensor: "
            f"{expected}."
        )
    is_like = value.is_floating_point() if dtype is None else value.dtype == dtype
    if value.shape != tuple(shape) or not is_like:
        raise ValueError(
            f"The {name} gave {what} of shape {tuple(value.shape)} and dtype "
            f"{value.dtype}, and must give {expected}, one for each row of the batch."
        )
    if not bool(value.isfinite().all()):
        raise ValueError(
            f"The {name} gave {what} that hold NaN or infinity, before any update."
        )


def check_scalar_loss(name: str, value: Any) -> None:
    """Raise unless a function of an objective gave one number that can be trained."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The {name} gave a {type(value).__name__} and must give a scalar tensor."
        )
    if value.numel() != 1:
        raise ValueError(
            f"The {name} gave a tensor of shape {tuple(value.shape)} and must give a "
            "scalar, such as its mean()."
        )
    if not value.requires_grad:
        raise ValueError(
            f"The {name} gave a number without a gradient, so that nothing is learnt "
            "from it: use no detach(), item(), rounding or comparison."
        )


def _slopes(output: Tensor, inputs: list) -> list[Tensor | None]:
    """Return gradients of an output's sum at inputs, None where there is none."""
    if not output.requires_grad:
        return [None] * len(inputs)
    return list(
        torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True)
    )


def _shown(value: Any) -> str:
    """Return how errors name a function, or a tuple of some, of the user's."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return getattr(value, "__name__", repr(value))
