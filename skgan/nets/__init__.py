"""skorch nets: the alternating optimization, nothing else."""

from skgan.nets._adversarial import AdversarialNet
from skgan.nets._info import InfoGANNet

__all__ = ["AdversarialNet", "InfoGANNet"]
