"""What "auto" stands for, given the data at hand, and the check of what is set."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import torch

from skgan._validation import (
    check_boolean,
    check_callbacks,
    check_dims,
    check_integer,
    check_mapping,
    check_real,
    check_verbosity,
)
from skgan.callbacks import TrainingCheckpoint, check_schedule
from skgan.encoding import BaseEncoder, TableLayout
from skgan.nets import own_device

SCHEDULES = ("annealed", "constant")
# The networks that take the place of others where there are labels.
CONDITIONAL_FORMS = {
    "transport": "conditional_transport",
    "calibrated_transport": "calibrated_conditional_transport",
}

# Columns times updates that few rows are trained for at least.
_CELLS_OF_UPDATES = 300_000
# The same at most for a generator that starts from a prior, of wide rows.
_WIDE, _CELLS_OF_WIDE_UPDATES = 1000, 200_000


class Settings(NamedTuple):
    """What one fit trains with: no "auto" is left."""

    latent_dim: int
    hidden_dims: tuple[int, ...]
    discriminator_dims: tuple[int, ...]
    generator: str | type
    discriminator: str | type
    loss: str | tuple
    penalty: str | tuple | None
    penalty_weight: float
    learning_rate: float
    batch_size: int
    betas: tuple[float, float]
    max_iter: int
    max_time: float | None
    n_discriminator_steps: int
    average_halflife: float | None
    schedule: dict
    n_iter_no_change: int
    device: str
    precision: str
    net_params: dict
    checkpoint: TrainingCheckpoint | None = None


def resolve_settings(
    estimator,
    n_rows: int,
    encoder: BaseEncoder,
    is_conditional: bool = False,
    starts_from: str = "normal",
) -> Settings:
    """Check the parameters of `estimator` and replace each "auto"."""
    check_boolean("warm_start", estimator.warm_start)
    check_verbosity("verbose", estimator.verbose)
    check_callbacks("callbacks", estimator.callbacks)
    check_mapping("net_params", estimator.net_params)
    layout = getattr(encoder, "layout_", None)
    if starts_from == "normal":
        automatic = automatic_values(n_rows, encoder.tensor_shape_, layout)
    else:
        automatic = _values_for_priors(n_rows, prod(encoder.tensor_shape_))
    automatic["generator"] = _form(automatic["generator"], is_conditional)
    automatic = estimator._adapt(automatic)
    device = resolve_device(estimator.device)

    def choose(name: str):
        value = getattr(estimator, name)
        is_automatic = isinstance(value, str) and value == "auto"
        return automatic.get(name, value) if is_automatic else value

    def integer(name: str) -> int:
        return check_integer(name, choose(name), 1)

    hidden_dims = check_dims("hidden_dims", choose("hidden_dims"))
    is_automatic = isinstance(estimator.hidden_dims, str)
    max_iter = check_integer("max_iter", choose("max_iter"), 0)
    share = 0.05 if starts_from == "normal" else 0.2
    automatic["average_halflife"] = share * max_iter
    return Settings(
        latent_dim=integer("latent_dim"),
        hidden_dims=hidden_dims,
        discriminator_dims=automatic["discriminator_dims"]
        if is_automatic
        else hidden_dims,
        generator=choose("generator"),
        discriminator=choose("discriminator"),
        loss=estimator.loss,
        penalty=estimator.penalty,
        penalty_weight=check_real("penalty_weight", choose("penalty_weight"), 0),
        learning_rate=check_real(
            "learning_rate", choose("learning_rate"), 0, strict=True
        ),
        batch_size=min(integer("batch_size"), n_rows),
        betas=automatic["betas"],
        max_iter=max_iter,
        max_time=_optional("max_time", estimator.max_time, strict=True),
        n_discriminator_steps=integer("n_discriminator_steps"),
        average_halflife=_optional("average_halflife", choose("average_halflife")),
        schedule=resolve_schedule(estimator.schedule, automatic["schedule"]),
        n_iter_no_change=integer("n_iter_no_change"),
        device=device,
        precision=fast_precision(device)
        if layout is not None or choose("generator") == "strided_conv"
        else "float32",
        net_params=_net_params(estimator, encoder, automatic),
    )


def _optional(name: str, value, strict: bool = False) -> float | None:
    return None if value is None else check_real(name, value, 0, strict=strict)


def _form(network: str, is_conditional: bool) -> str:
    return CONDITIONAL_FORMS.get(network, network) if is_conditional else network


def _net_params(estimator, encoder: BaseEncoder, automatic: dict) -> dict:
    """Parameters of the net that no parameter of the estimator names."""
    params: dict = {}
    if not isinstance(estimator.generator, type):
        params |= _last_activation(encoder)
    if "discriminator_learning_rate" in automatic and isinstance(
        estimator.learning_rate, str
    ):
        rate = automatic["discriminator_learning_rate"]
        params["optimizer_discriminator__lr"] = rate
    # A weight of the user's own, or another penalty, is meant for every step.
    is_automatic = isinstance(estimator.penalty_weight, str)
    if (
        is_automatic
        and estimator.penalty == "r1+r2"
        and "penalty_interval" in automatic
    ):
        params["penalty_interval"] = automatic["penalty_interval"]
    return params


def _last_activation(encoder: BaseEncoder) -> dict:
    """End a generator of pixels in an activation that covers their range.

    Most pixels are paper or ink, and an activation that saturates leaves them clean.
    """
    bounds = getattr(encoder, "value_range", None)
    names: dict[tuple[float, ...], str] = {(-1.0, 1.0): "tanh", (0.0, 1.0): "sigmoid"}
    name = None if bounds is None else names.get(tuple(map(float, bounds)))
    return {} if name is None else {"generator__output_activation": name}


def automatic_values(
    n_rows: int, tensor_shape: tuple[int, ...], layout: TableLayout | None = None
) -> dict:
    """Return what "auto" stands for, for vectors, images or tables."""
    if layout is not None:
        return _values_for_tables(n_rows, layout)
    if len(tensor_shape) > 1:
        return _values_for_images(prod(tensor_shape))
    return _values_for_vectors(n_rows, tensor_shape[0])


def _values_for_vectors(n_rows: int, n_columns: int) -> dict:
    # Few rows a column call for smoothing and few, small steps, or the discriminator
    # learns them by heart; many allow for detail.
    last_weight = max(3e-4, (10 * n_columns / n_rows) ** 1.5)
    first_weight = max(0.03, last_weight)
    speed = (n_rows / (500 * n_columns)) ** 0.5
    # More updates than few rows can teach something in are spent on copying them, and
    # an update of wide rows takes as much longer.
    least = min(max(_CELLS_OF_UPDATES // n_columns, 50), 300)
    max_iter = round(min(max(12 * n_rows / n_columns, least), 4000))
    # With many rows there is little to calibrate, and between narrow modes much that
    # a map of all rows would move off them.
    is_calibrated = n_rows < 500 * n_columns
    return {
        "latent_dim": n_columns,
        "hidden_dims": (128, 128, 128),
        "discriminator_dims": (128, 128, 128, 128),
        "generator": "calibrated_transport" if is_calibrated else "transport",
        "discriminator": "kaiming_mlp",
        "penalty_weight": first_weight,
        "learning_rate": 1e-3 * min(max(speed, 0.1), 2.0),
        "batch_size": 256,
        "betas": (0.0, 0.99),
        "max_iter": max_iter,
        "schedule": {
            "learning_rate": ("cosine", 0.02),
            "penalty_weight": ("geometric", last_weight / first_weight),
        },
    }


def _values_for_tables(n_rows: int, layout: TableLayout) -> dict:
    # As for vectors, with room for levels: what many updates learn from few rows is
    # the rows.
    n_columns = layout.n_numbers + len(layout.block_widths)
    last_weight = max(1e-3, (10 * n_columns / n_rows) ** 1.5)
    first_weight = max(0.3, last_weight)
    speed = (n_rows / (500 * n_columns)) ** 0.5
    return {
        "latent_dim": layout.n_numbers + 64,
        "hidden_dims": (256, 256, 256),
        "discriminator_dims": (256, 256, 256),
        "generator": "table",
        "discriminator": "table",
        "penalty_weight": first_weight,
        "learning_rate": 1e-3 * min(max(speed, 0.1), 1.0),
        "batch_size": 256,
        "betas": (0.0, 0.99),
        "max_iter": round(min(max(12 * n_rows / n_columns, 300), 25000)),
        "schedule": {
            "learning_rate": ("cosine", 0.02),
            "penalty_weight": ("geometric", last_weight / first_weight),
        },
    }


def _values_for_priors(n_rows: int, width: int) -> dict:
    # A generator that starts from a good prior has little to learn, and the
    # discriminator much to learn by heart: few updates, bounded moves.
    max_iter = min(max(n_rows // 4, 50), 1000)
    if width > _WIDE:
        max_iter = min(max_iter, max(_CELLS_OF_WIDE_UPDATES // width, 20))
    return {
        "latent_dim": 1,
        "hidden_dims": (128, 128),
        "discriminator_dims": (128, 128, 128),
        "generator": "residual",
        "discriminator": "kaiming_mlp",
        "penalty_weight": 0.05,
        "learning_rate": 3e-4,
        "discriminator_learning_rate": 1e-3,
        "batch_size": 256,
        "betas": (0.0, 0.99),
        "max_iter": max_iter,
        "schedule": {"learning_rate": ("cosine", 0.05)},
    }


def _values_for_images(n_pixels: int) -> dict:
    return _values_for_few_pixels() if n_pixels <= 256 else _values_for_many_pixels()


def _values_for_few_pixels() -> dict:
    # A penalty that falls lets the discriminator of few pixels win: on 8 x 8 digits it
    # tripled the energy distance.
    return {
        "latent_dim": 64,
        "hidden_dims": (128, 128),
        "discriminator_dims": (128, 128),
        "generator": "residual_mlp",
        "discriminator": "residual_mlp",
        "penalty_weight": 0.3,
        "learning_rate": 1e-3,
        "batch_size": 128,
        "betas": (0.0, 0.99),
        "max_iter": 6000,
        "schedule": {"learning_rate": ("cosine", 0.05)},
    }


def _values_for_many_pixels() -> dict:
    # Convolutions want a penalty that falls for their detail. In every fourth step,
    # with four times the weight, it costs a third less and smooths as much.
    return {
        "latent_dim": 64,
        "hidden_dims": (256,),
        "discriminator_dims": (256,),
        "generator": "strided_conv",
        "discriminator": "strided_conv",
        "penalty_weight": 4.0,
        "penalty_interval": 4,
        "learning_rate": 3e-3,
        "batch_size": 64,
        "betas": (0.0, 0.99),
        "max_iter": 4000,
        "schedule": {
            "learning_rate": ("cosine", 0.05),
            "penalty_weight": ("geometric", 0.1),
        },
    }


def resolve_schedule(schedule: str | dict, annealed: dict) -> dict:
    """Return the parameters of `skgan.callbacks.Annealing` behind a name."""
    if isinstance(schedule, dict):
        unknown = set(schedule) - {"learning_rate", "penalty_weight", "beta2"}
        if unknown:
            raise ValueError(
                f"schedule has unknown keys {sorted(unknown)}; it may hold "
                "'learning_rate', 'penalty_weight' and 'beta2'."
            )
        return check_schedule(**schedule)
    if not isinstance(schedule, str):
        raise TypeError(f"schedule must be a name or a dict, got {schedule!r}.")
    if schedule not in SCHEDULES:
        raise ValueError(
            f"schedule={schedule!r} is not known; choose one of {SCHEDULES} "
            "or pass a dict."
        )
    return annealed if schedule == "annealed" else {}


def resolve_device(device: str | torch.device) -> str:
    """Return the name of a device; "auto" is CUDA where there is one, else the CPU."""
    if not isinstance(device, str | torch.device):
        raise TypeError(f"device must be a name such as 'cpu', got {device!r}.")
    if device == "auto":
        return own_device("cuda") if torch.cuda.is_available() else "cpu"
    try:
        # "meta" makes tensors without values: reading one shows it.
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}") from error
    return own_device(str(device))


def fast_precision(device: str) -> str:
    """Return the precision in which a device multiplies matrices fastest."""
    kind = torch.device(device).type
    if kind == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    # Older versions of PyTorch do not tell.
    capabilities: dict = getattr(torch.cpu, "get_capabilities", dict)()
    return "bfloat16" if capabilities.get("avx512_bf16") else "float32"
