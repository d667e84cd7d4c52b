"""One palette for both renderers: Okabe and Ito's colours (2008), safe for colour-blind readers, in a light and a dark variant.

A mark names a *role*, never a colour, so that a thing looks the same in every lesson. A role also brings a dash and a
marker shape: the second cue beside colour.
"""

from typing import NamedTuple


class Role(NamedTuple):
    light: str
    dark: str
    dash: str = "solid"
    shape: str = "circle"


ROLES: dict[str, Role] = {
    "path": Role("#0072B2", "#56B4E9"),  # the reference run
    "yours": Role("#D55E00", "#FF9A4D", "dash", "diamond"),  # the learner's own code
    "gradient": Role("#007A5A", "#2FCFA3", "dashdot", "triangle"),
    "velocity": Role("#A8467F", "#E79FC6", "dash", "square"),
    "second": Role("#B36B00", "#F0B429", "dash", "square"),  # a second algorithm beside the first
    "third": Role("#A8467F", "#E79FC6", "dashdot", "triangle"),
    "fourth": Role("#007A5A", "#2FCFA3", "dot", "diamond"),
    "fifth": Role("#6B5B00", "#E8DD5A", "dash", "cross"),
    "theory": Role("#555555", "#BBBBBB", "dash", "cross"),  # a closed form drawn over a measurement
    "limit": Role("#8A1C1C", "#FF8A80", "dot", "cross"),  # a boundary: stability, domain
    "optimum": Role("#111111", "#FFFFFF", "solid", "star"),
    "start": Role("#111111", "#FFFFFF", "solid", "square"),
    "contour": Role("#9AA5AE", "#66727C"),
    "neutral": Role("#5A6670", "#A9B4BD"),
    "good": Role("#DCEEF8", "#12364A"),  # fills of spans
    "bad": Role("#FBE3D6", "#4A2413"),
}

SURFACES = {
    "light": {"background": "#FFFFFF", "text": "#1A1A1A", "axis": "#4A4A4A", "grid": "#E6E9EC"},
    "dark": {"background": "#111418", "text": "#F0F0F0", "axis": "#B8C0C8", "grid": "#2A3036"},
}

DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (7, 4),
    "dot": (1.5, 3),
    "dashdot": (7, 3, 1.5, 3),
}

# Sequential maps for heat marks, as stops from low to high: blue greys (light) that leave paths readable, and viridis.
HEATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "terrain": (
        ("#B9CFDD", "#CCDDE7", "#DDE8EF", "#EBF1F5", "#F7FAFB"),
        ("#1D3A4C", "#1A3242", "#182A37", "#15222C", "#121A21"),
    ),
    "rate": (
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
        ("#0B3C5D", "#1F6E9C", "#6BB3D6", "#CBE4EF", "#F7E7D2", "#E9B27C", "#C0622A"),
    ),
    "basins": (
        ("#56B4E9", "#F0C27A", "#7CCFB5", "#D8A2C2", "#DDDDDD"),
        ("#1B5E87", "#8A5A12", "#0F6B52", "#7A3560", "#444444"),
    ),
}
