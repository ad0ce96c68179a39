"""
Digits by class
===============

:class:`~skgan.ConditionalGANSampler` draws for the labels one asks for: here a row of
each digit. A classifier trained on synthetic digits alone is then judged on real ones.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgan import ConditionalGANSampler
from skgan.datasets import load_digit_images

images, y = load_digit_images(return_X_y=True)
train, test, y_train, y_test = train_test_split(images, y, random_state=0)
sampler = ConditionalGANSampler(max_iter=1500, random_state=0).fit(train, y_train)

# %%
# Trained on as many real and on as many synthetic digits:
synthetic, y_synthetic = sampler.sample(y=y_train)
for name, X, labels in (
    ("real", train, y_train),
    ("synthetic", synthetic, y_synthetic),
):
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    judge.fit(X.reshape(len(X), -1), labels)
    accuracy = judge.score(test.reshape(len(test), -1), y_test)
    print(f"trained on {name} digits: {accuracy:.3f} of the real ones are right")

# %%
# Ten of each class, in one call.
drawn, _ = sampler.sample(y=np.repeat(np.arange(10), 10), random_state=0)
tiles = np.pad(drawn.reshape(10, 10, 8, 8), [(0, 0), (0, 0), (1, 1), (1, 1)])
figure, axis = plt.subplots(figsize=(5, 5), layout="constrained")
axis.imshow(tiles.transpose(0, 2, 1, 3).reshape(100, 100), cmap="gray_r")
axis.set(
    xticks=[], yticks=np.arange(4.5, 100, 10), yticklabels=range(10), ylabel="asked for"
)
axis.tick_params(length=0)
plt.show()
