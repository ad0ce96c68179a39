"""skorch nets: the alternating optimization, nothing else."""

from skgan.nets._adversarial import AdversarialNet

# For other rooms; not part of the public surface.
from skgan.nets._global_stream import borrow_global_stream as borrow_global_stream
from skgan.nets._info import InfoGANNet
from skgan.nets._info import read_hidden as read_hidden
from skgan.nets._state import fitting_groups as fitting_groups
from skgan.nets._state import load_optimizer as load_optimizer

__all__ = ["AdversarialNet", "InfoGANNet"]
