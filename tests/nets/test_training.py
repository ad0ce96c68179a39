"""The alternating optimization: against loops written by hand, and step by step."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet, _skorch
from skgan.objectives import LOSSES


def endless_rows(X, batch_size, stream):
    """Batches of shuffled passes over the rows, one pass after the other."""
    order = torch.empty(0, dtype=torch.int64)
    while True:
        if len(order) < batch_size:
            order = torch.cat([order, torch.randperm(len(X), generator=stream)])
        yield torch.as_tensor(X[order[:batch_size]])
        order = order[batch_size:]


def cross_entropy(logits, target):
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def squared_slopes(discriminator, points):
    points = points.detach().clone().requires_grad_()
    (slopes,) = torch.autograd.grad(
        discriminator(points).sum(), points, create_graph=True
    )
    return slopes.square().sum(1).mean()


def textbook_losses(loss, D, real, fake):
    """Loss of the discriminator and of the generator, one forward pass a set."""
    if loss == "relativistic":
        lead = D(real) - D(fake)
        return softplus(-lead).mean(), softplus(lead).mean()
    discriminator = cross_entropy(D(real), 1.0) + cross_entropy(D(fake), 0.0)
    if loss == "minimax":
        return discriminator, -cross_entropy(D(fake), 0.0)
    return discriminator, cross_entropy(D(fake), 1.0)


def train_by_hand(X, seed, updates, loss, n_steps, penalty_weight, optimizer):
    seed = int(np.random.RandomState(seed).randint(2**31 - 1))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G = MLPGenerator(latent_dim=3, output_shape=(2,), hidden_dims=(8,))
        D = MLPDiscriminator(input_shape=(2,), hidden_dims=(8,))
    latents = torch.Generator().manual_seed(seed)
    rows = endless_rows(X, 32, torch.Generator().manual_seed(seed + 1))
    optimizer_G, optimizer_D = (optimizer(m.parameters(), lr=1e-2) for m in (G, D))
    history = []
    for _ in range(updates):
        for _ in range(n_steps):
            real = next(rows)
            z = torch.randn(32, 3, generator=latents)
            fake = G(z).detach()
            loss_D, _ = textbook_losses(loss, D, real, fake)
            if penalty_weight:
                slopes = squared_slopes(D, real) / 2 + squared_slopes(D, fake) / 2
                loss_D = loss_D + penalty_weight * slopes
            optimizer_D.zero_grad()
            loss_D.backward()
            optimizer_D.step()
        _, loss_G = textbook_losses(loss, D, real, G(z))
        optimizer_G.zero_grad()
        loss_G.backward()
        optimizer_G.step()
        history.append((loss_D.item(), loss_G.item()))
    return G, D, history


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize(
    ("loss", "n_steps", "penalty_weight"),
    [
        ("minimax", 1, 0),
        ("minimax", 2, 0),
        ("nonsaturating", 1, 0),
        ("nonsaturating", 2, 0),
        ("relativistic", 1, 0.3),
        ("relativistic", 2, 0.3),
    ],
)
def test_training_is_that_of_a_loop_written_by_hand(
    X, make_net, weights, loss, n_steps, penalty_weight, optimizer
):
    net = make_net(
        random_state=5,
        loss=loss,
        n_discriminator_steps=n_steps,
        penalty="r1+r2" if penalty_weight else None,
        penalty_weight=penalty_weight,
        optimizer_generator=optimizer,
        optimizer_discriminator=optimizer,
        iterator_train__n_batches=5,
    ).fit(X[:77])
    G, D, history = train_by_hand(
        X[:77], 5, 10, loss, n_steps, penalty_weight, optimizer
    )
    for ours, by_hand in ((net.generator_, G), (net.discriminator_, D)):
        for name, wanted in by_hand.state_dict().items():
            found = ours.state_dict()[name]
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6, msg=name)
    recorded = net.history[:, "batches", :, ("discriminator_loss", "generator_loss")]
    recorded = [losses for epoch in recorded for losses in epoch]
    np.testing.assert_allclose(recorded, history, rtol=1e-5, atol=1e-6)


class Snapshots(Callback):
    """What the weights and gradients are at each event of a step."""

    def on_train_begin(self, net, **kwargs):
        self.events_ = []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        names = [name for name, _ in named_parameters]
        self.take(net, names[0].split(".")[0], names)

    def on_batch_begin(self, net, **kwargs):
        self.take(net, "begin", [])

    def on_batch_end(self, net, **kwargs):
        self.take(net, "end", [])

    def take(self, net, event, names):
        state, gradients = {}, {}
        for role in ("generator", "discriminator"):
            parameters = list(getattr(net, f"{role}_").parameters())
            state[role] = torch.cat([p.detach().flatten() for p in parameters])
            gradients[role] = [
                None if p.grad is None else p.grad.clone() for p in parameters
            ]
        self.events_.append((event, state, gradients, names))


@pytest.mark.parametrize("loss", LOSSES)
def test_each_step_moves_one_network_alone(X, make_net, loss):
    snapshots = Snapshots()
    net = make_net(
        loss=loss, penalty="r1+r2", n_discriminator_steps=2, callbacks=[snapshots]
    ).fit(X)
    taken = [snapshots.events_[i : i + 5] for i in range(0, len(snapshots.events_), 5)]
    assert len(taken) == 2 * len(net.history[-1, "batches"])
    for update in taken:
        names = [event for event, *_ in update]
        assert names == ["begin", "discriminator", "discriminator", "generator", "end"]
        begin, first, second, generator, end = (state for _, state, *_ in update)
        for state in (first, second, generator):
            assert torch.equal(state["generator"], begin["generator"])
        assert not torch.equal(end["generator"], begin["generator"])
        assert torch.equal(first["discriminator"], begin["discriminator"])
        assert not torch.equal(second["discriminator"], first["discriminator"])
        assert not torch.equal(generator["discriminator"], second["discriminator"])
        assert torch.equal(end["discriminator"], generator["discriminator"])


def test_the_generators_step_leaves_no_gradient_in_the_discriminator(X, make_net):
    snapshots = Snapshots()
    net = make_net(callbacks=[snapshots], max_epochs=1).fit(X)
    for i in range(0, len(snapshots.events_), 4):
        _, D_step, G_step, _ = snapshots.events_[i : i + 4]
        before, after = D_step[2]["discriminator"], G_step[2]["discriminator"]
        assert all(map(torch.equal, before, after))
        # Nor does the discriminator's step reach the generator: the first has none.
        if i == 0:
            assert D_step[2]["generator"] == [None] * 4
        else:
            previous = snapshots.events_[i - 2][2]["generator"]
            assert all(map(torch.equal, previous, D_step[2]["generator"]))
    assert all(p.requires_grad for p in net.discriminator_.parameters())


def test_gradients_are_announced_under_their_networks_name(X, make_net):
    snapshots = Snapshots()
    net = make_net(callbacks=[snapshots], max_epochs=1).fit(X)
    announced = {event: names for event, _, _, names in snapshots.events_}
    for role in ("generator", "discriminator"):
        own = getattr(net, f"{role}_").named_parameters(prefix=role)
        assert announced[role] == [name for name, _ in own]


def test_an_error_in_the_generators_step_leaves_the_discriminator_trainable(
    X, make_net
):
    def fails(real, fake):
        raise ZeroDivisionError

    net = make_net(loss=(LOSSES["minimax"].discriminator, fails))
    with pytest.raises(ZeroDivisionError):
        net.fit(X)
    assert all(p.requires_grad for p in net.discriminator_.parameters())


def test_both_losses_are_in_the_history_a_batch_and_an_epoch(X, make_net):
    net = make_net(max_epochs=3).fit(X)
    assert len(net.history) == 3
    for epoch in net.history:
        assert epoch["train_batch_count"] == len(epoch["batches"]) == 3
        for name in ("generator_loss", "discriminator_loss"):
            values = [batch[name] for batch in epoch["batches"]]
            assert all(type(value) is float for value in values)
            assert epoch[name] == pytest.approx(np.mean(values))
        for batch in epoch["batches"]:
            assert batch["train_batch_size"] == 32
            assert batch["train_loss"] == batch["generator_loss"]


@pytest.mark.parametrize("breaks", [False, True])
def test_losses_left_on_the_device_are_read_by_the_epochs_end(
    make_net, X, monkeypatch, breaks
):
    class Breaks(Callback):
        def on_batch_end(self, net, **kwargs):
            assert isinstance(
                net.history[-1, "batches", -1, "train_loss"], torch.Tensor
            )
            if breaks and len(net.history[-1, "batches"]) == 2:
                raise KeyboardInterrupt

    wanted = make_net().fit(X).history
    monkeypatch.setattr(_skorch, "_read_loss", torch.Tensor.detach)
    history = make_net(callbacks=[Breaks()]).fit(X).history
    assert len(history) == (1 if breaks else 2)
    for epoch, wanted_epoch in zip(history, wanted, strict=False):
        for batch, wanted_batch in zip(
            epoch["batches"], wanted_epoch["batches"], strict=not breaks
        ):
            assert batch == wanted_batch
            assert not any(isinstance(v, torch.Tensor) for v in batch.values())


@pytest.mark.parametrize(("n", "batch_size", "n_steps"), [(60, 100, 5), (7, 3, 4)])
def test_every_step_of_the_discriminator_gets_a_full_batch(
    make_net, X, n, batch_size, n_steps
):
    sizes = []

    def discriminator(real, fake):
        sizes.append((len(real), len(fake)))
        return LOSSES["minimax"].discriminator(real, fake)

    make_net(
        loss=(discriminator, LOSSES["minimax"].generator),
        batch_size=batch_size,
        n_discriminator_steps=n_steps,
        iterator_train__n_batches=3,
        max_epochs=1,
    ).fit(X[:n])
    assert sizes == [(min(n, batch_size),) * 2] * (3 * n_steps)


def test_no_row_is_held_out_unless_one_asks(make_net):
    numbered = np.arange(40, dtype="float32")[:, None].repeat(2, 1)
    seen = set()

    class Spy(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            seen.update(batch[0][:, 0].tolist())

    make_net(callbacks=[Spy()], max_epochs=1, batch_size=8).fit(numbered)
    assert seen == set(range(40))


def test_a_validation_split_gives_valid_loss_on_each_held_out_row_once(make_net, X):
    batches = []

    class Spy(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            batches.append((training, batch[0]))

    net = make_net(train_split=ValidSplit(4), callbacks=[Spy()], batch_size=10)
    net.set_params(max_epochs=1).fit(X)
    held_out = torch.cat([x for training, x in batches if not training])
    trained = torch.cat([x for training, x in batches if training])
    assert len(held_out) == 24 and np.isfinite(net.history[-1, "valid_loss"])
    assert len({tuple(row) for row in held_out.tolist()}) == 24
    assert not {tuple(r) for r in held_out.tolist()} & {
        tuple(r) for r in trained.tolist()
    }
    sizes = net.history[-1, "batches", :, "valid_batch_size"]
    assert [size for size in sizes if size] == [10, 10, 4]


def test_validation_trains_nothing(make_net, X, weights):
    net = make_net().initialize()
    before = weights(net)
    batch = torch.as_tensor(X), torch.empty(len(X), 0)
    net.penalty_weight_ = 1.0
    step = net.validation_step(batch)
    assert not step["loss"].requires_grad and step["y_pred"].shape == X.shape
    assert all(map(torch.equal, before, weights(net)))


def test_early_epochs_of_one_call_equal_calls_one_after_the_other(make_net, X, weights):
    one = make_net(max_epochs=4, average_halflife=3.0).fit(X)
    two = make_net(max_epochs=2, average_halflife=3.0).fit(X)
    two.partial_fit(X)
    assert len(two.history) == 4
    assert all(map(torch.equal, weights(one), weights(two)))
    state = one.averaged_generator_.state_dict()
    for name, value in two.averaged_generator_.state_dict().items():
        assert torch.equal(value, state[name])


def test_a_second_fit_starts_afresh_and_warm_start_does_not(make_net, X, weights):
    net = make_net().fit(X)
    first = weights(net)
    assert all(map(torch.equal, weights(net.fit(X)), first))
    assert len(net.history) == 2
    net.set_params(warm_start=True).fit(X)
    assert len(net.history) == 4 and not torch.equal(weights(net)[0], first[0])


class Plain(nn.Module):
    """A network of the user's that knows neither conditions nor other keywords."""

    def __init__(self, n_in, n_out, latent_dim=None):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, x):
        return self.linear(x)


