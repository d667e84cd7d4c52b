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
    "yours": Role("#BF4F00", "#FF9A4D", "dash", "diamond"),  # the learner's own code
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

SURFACES = {
    "light": {"background": "#FFFFFF", "text": "#1A1A1A", "axis": "#4A4A4A", "grid": "#E6E9EC"},
    "dark": {"background": "#111418", "text": "#F0F0F0", "axis": "#B8C0C8", "grid": "#2A3036"},
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
    "rate": (
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
    ),
    "basins": (
        ("#A9D8F4", "#F8DFB4", "#BFE6D9", "#EBCFE0", "#DDDDDD"),
        ("#174F72", "#6B4308", "#0B5340", "#6B2C54", "#444444"),
    ),
}
