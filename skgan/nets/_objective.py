"""What a step minimises: losses, penalties and what else names stand for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from itertools import compress

import torch
from torch import Tensor, nn

from skgan._validation import check_integer
from skgan.nets._loop import AdversarialLoop
from skgan.objectives import Penalty
from skgan.objectives._penalties import BATCH_HALVES, squared_gradient_norms

PRECISIONS = ("float32", "bfloat16")


class AdversarialObjective(AdversarialLoop):
    """The losses of `AdversarialNet`, from rows and networks to scalars."""

    def check_objective(self) -> None:
        """Raise if what says how a step is computed is out of its range."""
        check_integer("penalty_interval", self.penalty_interval, 1)
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision must be one of {PRECISIONS}, got {self.precision!r}."
            )

    def call(self, module: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
        """Run a network, which need not know conditions when there are none."""
        arguments = (x,) if condition is None else (x, condition)
        if self.precision == "float32":
            return module(*arguments)
        with self.autocast(x.device.type):
            return module(*arguments).float()

    def call_in_parts(
        self, module: nn.Module, x: Tensor, condition: Tensor | None
    ) -> Tensor:
        """Run a network, on half the rows at a time where memory does not suffice."""
        try:
            return self.call(module, x, condition)
        except torch.OutOfMemoryError:
            if len(x) == 1:
                raise
        conditions = (None, None) if condition is None else condition.chunk(2)
        halves = zip(x.chunk(2), conditions, strict=True)
        return torch.cat([self.call_in_parts(module, *half) for half in halves])

    def autocast(self, device_type: str) -> AbstractContextManager:
        """Return the context in which networks compute in ``precision``."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device_type, dtype=getattr(torch, self.precision))

    def _discriminator_loss(self, real, fake, condition) -> Tensor:
        joint = self._augment(torch.cat([real, fake]))
        both = None if condition is None else torch.cat([condition, condition])
        penalty = self._due_penalty()
        is_joint = penalty is not None and penalty.points in BATCH_HALVES
        joint.requires_grad_(is_joint)
        logits = self._joint_logits(joint, both)
        loss = self.loss_.discriminator(*logits.chunk(2))
        if penalty is None:
            return loss
        if is_joint:
            norms = self._squared_norms(joint, logits, both, penalty.step, True)
            halves = norms.chunk(2)
            norms = torch.cat(list(compress(halves, BATCH_HALVES[penalty.points])))
        else:
            real, fake = joint.chunk(2)
            points = penalty.points(real, fake, self.latent_stream_)
            points = points.detach().requires_grad_()
            there = both if len(points) == len(joint) else condition
            logits = self.call(self.discriminator_, points, there)
            norms = self._squared_norms(points, logits, there, penalty.step, False)
        return loss + self.penalty_weight_ * penalty.cost(norms)

    def _due_penalty(self) -> Penalty | None:
        """Return the penalty in every `penalty_interval`-th step, None in between."""
        if self.penalty_interval == 1:
            return self.penalty_
        is_due = self.n_penalty_steps_ % self.penalty_interval == 0
        self.n_penalty_steps_ += 1
        return self.penalty_ if is_due else None

    def _augment(self, x: Tensor) -> Tensor:
        if self.augmentation_ is None:
            return x
        return self.augmentation_(x, self.latent_stream_)

    def _joint_logits(self, joint: Tensor, condition, is_joint=True) -> Tensor:
        """Judge real and fake rows in one pass, or apart if the network mixes rows."""
        discriminator = self.discriminator_
        if not (is_joint and getattr(discriminator, "mixes_rows", False)):
            return self.call(discriminator, joint, condition)
        conditions = (None, None) if condition is None else condition.chunk(2)
        halves = zip(joint.chunk(2), conditions, strict=True)
        return torch.cat([self.call(discriminator, x, c) for x, c in halves])

    def _squared_norms(
        self, x: Tensor, logits: Tensor, condition, step: float | None, is_joint
    ) -> Tensor:
        """Squared norms of the logits' gradients at `x`, exact or by a small step."""
        if step is None:
            return squared_gradient_norms(logits, x)
        noise = torch.empty_like(x).normal_(0, step, generator=self.latent_stream_)
        moved = self._joint_logits(x.detach() + noise, condition, is_joint)
        return ((moved - logits) / step).square().flatten(1).sum(1)

    def squared_gradient_norms(self, x: Tensor, condition: Tensor | None) -> Tensor:
        """Squared norms, of shape (n,), of the logit's gradients at rows `x`."""
        x = x.detach().requires_grad_()
        logits = self.call(self.discriminator_, x, condition)
        return squared_gradient_norms(logits, x)

    def _generator_loss(self, real, fake, condition) -> Tensor:
        fake_logits = self.call(self.discriminator_, self._augment(fake), condition)
        real_logits = None
        if self.loss_.pairs_real:
            with torch.no_grad():
                real_logits = self.call(
                    self.discriminator_, self._augment(real), condition
                )
        return self.loss_.generator(real_logits, fake_logits)
