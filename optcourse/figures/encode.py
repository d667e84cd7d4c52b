"""Scenes as one JSON dictionary and one block of bytes, for the browser.

Equal arrays, marks and panels are stored once, so that a table of a hundred frames costs little more than what differs
between them. Numbers travel as float32 with 16 binary digits, finer than a pixel and than what is read aloud, because the
other 8 would be half of what is sent (explorers/packing.py); as float64 where float32 would flush them to zero or to infinity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from optcourse.figures.field import ladder
from optcourse.figures.scene import Field, Mark, Panel, Run, Scene, run_name

_TINY, _HUGE = 1e-37, 3e38
# A field this small is exact: where its loss is quadratic its deepest lines are seen at forty times the size.
_SMALL = 1024


class Encoder:
    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._arrays: dict[bytes, int] = {}
        self._array_list: list[list] = []
        self._kept: dict[str, tuple[dict[str, int], list]] = {
            what: ({}, []) for what in ("marks", "panels", "fields", "runs")
        }
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
        if scene.runs:
            frame["runs"] = [self._run(run) for run in scene.runs]
            frame["focus"] = scene.in_focus
        if scene.pin:
            frame["pin"] = [scene.pin[0], float(scene.pin[1])]
        self.frames.append(frame)

    def payload(self) -> tuple[dict, bytes]:
        meta = {
            "arrays": self._array_list,
            "marks": self._kept["marks"][1],
            "panels": self._kept["panels"][1],
            "fields": self._kept["fields"][1],
            "runs": self._kept["runs"][1],
            "frames": self.frames,
        }
        return meta, b"".join(self._chunks)

    def _panel(self, panel: Panel) -> list:
        meta = {
            f.name: getattr(panel, f.name)
            for f in fields(panel)
            if f.name not in ("marks", "field") and getattr(panel, f.name) != f.default
        }
        made: list = [self._keep("panels", meta), [self._mark(m) for m in panel.marks]]
        return made if panel.field is None else [*made, self._field(panel.field)]

    def _field(self, field: Field) -> int:
        values = np.asarray(field.values, dtype=float)
        meta = {"values": self._array(values, exact=values.size <= _SMALL), "extent": field.extent}
        return self._keep(
            "fields", {**meta, "levels": list(field.levels or ladder(values)), "bands": field.bands}
        )

    def _run(self, run: Run) -> int:
        # Column by column: the coordinates of a path are the x and y of its line, and travel once.
        quantities = [
            [
                name,
                [
                    self._array(column)
                    for column in np.asarray(values, dtype=float).reshape(len(values), -1).T
                ],
            ]
            for name, values in run.quantities.items()
        ]
        return self._keep("runs", {"name": run.name, "role": run.role, "quantities": quantities})

    def _mark(self, mark: Mark) -> int:
        arrays = mark.arrays()
        meta: dict = {"kind": type(mark).__name__.lower()}
        for f in fields(mark):
            value = run_name(mark) if f.name == "run" else getattr(mark, f.name)
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

    def _array(self, values: np.ndarray, exact: bool = False) -> dict:
        size = np.abs(values[np.isfinite(values) & (values != 0)])
        wide = exact or (size.size > 0 and (size.min() < _TINY or size.max() > _HUGE))
        data = np.ascontiguousarray(values, dtype="<f8" if wide else "<f4")
        raw = data.tobytes() if wide else _shortened(data).tobytes()
        key = data.dtype.str.encode() + str(data.shape).encode() + raw
        if key not in self._arrays:
            self._arrays[key] = len(self._array_list)
            self._array_list.append([self._size, "f8" if wide else "f4", list(data.shape)])
            padded = raw + b"\0" * (-len(raw) % 8)
            self._chunks.append(padded)
            self._size += len(padded)
        return {"array": self._arrays[key]}


def _shortened(numbers: np.ndarray) -> np.ndarray:
    """The float32 numbers, each rounded to the nearest whose last byte is zero: by 1 in 65,536 at most."""
    bits = np.atleast_1d(numbers).view("<u4")
    return ((bits + np.uint32(0x80)) & np.uint32(0xFFFFFF00)).reshape(numbers.shape)


def encode(scenes: Iterable[Scene]) -> tuple[dict, bytes]:
    """One payload for many scenes: (JSON-able dictionary, bytes)."""
    encoder = Encoder()
    for scene in scenes:
        encoder.add(scene)
    return encoder.payload()
