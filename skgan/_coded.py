"""BaseCodedSampler: the hooks of the base, filled for rows that have codes."""

from __future__ import annotations

from copy import deepcopy

import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skgan._base import BaseGANSampler
from skgan._codes import CodeConditions
from skgan._validation import check_integer, check_real
from skgan.encoding import BaseEncoder, TableEncoder
from skgan.encoding._container import as_rows
from skgan.metrics import ReferenceSpace
from skgan.nets import InfoGANNet
from skgan.nets._info import read_hidden
from skgan.objectives import warp

# Rows that are read at once.
_BLOCK = 1024


class BaseCodedSampler(BaseGANSampler):
    """A sampler whose net draws codes, and reads them off rows.

    A subclass has the parameters `n_categories`, `n_continuous` and the weights of
    what is not read of them.
    """

    _conditions: CodeConditions
    _net_class = InfoGANNet

    def _read(self, X, dtype) -> NDArray:
        check_is_fitted(self, "net_")
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        rows = torch.as_tensor(
            self._shape(self.encoder_.transform(X)).astype(dtype),
            device=self.net_.device,
        )
        discriminator = deepcopy(self.net_.discriminator_).to(rows.dtype)
        codes = [self._features(discriminator, block) for block in rows.split(_BLOCK)]
        return torch.cat(codes).cpu().numpy()

    def _features(self, discriminator, rows: torch.Tensor) -> torch.Tensor:
        head = deepcopy(self.net_.code_head_).to(rows.dtype)
        with torch.inference_mode():
            logits, means = head(read_hidden(discriminator, rows))
            return torch.cat([logits.softmax(dim=1), means], dim=1)

    def _make_encoder(self, X):
        encoder = super()._make_encoder(X)
        if isinstance(encoder, TableEncoder):
            raise ValueError(
                f"{type(self).__name__} takes vectors and images, and X is a table of "
                "mixed columns; encode its levels as numbers, or use GANSampler."
            )
        return encoder

    def _adapt(self, automatic):
        if automatic["discriminator"] != "strided_conv":
            return automatic
        # What suits convolutions that judge is too fast where they read codes, too: at
        # .003 all digits of MNIST end in one category. And 1500 updates find the ten
        # digits with most seeds, four of five; of 4000, the one tried did not.
        return {**automatic, "learning_rate": 1e-3, "max_iter": 1500}

    def _make_conditions(self, encoder, encoded, labels, target):
        n_categories = check_integer("n_categories", self.n_categories, 2)
        n_continuous = check_integer("n_continuous", self.n_continuous, 0)
        if _are_images(encoder):
            return CodeConditions(n_categories, n_continuous)
        # Encoded columns have no gaps: neighbors are those in the user's units.
        X = encoder.inverse_transform(encoded)
        standardised = ReferenceSpace().fit(X).transform(X)
        coordinates = torch.as_tensor(standardised, dtype=torch.float32)
        return CodeConditions(n_categories, n_continuous, coordinates)

    def _data_params(self, encoder, rows, conditions, settings) -> dict:
        weights = ("code_weight", "continuous_code_weight", "clustering_weight")
        return {
            "n_categories": conditions.category_width,
            "n_continuous": conditions.number_width,
            "generator__condition_dim": conditions.condition_dim,
            "move": warp if _are_images(encoder) else None,
            **{name: check_real(name, getattr(self, name), 0) for name in weights},
        }

    def _train(self, rows, settings, held_out):
        self._n_features_out = self.net_.n_categories + self.net_.n_continuous
        return super()._train(rows, settings, held_out)


def _are_images(encoder: BaseEncoder) -> bool:
    return min(encoder.tensor_shape_[1:], default=1) > 1
