"""The networks themselves: plain `torch.nn.Module` classes, by name.

A generator is made with the keywords ``latent_dim`` and ``output_shape``, a
discriminator with ``input_shape``; both get ``condition_dim`` (0 when
unconditional) and ``hidden_dims``. Adding a network is one class and one line.
"""

from __future__ import annotations

from torch import nn

from skgan.modules._code_head import CodeHead
from skgan.modules._conditional_residual_latent import (
    CalibratedConditionalResidualLatentGenerator,
    ConditionalResidualLatentGenerator,
)
from skgan.modules._convolutional import (
    StridedConvDiscriminator,
    StridedConvGenerator,
)
from skgan.modules._dcgan import DCGANDiscriminator, DCGANGenerator
from skgan.modules._encoder import LatentEncoder, MLPEncoder, StridedConvEncoder

# For other rooms; not part of the public surface.
from skgan.modules._image_layers import default_channels as default_channels
from skgan.modules._image_layers import geometry as geometry
from skgan.modules._image_layers import initialize as initialize
from skgan.modules._image_layers import pad_to_even as pad_to_even
from skgan.modules._image_layers import pyramid as pyramid
from skgan.modules._image_layers import to_rows as to_rows
from skgan.modules._mlp import (
    MLPDiscriminator,
    MLPGenerator,
    ResidualMLPDiscriminator,
    ResidualMLPGenerator,
)
from skgan.modules._residual_convolutional import (
    ResidualConvDiscriminator,
    ResidualConvGenerator,
)
from skgan.modules._residual_generator import ResidualGenerator
from skgan.modules._residual_latent import (
    CalibratedResidualLatentGenerator,
    KaimingMLPDiscriminator,
    ResidualLatentGenerator,
)
from skgan.modules._table_networks import (
    ConditionMask,
    TableDiscriminator,
    TableGenerator,
)

GENERATORS: dict[str, type[nn.Module]] = {
    "calibrated_conditional_transport": CalibratedConditionalResidualLatentGenerator,
    "calibrated_transport": CalibratedResidualLatentGenerator,
    "conditional_transport": ConditionalResidualLatentGenerator,
    "dcgan": DCGANGenerator,
    "mlp": MLPGenerator,
    "residual": ResidualGenerator,
    "residual_conv": ResidualConvGenerator,
    "residual_mlp": ResidualMLPGenerator,
    "strided_conv": StridedConvGenerator,
    "table": TableGenerator,
    "transport": ResidualLatentGenerator,
}
DISCRIMINATORS: dict[str, type[nn.Module]] = {
    "dcgan": DCGANDiscriminator,
    "kaiming_mlp": KaimingMLPDiscriminator,
    "mlp": MLPDiscriminator,
    "residual_conv": ResidualConvDiscriminator,
    "residual_mlp": ResidualMLPDiscriminator,
    "strided_conv": StridedConvDiscriminator,
    "table": TableDiscriminator,
}
LATENT_ENCODERS: dict[str, type[LatentEncoder]] = {
    "mlp": MLPEncoder,
    "strided_conv": StridedConvEncoder,
}

__all__ = [
    "DISCRIMINATORS",
    "GENERATORS",
    "LATENT_ENCODERS",
    "CalibratedConditionalResidualLatentGenerator",
    "CalibratedResidualLatentGenerator",
    "CodeHead",
    "ConditionMask",
    "ConditionalResidualLatentGenerator",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "KaimingMLPDiscriminator",
    "LatentEncoder",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "ResidualConvDiscriminator",
    "ResidualConvGenerator",
    "ResidualGenerator",
    "ResidualLatentGenerator",
    "ResidualMLPDiscriminator",
    "ResidualMLPGenerator",
    "StridedConvDiscriminator",
    "StridedConvEncoder",
    "StridedConvGenerator",
    "TableDiscriminator",
    "TableGenerator",
    "resolve_network",
]


def resolve_network(
    network: str | type[nn.Module], registry: dict[str, type[nn.Module]], role: str
) -> type[nn.Module]:
    """Return the class behind a registered name, or the class itself.

    Parameters
    ----------
    network : str or type
        A key of `registry` or a subclass of `torch.nn.Module`.
    registry : dict
        `GENERATORS` or `DISCRIMINATORS`.
    role : {"generator", "discriminator"}
        Named in errors.

    Returns
    -------
    type

    Raises
    ------
    ValueError
        If the name is not registered.
    TypeError
        If `network` is neither a name nor a class of modules.
    """
    if isinstance(network, str):
        if network not in registry:
            raise ValueError(
                f"{role}={network!r} is not known; choose one of {sorted(registry)} "
                "or pass a torch.nn.Module class."
            )
        return registry[network]
    if isinstance(network, type) and issubclass(network, nn.Module):
        return network
    raise TypeError(
        f"{role} must be a registered name or a torch.nn.Module class (not an "
        f"instance, which a second fit would train further); got {network!r}."
    )
