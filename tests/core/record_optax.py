"""Run optax on our objectives and write what it does to optax_reference.json beside this file.

    python -m pip install jax optax==0.2.8
    python tests/core/record_optax.py

tests/core/test_against_optax.py compares our optimizers with the file. Everything is in float64, and every
hyperparameter is passed explicitly: defaults differ between libraries.
"""

import json
from pathlib import Path

import numpy as np

from optcourse import objectives

TARGET = Path(__file__).with_name("optax_reference.json")
NUM_STEPS = 60
EVERY = 6
PROBLEMS = [
    (("lecture_bowl", {"rotation": 0.5}), (-5.0, -2.0)),
    (("rosenbrock", {}), (-1.2, 1.0)),
    (("styblinski_tang", {}), (0.5, -0.5)),
]
# Name of our class and our hyperparameters; how optax makes its own is in `twins`.
OPTIMIZERS = [
    ("Lion", {"learning_rate": 0.02, "beta1": 0.85, "beta2": 0.97}),
    ("ScheduleFreeSGD", {"learning_rate": 1e-3, "beta1": 0.8}),
    ("ScheduleFreeAdam", {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}),
]
# Wide, tall, of rank 1, and one whose singular values are far apart.
MATRICES = {
    "wide": np.random.default_rng(0).standard_normal((4, 7)),
    "tall": np.random.default_rng(1).standard_normal((9, 3)),
    "rank 1": np.outer([1.0, -2.0, 0.5], [3.0, 0.1]),
    "stiff": np.diag([1.0, 0.1, 0.01]),
}


def twins(optax) -> dict:
    def schedule_free(base, h):
        return optax.contrib.schedule_free(base, h["learning_rate"], b1=h["beta1"])

    def scaled(h):
        by_rms = optax.scale_by_rms(decay=h["beta2"], eps=h["eps"], eps_in_sqrt=False, bias_correction=True)
        return optax.chain(by_rms, optax.scale(-h["learning_rate"]))

    return {
        "Lion": lambda h: optax.lion(h["learning_rate"], b1=h["beta1"], b2=h["beta2"], weight_decay=0.0),
        "ScheduleFreeSGD": lambda h: schedule_free(optax.sgd(h["learning_rate"]), h),
        "ScheduleFreeAdam": lambda h: schedule_free(scaled(h), h),
    }


def path(optax, make, h: dict, recipe: tuple, start: tuple) -> list:
    """The points of optax's optimizer, fed with our gradient; for schedule-free ones the evaluated mean."""
    import jax.numpy as jnp

    objective, optimizer = objectives.build(recipe), make(h)
    w = jnp.array(start)
    state, points = optimizer.init(w), [list(start)]
    for _ in range(NUM_STEPS):
        updates, state = optimizer.update(jnp.array(objective.gradient(np.array(w))), state, w)
        w = optax.apply_updates(w, updates)
        seen = optax.contrib.schedule_free_eval_params(state, w) if hasattr(state, "z") else w
        points.append([float(entry) for entry in seen])
    return points[::EVERY]


def main() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax
    from optax.contrib._muon import orthogonalize_via_newton_schulz

    makes = twins(optax)
    cases = [
        {"optimizer": name, "hyperparameters": h, "recipe": recipe, "start": start,
         "points": path(optax, makes[name], h, recipe, start)}
        for name, h in OPTIMIZERS
        for recipe, start in PROBLEMS
    ]  # fmt: skip
    coefficients = jnp.array([3.4445, -4.7750, 2.0315])
    turned = {
        name: np.asarray(orthogonalize_via_newton_schulz(jnp.array(G), coefficients, 5, eps=0.0)).tolist()
        for name, G in MATRICES.items()
    }
    reference = {"optax": optax.__version__, "num_steps": NUM_STEPS, "every": EVERY, "cases": cases}
    TARGET.write_text(json.dumps({**reference, "newton_schulz": turned}, indent=1) + "\n")
    print(f"{TARGET}: {len(cases)} cases from optax {optax.__version__}")


if __name__ == "__main__":
    main()
