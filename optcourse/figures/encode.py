"""Scenes as one JSON dictionary and one block of bytes, for the browser.

Equal arrays, marks and panels are stored once, so that a table of a hundred frames costs little more than what differs
between them. Numbers travel as float32; as float64 where float32 would flush them to zero or to infinity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from optcourse.figures.scene import Mark, Panel, Scene

_TINY, _HUGE = 1e-37, 3e38


class Encoder:
    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._arrays: dict[bytes, int] = {}
        self._array_list: list[list] = []
        self._kept: dict[str, tuple[dict[str, int], list]] = {"marks": ({}, []), "panels": ({}, [])}
        self.frames: list[dict] = []

    def add(self, scene: Scene) -> None:
        frame: dict = {"panels": [self._panel(p) for p in scene.panels], "says": scene.says}
        if scene.num_steps is not None:
            frame["num_steps"] = scene.num_steps
        if scene.narration is not None:
            n = scene.narration
            frame["narration"] = {
                "template": n.template,
                "numbers": self._array(np.atleast_2d(np.asarray(n.numbers, dtype=float))),
                "last": n.last,
            }
        if scene.slider_marks:
            frame["slider_marks"] = {
                k: [[float(v), s] for v, s in ms] for k, ms in scene.slider_marks.items()
            }
        if scene.notice:
            frame["notice"] = scene.notice
        self.frames.append(frame)

    def payload(self) -> tuple[dict, bytes]:
        meta = {
            "arrays": self._array_list,
            "marks": self._kept["marks"][1],
            "panels": self._kept["panels"][1],
            "frames": self.frames,
        }
        return meta, b"".join(self._chunks)

    def _panel(self, panel: Panel) -> list:
        meta = {
            f.name: getattr(panel, f.name)
            for f in fields(panel)
            if f.name != "marks" and getattr(panel, f.name) != f.default
        }
        return [self._keep("panels", meta), [self._mark(m) for m in panel.marks]]

    def _mark(self, mark: Mark) -> int:
        arrays = mark.arrays()
        meta: dict = {"kind": type(mark).__name__.lower()}
        for f in fields(mark):
            value = getattr(mark, f.name)
            if f.name in arrays and not np.isscalar(value):
                meta[f.name] = self._array(arrays[f.name])
            elif f.name in arrays:
                meta[f.name] = float(value)
            elif value not in (None, ""):
                meta[f.name] = value
        return self._keep("marks", meta)

    def _keep(self, what: str, meta: dict) -> int:
        index, kept = self._kept[what]
        key = json.dumps(meta, default=float, sort_keys=True)
        if key not in index:
            index[key] = len(kept)
            kept.append(json.loads(key))
        return index[key]

    def _array(self, values: np.ndarray) -> dict:
        size = np.abs(values[np.isfinite(values) & (values != 0)])
        wide = size.size > 0 and (size.min() < _TINY or size.max() > _HUGE)
        data = np.ascontiguousarray(values, dtype="<f8" if wide else "<f4")
        raw = data.tobytes()
        key = data.dtype.str.encode() + str(data.shape).encode() + raw
        if key not in self._arrays:
            self._arrays[key] = len(self._array_list)
            self._array_list.append([self._size, "f8" if wide else "f4", list(data.shape)])
            padded = raw + b"\0" * (-len(raw) % 8)
            self._chunks.append(padded)
            self._size += len(padded)
        return {"array": self._arrays[key]}


def encode(scenes: Iterable[Scene]) -> tuple[dict, bytes]:
    """One payload for many scenes: (JSON-able dictionary, bytes)."""
    encoder = Encoder()
    for scene in scenes:
        encoder.add(scene)
    return encoder.payload()
