"""skorch nets: the alternating optimization, nothing else."""

from skgan.nets._adversarial import AdversarialNet
from skgan.nets._info import InfoGANNet

# For other rooms; not part of the public surface.
from skgan.nets._info import read_hidden as read_hidden
from skgan.nets._process_group import Processes as Processes
from skgan.nets._process_group import is_first_process as is_first_process
from skgan.nets._process_group import join_processes as join_processes
from skgan.nets._process_group import own_device as own_device
from skgan.nets._process_group import process_rank as process_rank
from skgan.nets._state import fitting_groups as fitting_groups
from skgan.nets._state import load_optimizer as load_optimizer

__all__ = ["AdversarialNet", "InfoGANNet"]