def test_networks_need_not_know_of_conditions(X):
    net = AdversarialNet(
        Plain,
        Plain,
        latent_dim=4,
        generator__n_in=4,
        generator__n_out=2,
        discriminator__n_in=2,
        discriminator__n_out=1,
        verbose=0,
        max_epochs=1,
        penalty="wgan-gp",
    ).fit(X)
    assert net.predict(np.zeros((5, 4))).shape == (5, 2)


@pytest.mark.parametrize("penalty", [None, "r1", "r1+r2", "wgan-gp"])
@pytest.mark.parametrize("loss", ["nonsaturating", "relativistic"])
def test_both_networks_get_the_condition_of_their_row(make_net, penalty, loss):
    calls = []

    class Spy(MLPDiscriminator):
        def forward(self, x, condition=None):
            calls.append((x.detach(), condition))
            return super().forward(x, condition)

    class Echo(nn.Module):
        """Generates the condition itself, plus a bias that learns."""

        def __init__(self, **ignored):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(2))

        def forward(self, z, condition=None):
            return condition.repeat(1, 2) + 0 * z[:, :2] + self.bias

    conditions = np.arange(64, dtype="float32")[:, None]
    make_net(
        generator=Echo,
        discriminator=Spy,
        discriminator__condition_dim=1,
        loss=loss,
        penalty=penalty,
        lr=1e-6,
        n_discriminator_steps=2,
        max_epochs=1,
    ).fit(conditions.repeat(2, 1), conditions)
    assert calls
    for x, condition in calls:
        assert torch.allclose(x, condition.expand_as(x), atol=1e-2)


