"""skorch nets: the alternating optimization, nothing else."""

from skgan.nets._adversarial import AdversarialNet

__all__ = ["AdversarialNet"]
