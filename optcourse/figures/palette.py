"""One palette for both renderers: after Okabe and Ito's colours (2008), safe for colour-blind readers, in light and dark.

A mark names a *role*, never a colour, so that a thing looks the same in every lesson. A role also brings a dash, a
marker shape and, for what is filled, a hatch: the second cue beside colour. On its surface every colour of a line has a
contrast of 4.5 or more (it may be the colour of words too), contours 3; tests/accessibility/test_palette.py computes it.
"""

from typing import NamedTuple


class Role(NamedTuple):
    light: str
    dark: str
    dash: str = "solid"
    shape: str = "circle"
    hatch: str = ""  # of bars and spans: "/" or "\\"


ROLES: dict[str, Role] = {
    "path": Role("#0072B2", "#56B4E9"),  # the reference run
    "yours": Role("#BF4F00", "#FF9A4D", "dash", "times"),  # the learner's own code
    # The optimizers: each has its colour, dash and shape in every lesson (OPTIMIZERS has their names).
    "descent": Role("#4E5A65", "#B4BEC7", "dot", "square"),
    "momentum": Role("#0072B2", "#56B4E9"),
    "nesterov": Role("#4A48B0", "#A9A8FF", "long", "ring"),
    "adagrad": Role("#5F5A00", "#D8D45A", "sparse", "triangle"),
    "rmsprop": Role("#7A3FA8", "#CF9CF2", "dashdotdot", "down"),
    "adam": Role("#9A5B00", "#F0B429", "dashdot", "diamond"),
    "adamw": Role(
        "#00696F", "#5FD6DC", "fine", "bar", "/"
    ),  # AMSGrad, almost-Adam: Adam with one thing changed
    "gradient": Role("#007A5A", "#2FCFA3", "dashdot", "triangle"),
    "velocity": Role("#A8467F", "#E79FC6", "dashdotdot", "down", "\\"),
    "second": Role("#9A5B00", "#F0B429", "long", "ring", "/"),  # a second algorithm beside the first
    "third": Role("#A8467F", "#E79FC6", "dashdot", "triangle"),
    "fourth": Role("#007A5A", "#2FCFA3", "dot", "down"),
    "fifth": Role("#6B5B00", "#E8DD5A", "dashdotdot", "cross"),
    "theory": Role("#555555", "#BBBBBB", "dash", "cross"),  # a closed form drawn over a measurement
    "limit": Role("#8A1C1C", "#FF8A80", "sparse", "plus"),  # a boundary: stability, domain
    "optimum": Role("#111111", "#FFFFFF", "solid", "star"),
    "start": Role("#111111", "#FFFFFF", "solid", "square"),
    "contour": Role("#6B7680", "#7B8893"),
    "neutral": Role("#5A6670", "#A9B4BD", "fine", "bar"),
    "good": Role("#DCEEF8", "#12364A"),  # fills of spans
    "bad": Role("#FBE3D6", "#4A2413", hatch="/"),
}

OPTIMIZERS: dict[str, str] = {
    "gradient descent": "descent", "SGD": "descent", "momentum": "momentum", "Momentum": "momentum",
    "Nesterov": "nesterov", "AdaGrad": "adagrad", "RMSProp": "rmsprop", "Adam": "adam", "AdamW": "adamw",
    "AMSGrad": "adamw", "almost-Adam": "adamw",
}  # fmt: skip

# Quantities of a run that have a colour of their own.
QUANTITIES: dict[str, str] = {
    "gradient": "gradient", "velocity": "velocity", "moment1": "velocity", "grad_squared": "second", "moment2": "second",
}  # fmt: skip

# The style sheet (stage.css) has the same, as --oc-surface and so on; a test compares.
SURFACES = {
    "light": {
        "background": "#FFFFFF", "raised": "#F4F6F7", "text": "#1D2329", "axis": "#55606B", "grid": "#D9DFE4",
        "edge": "#76818B", "accent": "#0B5C93", "on_accent": "#FFFFFF", "casing": "#FFFFFF", "isoline": "#7D93958C",
        "level": "#40595E",
    },
    "dark": {
        "background": "#14181D", "raised": "#1E242B", "text": "#E8EBEE", "axis": "#A7B1BB", "grid": "#2F3841",
        "edge": "#7F8A95", "accent": "#7CC4F5", "on_accent": "#0D1218", "casing": "#11161B", "isoline": "#7FA0A666",
        "level": "#B9D2D6",
    },
}  # fmt: skip

# The bands of a map, from low to high loss. Deeper is lower, in both themes: see tests/accessibility/test_palette.py.
RAMP = {
    "light": ("#A4D5E0", "#AEDBDF", "#BBE2DE", "#CBE8DC", "#DCEDD9", "#EBF0D7", "#F6F1D9", "#FDF3DE"),
    "dark": ("#1A5A70", "#194F63", "#194656", "#193D49", "#1B343D", "#1D2C32", "#1E2629", "#1D2022"),
}

DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (7, 4),
    "long": (15, 4),
    "fine": (1.5, 1.5),
    "dot": (1.5, 3),
    "sparse": (2, 6),
    "dashdot": (9, 3, 1.5, 3),
    "dashdotdot": (9, 3, 1.5, 3, 1.5, 3),
}

# Sequential maps for heat marks, as stops from low to high: blue greys (light) that leave paths readable, and viridis.
HEATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "terrain": (
        ("#C4D7E3", "#D0E0E9", "#DDE8EF", "#EBF1F5", "#F7FAFB"),
        ("#1D3A4C", "#1A3242", "#182A37", "#15222C", "#121A21"),
    ),
    "fog": (
        ("#F4F1E4", "#EEF0EA", "#DDE3E4", "#CBD5D9", "#C3CED4"),
        ("#1D2C32", "#202E35", "#26343C", "#2B3A42", "#2E3D46"),
    ),
    "rate": (
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
    ),
    "basins": (
        ("#A9D8F4", "#F8DFB4", "#BFE6D9", "#EBCFE0", "#DDDDDD"),
        ("#174F72", "#6B4308", "#0B5340", "#6B2C54", "#444444"),
    ),
}