def test_wrong_lengths_of_rows_and_conditions_are_named(make_net, X):
    with pytest.raises(ValueError, match=r"X has 96 rows but y has 95"):
        make_net().fit(X, np.zeros((95, 1)))


def test_images_train(make_net):
    images = np.random.default_rng(0).random((40, 1, 4, 4), dtype="float32")
    net = make_net(
        generator__output_shape=(1, 4, 4),
        discriminator__input_shape=(1, 4, 4),
        penalty="wgan-gp",
    ).fit(images)
    assert net.predict(np.zeros((3, 3))).shape == (3, 1, 4, 4)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "int64"])
def test_arrays_of_any_number_type_train(make_net, X, dtype):
    net = make_net(max_epochs=1).fit(X.astype(dtype))
    assert np.isfinite(net.history[-1, "generator_loss"])


def test_predict_gives_a_row_a_latent(make_net, X):
    net = make_net().fit(X)
    z = np.random.default_rng(1).normal(size=(45, 3)).astype("float32")
    with torch.no_grad():
        wanted = net.generator_(torch.as_tensor(z)).numpy()
    np.testing.assert_allclose(net.predict(z), wanted, rtol=1e-6)


class TestAverage:
    @pytest.mark.parametrize("halflife", [1.0, 1e6])
    def test_recursion_is_that_by_hand(self, make_net, X, halflife):
        seen = []

        class Spy(Callback):
            def on_batch_end(self, net, **kwargs):
                state = net.generator_.state_dict()
                seen.append({name: v.clone() for name, v in state.items()})

        net = make_net(
            average_halflife=halflife, callbacks=[Spy()], max_epochs=20
        ).initialize()
        mean = {n: v.double() for n, v in net.generator_.state_dict().items()}
        net.partial_fit(X)
        for i, state in enumerate(seen, 1):
            # A twentieth of the updates so far, until the half-life is reached.
            kept = 0.5 ** (1 / min(halflife, i / 20))
            mean = {n: kept * mean[n] + (1 - kept) * state[n] for n in state}
        for name, value in net.averaged_generator_.state_dict().items():
            torch.testing.assert_close(value.double(), mean[name], rtol=1e-4, atol=1e-6)

    def test_starts_at_the_generator_and_needs_no_gradient(self, make_net):
        net = make_net(average_halflife=5.0).initialize()
        for ours, theirs in zip(
            net.averaged_generator_.parameters(),
            net.generator_.parameters(),
            strict=True,
        ):
            assert torch.equal(ours, theirs) and ours is not theirs
            assert not ours.requires_grad and theirs.requires_grad

    def test_halflife_zero_follows_the_generator(self, make_net, X):
        net = make_net(average_halflife=0).fit(X)
        state = net.generator_.state_dict()
        for name, value in net.averaged_generator_.state_dict().items():
            torch.testing.assert_close(value, state[name])

    def test_buffers_are_copied(self, make_net, X):
        class Normed(MLPGenerator):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.norm = nn.BatchNorm1d(2)

            def forward(self, z, condition=None):
                return self.norm(super().forward(z, condition))

        net = make_net(generator=Normed, average_halflife=50.0).fit(X)
        ours, theirs = net.averaged_generator_.norm, net.generator_.norm
        assert torch.equal(ours.running_mean, theirs.running_mean)
        assert ours.num_batches_tracked == theirs.num_batches_tracked > 0

    def test_rows_are_drawn_from_it_where_there_is_one(self, make_net, X):
        net = make_net(average_halflife=50.0).fit(X)
        assert net.sampling_generator_ is net.averaged_generator_
        net.set_params(average_halflife=None)
        assert net.fit(X).sampling_generator_ is net.generator_
        assert not hasattr(net, "averaged_generator_")


