"""The distances by foolbox's DeepFool: tests/deepfool.rs compares the tool with them.

    python3 by_foolbox.py inf|2

Reads net, x.npy and y.npy; prints one distance a line. An image that is wrong already has 0.
"""

import sys

import foolbox
import numpy as np
import torch

from local_errors import read_network, to_torch

torch.set_num_threads(1)
norm = sys.argv[1]
x, y = np.load("x.npy"), np.load("y.npy").astype(int)
# No clipping: the bounds are far away.
model = foolbox.PyTorchModel(to_torch(read_network("net")).float().eval(), bounds=(-1000, 1000))
attack = {"inf": foolbox.attacks.LinfDeepFoolAttack, "2": foolbox.attacks.L2DeepFoolAttack}[norm]
# All classes are candidates.
attack = attack(steps=50, candidates=10, overshoot=0.02)
attacked = attack.run(model, torch.tensor(x), foolbox.criteria.Misclassification(torch.tensor(y)))
change = attacked.detach().numpy().astype("f8") - x
for distance in np.linalg.norm(change, ord={"inf": np.inf, "2": 2}[norm], axis=1):
    print(distance)
