"""Whether a loaded sampler can do what it is there for: draw rows."""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import numpy as np
import torch

from skgan.nets import AdversarialNet
from skgan.priors import BasePrior, LevelColumn
from skgan.rejection import RejectionRule
from skgan.samplers import (
    Inverter,
    InverterRunner,
    LabelledRows,
    StageDraws,
    condition_on_labels,
)
from skgan.storage import ContentError

_N_ROWS = 2
# Two rows wider than this would take long, and much memory.
_WIDEST_ROW = 2**20


def smoke_test_sample(sampler: Any) -> None:
    """Draw two rows, which no stream notices."""
    width = prod(sampler.encoder_.tensor_shape_)
    if max(width, sampler.n_features_in_) > _WIDEST_ROW:
        return
    net, encoder = sampler.net_, sampler.encoder_
    builder = encoder.output_builder_
    shares = getattr(builder, "repaired_share", None)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        given = _labels(sampler)
        rng = np.random.default_rng(0)
        if sampler.prior_ is not None:
            _smoke_test_stages(sampler, given, rng)
            return
        condition = sampler._draw_condition(_N_ROWS, rng, given)
        latents = net.draw_latents(_N_ROWS, torch.Generator().manual_seed(0))
        drawn = net.call(net.sampling_generator_, latents, condition)
        rows = drawn.flatten(1).cpu().numpy()
        if rows.shape != (_N_ROWS, width):
            raise ContentError(f"The generator draws rows of shape {rows.shape[1:]}.")
        buffer = builder.make_buffer(_N_ROWS)
        encoder.write_decoded(buffer, 0, rows)
        if given is not None and hasattr(encoder, "write_given"):
            encoder.write_given(buffer, 0, given, rows)
        builder.build(buffer)
        _smoke_test_inversion(sampler, drawn, condition)
    if shares is not None:
        builder.repaired_share = shares


def _smoke_test_stages(sampler: Any, given: LabelledRows | None, rng) -> None:
    """Draw rows of the prior and of the generator that starts from it."""
    encoder, labels = sampler.encoder_, getattr(sampler._conditions, "labels", None)
    draws = StageDraws(
        encoder, sampler.prior_, sampler.net_, labels, sampler.rejection_
    )
    cells = None
    if given is not None:
        cells = condition_on_labels(given.values, len(encoder.schema_))
    for stage in ("prior", "generator"):
        columns = draws.draw(stage, _N_ROWS, rng, cells)
        buffer = encoder.output_builder_.make_buffer(_N_ROWS)
        encoder.write_columns(buffer, 0, columns[:, draws.n_labels :])
        encoder.output_builder_.build(buffer)


def _smoke_test_inversion(sampler: Any, drawn: torch.Tensor, condition: Any) -> None:
    """Look for the latents of drawn rows, if the sampler can."""
    inverter = vars(sampler).get("inverter_")
    if inverter is None:
        return
    if type(inverter) is not Inverter:
        raise ContentError("The encoder of latents of a sampler is none.")
    rows = drawn.reshape(_N_ROWS, *sampler.encoder_.tensor_shape_).double().cpu()
    reconstruction = InverterRunner(sampler.net_, inverter)(rows, condition)
    if reconstruction.latents.shape != (_N_ROWS, sampler.net_.latent_dim):
        raise ContentError("The encoder of latents makes none of the generator's.")


def _labels(sampler: Any) -> LabelledRows | None:
    """Return labels to draw rows by; None for a sampler without labels."""
    conditions = sampler._conditions
    if not hasattr(conditions, "labels"):
        return None
    given = LabelledRows(np.repeat(conditions.rows_[:1], _N_ROWS, axis=0))
    conditions.labels.write(given.values)
    return given


def check_sizes(sampler: Any) -> None:
    """Raise a ContentError unless all that is of a row's size says so."""
    encoder, conditions = sampler.encoder_, sampler._conditions
    if not isinstance(sampler.net_, AdversarialNet):
        raise ContentError("The net of a sampler is none.")
    width, builder = prod(encoder.tensor_shape_), encoder.output_builder_
    row_shape = getattr(builder, "row_shape", ())
    for sizes in (encoder.tensor_shape_, row_shape):
        if not all(type(size) is int and 0 < size < 2**31 for size in sizes):
            raise ContentError(f"{sizes!r:.80} is no shape of a row.")
    if row_shape and prod(row_shape) != sampler.n_features_in_:
        raise ContentError(f"Rows of shape {row_shape!r:.80} have other features.")
    shape = tuple(sampler.net_.generator__output_shape)
    layout = getattr(encoder, "layout_", None)
    if sampler.prior_ is not None:
        _check_prior(sampler, width)
        shape = encoder.tensor_shape_
    widths = {getattr(part, "width", width) for part in (conditions, layout)}
    if widths != {width} or shape != encoder.tensor_shape_:
        raise ContentError("Encoder and networks disagree on the size of a row.")
    labels = getattr(conditions, "labels", None)
    if labels is not None:
        n_entries = sum(column.width for column in labels.columns_)
        if n_entries != labels.condition_dim_:
            raise ContentError("Labels and conditions disagree on their size.")
        if n_entries > _WIDEST_ROW:
            raise ContentError(f"Conditions cannot have {n_entries} entries.")


def _check_prior(sampler: Any, width: int) -> None:
    """Raise a ContentError unless prior, stage and generator fit the encoder."""
    labels = getattr(sampler._conditions, "labels", None)
    schema = sampler.encoder_.schema_ or ()
    if labels is not None:
        schema, width = (*labels.schema_, *schema), width + labels.condition_dim_
    if not isinstance(sampler.prior_, BasePrior) or sampler.prior_.schema_ != schema:
        raise ContentError("Encoder and prior disagree on the columns of a row.")
    is_rule = isinstance(sampler.rejection_, RejectionRule | None)
    if not is_rule or str(sampler.stage_).split("+")[0] not in ("prior", "generator"):
        raise ContentError(f"{sampler.stage_!r:.80} is no stage of a sampler.")
    rule = sampler.rejection_
    if rule is not None and rule.margins_.is_levels_.tolist() != [
        isinstance(column, LevelColumn) for column in schema
    ]:
        raise ContentError("What rows are rejected by knows other columns.")
    if tuple(sampler.net_.generator__output_shape) != (width,):
        raise ContentError("Encoder and networks disagree on the size of a row.")