class TestSubclasses:
    def test_a_loss_of_ones_own(self, make_net, X, weights):
        class HalfLoss(AdversarialNet):
            def _generator_loss(self, real, fake, condition):
                return 0.5 * super()._generator_loss(real, fake, condition)

        sgd = torch.optim.SGD
        half = make_net(HalfLoss, optimizer_generator=sgd, max_epochs=1, lr=0.1)
        full = make_net(
            optimizer_generator=sgd, max_epochs=1, lr=0.1, optimizer_generator__lr=0.05
        )
        for ours, theirs in zip(
            weights(half.fit(X)), weights(full.fit(X)), strict=True
        ):
            torch.testing.assert_close(ours, theirs)

    def test_a_step_of_ones_own_need_return_its_loss_only(self, make_net, X, weights):
        class Regressor(AdversarialNet):
            def train_step(self, batch, **fit_params):
                self.optimizer_generator_.zero_grad()
                loss = (self.generator_(self.draw_latents(8)) - 3).square().mean()
                loss.backward()
                self.optimizer_generator_.step()
                return {"loss": loss.detach(), "y_pred": None}

        net = make_net(Regressor, lr=0.05, max_epochs=40).fit(X)
        losses = [batch["train_loss"] for batch in net.history[-1, "batches"]]
        assert max(losses) < net.history[0, "batches", 0, "train_loss"] / 4
        assert "generator_loss" not in net.history[-1]

    def test_latents_of_ones_own(self, make_net, X):
        class Uniform(AdversarialNet):
            def draw_latents(self, n):
                return torch.rand(n, self.latent_dim, generator=self.latent_stream_)

        net = make_net(Uniform).fit(X)
        assert 0 <= net.draw_latents(100).min() <= net.draw_latents(100).max() <= 1
