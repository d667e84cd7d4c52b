// Zoom and pan of a map. A zoom is {k, cx, cy}: drawn k times as large as at home, these values in the middle of the box.

import { clamp } from "./numbers.js";

const MOST = 40;

// `home` has the limits (xlim, ylim) of the whole map. No place beyond them comes into the box.
export function wholeMap({ xlim, ylim }) {
  return { k: 1, cx: (xlim[0] + xlim[1]) / 2, cy: (ylim[0] + ylim[1]) / 2 };
}

// `factor` times as large; the place `x, y` stays where it is on the picture, unless an edge of the map is in the way.
export function zoomedAt(zoom, home, factor, [x, y]) {
  const k = clamp(zoom.k * factor, [1, MOST]), part = 1 - zoom.k / k;
  return onMap({ k, cx: zoom.cx + (x - zoom.cx) * part, cy: zoom.cy + (y - zoom.cy) * part }, home);
}

// The map moved by this much, in values.
export function panned(zoom, home, [across, up]) {
  return onMap({ k: zoom.k, cx: zoom.cx - across, cy: zoom.cy - up }, home);
}

// The same zoom, moved no further than that a place is seen.
export function showing(zoom, home, [x, y]) {
  const reach = (c, v, [lo, hi]) => clamp(c, [v - ((hi - lo) * 0.46) / zoom.k, v + ((hi - lo) * 0.46) / zoom.k]);
  return onMap({ k: zoom.k, cx: reach(zoom.cx, x, home.xlim), cy: reach(zoom.cy, y, home.ylim) }, home);
}

// Between two zooms: each frame is larger than the one before by the same factor, and one place stays where it is.
export function zoomBetween(from, to, part) {
  const k = from.k * (to.k / from.k) ** part;
  const gone = from.k === to.k ? part : (1 / k - 1 / from.k) / (1 / to.k - 1 / from.k);
  return { k, cx: from.cx + (to.cx - from.cx) * gone, cy: from.cy + (to.cy - from.cy) * gone };
}

function onMap({ k, cx, cy }, home) {
  const within = (c, [lo, hi]) => clamp(c, [lo + (hi - lo) / (2 * k), hi - (hi - lo) / (2 * k)]);
  return k < 1.0001 ? wholeMap(home) : { k, cx: within(cx, home.xlim), cy: within(cy, home.ylim) };
}
