"""The article's GAN in Keras: compiled steps, and the article's train_on_batch.

Importing this module imports TensorFlow.
"""

import time
from itertools import islice

import keras
import numpy as np
import tensorflow as tf

from benchmarks.lib.training_loops import BATCH_SIZE, BETAS, LEARNING_RATE


def _networks(networks):
    generator = keras.Sequential(
        [
            keras.Input((networks.latent_dim,)),
            keras.layers.Dense(networks.hidden_dim, activation="relu"),
            keras.layers.Dense(
                networks.n_features, activation="sigmoid" if networks.bounded else None
            ),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((networks.n_features,)),
            keras.layers.Dense(networks.hidden_dim, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


def _adam():
    return keras.optimizers.Adam(LEARNING_RATE, beta_1=BETAS[0], beta_2=BETAS[1])


def _generator_loss(logits, objective):
    if objective == "nonsaturating":
        return tf.reduce_mean(tf.math.softplus(-logits))
    return -tf.reduce_mean(tf.math.softplus(logits))


class _KerasFunction:
    """What the two compiled steps share."""

    def __init__(self, data, networks, objective, seed):
        keras.utils.set_random_seed(seed)
        self.generator, self.discriminator = _networks(networks)
        self.optimizer_generator, self.optimizer_discriminator = _adam(), _adam()
        self.optimizer_generator.build(self.generator.trainable_variables)
        self.optimizer_discriminator.build(self.discriminator.trainable_variables)
        self.data = np.asarray(data)
        self.latent_dim = networks.latent_dim
        self.objective = objective

    def sample(self, n_samples):
        return self.generator(tf.random.normal((n_samples, self.latent_dim))).numpy()


class KerasFunction(_KerasFunction):
    """TensorFlow's own tutorial of a GAN: `tf.data`, two D forwards, two tapes."""

    def __init__(self, *args):
        super().__init__(*args)
        data = tf.data.Dataset.from_tensor_slices(self.data)
        data = data.shuffle(len(self.data)).batch(BATCH_SIZE, drop_remainder=True)
        self.batches = iter(data.repeat().prefetch(tf.data.AUTOTUNE))
        self.criterion = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def update(self, real):
        noise = tf.random.normal((BATCH_SIZE, self.latent_dim))
        with tf.GradientTape() as tape, tf.GradientTape() as discriminator_tape:
            generated = self.generator(noise, training=True)
            real_logits = self.discriminator(real, training=True)
            logits = self.discriminator(generated, training=True)
            loss = _generator_loss(logits, self.objective)
            discriminator_loss = self.criterion(
                tf.ones_like(real_logits), real_logits
            ) + self.criterion(tf.zeros_like(logits), logits)
        variables = self.generator.trainable_variables
        gradients = tape.gradient(loss, variables)
        discriminator_variables = self.discriminator.trainable_variables
        discriminator_gradients = discriminator_tape.gradient(
            discriminator_loss, discriminator_variables
        )
        self.optimizer_generator.apply(gradients, variables)
        self.optimizer_discriminator.apply(
            discriminator_gradients, discriminator_variables
        )
        return loss

    def run(self, n_updates):
        start = time.perf_counter()
        for real in islice(self.batches, n_updates):
            loss = self.update(real)
        loss.numpy()
        return time.perf_counter() - start


class KerasByHand(_KerasFunction):
    """The fastest compiled step: the batch drawn by index in it, one D forward."""

    def __init__(self, *args):
        super().__init__(*args)
        self.data = tf.constant(self.data)
        self.targets = tf.repeat([[1.0], [0.0]], BATCH_SIZE, axis=0)

    @tf.function
    def update(self):
        index = tf.random.uniform((BATCH_SIZE,), 0, len(self.data), dtype=tf.int32)
        real = tf.gather(self.data, index)
        noise = tf.random.normal((BATCH_SIZE, self.latent_dim))
        with tf.GradientTape() as tape:
            generated = self.generator(noise)
            with tape.stop_recording():
                self._discriminator_step(tf.concat([real, generated], axis=0))
            logits = self.discriminator(generated)
            loss = _generator_loss(logits, self.objective)
        variables = self.generator.trainable_variables
        self.optimizer_generator.apply(tape.gradient(loss, variables), variables)
        return loss

    def _discriminator_step(self, rows):
        with tf.GradientTape() as tape:
            logits = self.discriminator(rows)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(self.targets, logits)
            loss = tf.reduce_mean(losses)
        variables = self.discriminator.trainable_variables
        self.optimizer_discriminator.apply(tape.gradient(loss, variables), variables)

    def run(self, n_updates):
        start = time.perf_counter()
        for _ in range(n_updates):
            loss = self.update()
        loss.numpy()
        return time.perf_counter() - start


class KerasTrainOnBatch:
    """The article's listing, with what keeps it from running put right.

    The discriminator learns from a real and from a generated batch, then a combined
    model, in which it is frozen, teaches the generator to be taken for real.
    """

    def __init__(self, data, networks, objective, seed):
        if objective != "nonsaturating":
            raise ValueError("train_on_batch with labels is the non-saturating form")
        keras.utils.set_random_seed(seed)
        self.generator, self.discriminator = _networks(networks)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.discriminator.compile(optimizer=_adam(), loss=loss)
        self.data = np.asarray(data)
        self.random = np.random.default_rng(seed)
        self.latent_dim = networks.latent_dim
        self.batches = self._batches()
        # Keras compiles the step at the first call, with what is trainable then:
        # frozen before that, the discriminator would never learn.
        self._train_discriminator(next(self.batches))
        self.discriminator.trainable = False
        self.combined = keras.Sequential(
            [keras.Input((networks.latent_dim,)), self.generator, self.discriminator]
        )
        self.combined.compile(optimizer=_adam(), loss=loss)

    def _noise(self):
        return self.random.normal(size=(BATCH_SIZE, self.latent_dim))

    def _batches(self):
        while True:
            order = self.random.permutation(len(self.data))
            for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
                yield self.data[order[start : start + BATCH_SIZE]]

    def _train_discriminator(self, real):
        generated = self.generator.predict(self._noise(), verbose=0)
        self.discriminator.train_on_batch(real, np.ones((BATCH_SIZE, 1)))
        self.discriminator.train_on_batch(generated, np.zeros((BATCH_SIZE, 1)))

    def run(self, n_updates):
        start = time.perf_counter()
        for real in islice(self.batches, n_updates):
            self._train_discriminator(real)
            self.combined.train_on_batch(self._noise(), np.ones((BATCH_SIZE, 1)))
        return time.perf_counter() - start

    def sample(self, n_samples):
        noise = self.random.normal(size=(n_samples, self.latent_dim))
        return self.generator.predict(noise, verbose=0)
