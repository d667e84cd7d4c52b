"""Run torch.optim on our objectives and write what it does to torch_reference.json beside this file.

    python tests/core/record_torch.py

tests/core/test_against_torch.py compares our optimizers with the file always, and with torch itself where it
is installed. Every hyperparameter is passed explicitly: defaults differ between libraries.
"""

import json
from pathlib import Path

import numpy as np

from optcourse import objectives

TARGET = Path(__file__).with_name("torch_reference.json")
NUM_STEPS = 60
EVERY = 6  # of the steps, this many apart are written down

ADAM = {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}
TORCH_ADAM = {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6}

# name of our class, our hyperparameters, name of torch's class, torch's hyperparameters
OPTIMIZERS = [
    ("GradientDescent", {"learning_rate": 1e-3}, "SGD", {"lr": 1e-3}),
    ("SGD", {"learning_rate": 1e-3}, "SGD", {"lr": 1e-3}),
    ("Momentum", {"learning_rate": 5e-4, "rho": 0.8}, "SGD", {"lr": 5e-4, "momentum": 0.8}),
    (
        "Nesterov",
        {"learning_rate": 5e-4, "rho": 0.8},
        "SGD",
        {"lr": 5e-4, "momentum": 0.8, "nesterov": True},
    ),
    (
        "AdaGrad",
        {"learning_rate": 0.3, "eps": 1e-7},
        "Adagrad",
        {"lr": 0.3, "eps": 1e-7, "lr_decay": 0.0, "initial_accumulator_value": 0.0},
    ),
    (
        "RMSProp",
        {"learning_rate": 0.01, "decay_rate": 0.9, "eps": 1e-7},
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "eps": 1e-7},
    ),
    ("Adam", ADAM, "Adam", TORCH_ADAM),
    ("AMSGrad", ADAM, "Adam", {**TORCH_ADAM, "amsgrad": True}),
    ("AdamW", {**ADAM, "weight_decay": 0.1}, "AdamW", {**TORCH_ADAM, "weight_decay": 0.1}),
    ("AdamL2", {**ADAM, "weight_decay": 0.1}, "Adam", {**TORCH_ADAM, "weight_decay": 0.1}),
]

# objective, start
PROBLEMS = [
    (("lecture_bowl", {"rotation": 0.5}), (-5.0, -2.0)),
    (("rosenbrock", {}), (-1.2, 1.0)),
    (("styblinski_tang", {}), (0.5, -0.5)),
]


def torch_path(
    torch_class: str, settings: dict, recipe: tuple[str, dict], start: tuple[float, ...], num_steps: int
) -> np.ndarray:
    """(num_steps + 1, n): the points of torch's optimizer, fed with our gradient, in float64."""
    import torch

    objective = objectives.build(recipe)
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, torch_class)([w], **settings)
    path = [w.detach().numpy().copy()]
    for _ in range(num_steps):
        w.grad = torch.from_numpy(objective.gradient(w.detach().numpy()))
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def main() -> None:
    import torch

    cases = [
        {
            "optimizer": name,
            "hyperparameters": ours,
            "torch": f"{torch_class}({', '.join(f'{key}={value}' for key, value in theirs.items())})",
            "recipe": recipe,
            "start": start,
            "points": torch_path(torch_class, theirs, recipe, start, NUM_STEPS)[::EVERY].tolist(),
        }
        for name, ours, torch_class, theirs in OPTIMIZERS
        for recipe, start in PROBLEMS
    ]
    reference = {"torch": torch.__version__, "num_steps": NUM_STEPS, "every": EVERY, "cases": cases}
    TARGET.write_text(json.dumps(reference, indent=1) + "\n")
    print(f"{TARGET}: {len(cases)} cases from torch {torch.__version__}, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
