"""GANSampler: fit on rows, sample rows."""

from __future__ import annotations

from skgan.samplers._base import BaseGANSampler
from skgan.samplers._diagnosis_mixin import DiagnosisMixin
from skgan.samplers._explanation import ExplanationMixin
from skgan.samplers._inversion import InversionMixin


class GANSampler(DiagnosisMixin, ExplanationMixin, InversionMixin, BaseGANSampler):
    """Learns rows or images, and samples new ones.

    Tables and vectors start from a chain of decision trees [3]_. A generative
    adversarial network [1]_ [2]_ that moves the chain's rows, and the rejection of
    rows that come too often [4]_, are kept where held-out rows show that they help.
    Images are learnt by the network alone, from normal noise.

    Parameters
    ----------
    latent_dim : int or "auto", default="auto"
        Dimension of the latent z that the generator turns into a row.
    hidden_dims : sequence of int or "auto", default="auto"
        Widths of the hidden layers of both networks; wider learns more and costs
        more.
    generator : str or type, default="auto"
        A key of `skgan.modules.GENERATORS` or a `torch.nn.Module` class, made with
        the keywords ``latent_dim``, ``output_shape``, ``condition_dim`` and
        ``hidden_dims``.
    discriminator : str or type, default="auto"
        A key of `skgan.modules.DISCRIMINATORS` or a `torch.nn.Module` class, made
        with ``input_shape``, ``condition_dim`` and ``hidden_dims``. A method
        ``features(x)`` lets ``transform`` use it.
    loss : str or tuple, default="relativistic"
        A key of `skgan.objectives.LOSSES`, or a pair of functions
        ``(discriminator, generator)`` of ``(real_logits, fake_logits)``.
    penalty : str, tuple or None, default="r1+r2"
        A key of `skgan.objectives.PENALTIES`, a pair of functions
        ``(cost, points)``, or None.
    penalty_weight : float or "auto", default="auto"
        Times the penalty. More keeps every mode but blurs it.
    learning_rate : float or "auto", default="auto"
        Of both optimizers (Adam).
    batch_size : int or "auto", default="auto"
        Rows a step; at most the number of rows is used.
    max_iter : int or "auto", default="auto"
        Generator updates, so that it means the same on 200 rows and on 2 million.
        0 trains no networks: rows are those of the prior, and of `rejection`. Without
        trees, as of images, an untrained generator draws, and ``fit`` warns.
    n_discriminator_steps : int, default=1
        Discriminator steps a generator update.
    average_halflife : float, None or "auto", default="auto"
        Half-life, in updates, of the average of the generator's weights that
        ``sample`` and ``score`` use; None uses the last weights.
    schedule : str or dict, default="annealed"
        How things change over the fit. "annealed": the learning rate falls by half
        a cosine to a fiftieth, the penalty's weight geometrically to what suits the
        number of rows; for images to a twentieth, and the penalty's weight to a
        tenth, or, up to 256 pixels, not at all.
        "constant": nothing changes. A dict holds the parameters `learning_rate`,
        `penalty_weight` and `beta2` of `skgan.callbacks.Annealing`.
    max_time : float or None, default=None
        Seconds that the whole fit may take; training ends, and its schedule with it,
        when they or `max_iter` are over. Rows are read and encoded in any case. A
        prior of trees is always fitted, if need be on fewer rows. After a first
        update training stops; then, as far as there seems to be time, stages are
        judged (else ``sample`` uses the prior), rejection is learnt (else every row
        is accepted), and the prior learns from rows held out (else from the others).
    early_stopping : bool or "auto", default="auto"
        Whether to hold rows out, score the generator on them at intervals, keep the
        best one, and end when the score no longer improves. With a prior of trees
        the held-out rows also decide which stage ``sample`` uses and whether rows are
        rejected, and the prior learns from all rows afterwards; False judges nothing
        and uses the trained generator. "auto" holds rows out with a prior of trees
        and 400 rows or more; with fewer ``sample`` uses the prior.
    validation_fraction : float, default=0.1
        Share of rows held out; "auto" takes 100 at least and 5000 at most.
    n_iter_no_change : int, default=10
        Scores in a row without improvement that end training, if rows are held out; a
        fit is scored about twenty times, with a prior of trees four times, at most
        every 100 updates.
    encoder : BaseEncoder or "auto", default="auto"
        How X becomes a tensor and back. "auto" takes an array of more than two
        dimensions for images (`ImageEncoder`), a frame with anything but numbers for
        a table (`TableEncoder`), the rest for vectors (`VectorEncoder`).
    prior : {"auto", "normal", "trees"}, default="auto"
        What the generator starts from. "normal": a latent of normal noise. "trees":
        rows drawn by a chain of decision trees, each column from those before it
        (`skgan.priors.TreesPrior`), of tables and vectors. "auto" takes trees where
        there are columns, unless `latent_dim`, `generator` or `discriminator` is
        set. Latents of rows (``fit_inverter``, ``invert``, ``interpolate``) are those
        of "normal".
    rejection : {"auto"}, None or classifier, default="auto"
        How rows of a prior of trees are accepted: with a probability that grows with
        their density among real rows over that among drawn ones, as boosted trees or
        a scikit-learn classifier see it (discriminator rejection sampling). "auto"
        does so where held-out rows show a gain, so that it needs some (see
        `early_stopping`); None accepts every row.
    callbacks : list or None, default=None
        skorch callbacks, as in `skorch.NeuralNet`.
    checkpoint : str, path-like, TrainingCheckpoint or None, default=None
        A folder of this fit's own in which it writes down, at intervals, where it is.
        If it breaks off, by whatever cause, the next ``fit`` to the same rows with
        the same parameters goes on from there, and ends where it would have ended.
        See `skgan.callbacks.TrainingCheckpoint`.
    net_params : dict or None, default=None
        Parameters of the net, `skgan.nets.AdversarialNet`, applied last: anything
        skorch can do, such as ``{"generator__activation": "silu"}``.
    warm_start : bool, default=False
        Whether ``fit`` goes on from where the last one ended, for `max_iter` more
        updates, with the encoder it had. A prior of trees and its rejection are
        learnt anew, from the rows given now, and the stages judged again.
    device : str, default="auto"
        A PyTorch device; "auto" is CUDA where there is one, else the CPU.
    random_state : int, RandomState instance or None, default=None
        Fixes the whole fit and the stream of later draws. The global random
        streams are not touched.
    verbose : int, default=0
        1 shows one progress bar with the time left and the score on held-out rows;
        2 adds both losses.

    Attributes
    ----------
    net_ : AdversarialNet
        The trained skorch net, with ``generator_`` and ``discriminator_``.
    encoder_ : BaseEncoder
        The fitted encoder.
    prior_ : TreesPrior or None
        What the generator starts from; None for normal noise.
    rejection_ : RejectionRule or None
        Says which drawn rows are kept; None where all are.
    stage_ : str
        What ``sample`` uses: "prior" or "generator", ending in "+rejection" where
        `rejection_` keeps some of its rows. Of the first two the one is kept that
        boosted trees find harder to tell from held-out rows; where they differ by no
        more than chance, the one that copies training rows less, then the prior.
        ``fit`` says so in one line, to the logger "skgan" and, if `verbose`, on the
        screen.
    stage_scores_ : dict of str to float
        How hard each stage is to tell from held-out rows, 1 at best; empty where
        none were held out.
    history_ : skorch.history.History
        ``generator_loss`` and ``discriminator_loss`` of each batch and each epoch,
        an epoch being a hundredth of `max_iter`, and at
        least 100 updates; an epoch has also
        ``real_gradient_norm`` and ``fake_gradient_norm``, ``dur`` in seconds, and,
        where it was scored, ``valid_score``.
    n_iter_ : int
        Generator updates done.
    n_features_in_ : int
        Features of a row, trailing axes flattened.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    sklearn.mixture.GaussianMixture : A parametric density that samples.
    sklearn.neighbors.KernelDensity : Jittered copies of the training rows.

    References
    ----------
    .. [1] Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014.
    .. [2] Huang, Gokaslan, Kuleshov, Tompkin, "The GAN is dead; long live the
       GAN!", NeurIPS 2024.
    .. [3] Reiter, "Using CART to generate partially synthetic public use
       microdata", Journal of Official Statistics 21, 2005.
    .. [4] Azadi et al., "Discriminator rejection sampling", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan import GANSampler
    >>> X = np.random.default_rng(0).normal(loc=[10, 50], scale=[1, 5], size=(200, 2))
    >>> sampler = GANSampler(max_iter=50, random_state=0).fit(X)
    >>> sampler.sample(3).shape
    (3, 2)
    >>> bool(abs(sampler.sample(1000)[:, 1].mean() - 50) < 5)
    True
    """

    def __init__(
        self,
        *,
        latent_dim="auto",
        hidden_dims="auto",
        generator="auto",
        discriminator="auto",
        loss="relativistic",
        penalty="r1+r2",
        penalty_weight="auto",
        learning_rate="auto",
        batch_size="auto",
        max_iter="auto",
        n_discriminator_steps=1,
        average_halflife="auto",
        schedule="annealed",
        max_time=None,
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        encoder="auto",
        prior="auto",
        rejection="auto",
        callbacks=None,
        checkpoint=None,
        net_params=None,
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.n_discriminator_steps = n_discriminator_steps
        self.average_halflife = average_halflife
        self.schedule = schedule
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.encoder = encoder
        self.prior = prior
        self.rejection = rejection
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.net_params = net_params
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
