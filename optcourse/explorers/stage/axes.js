// The axes of a panel: where its box lies, which place a value has, which value a place has, and its ticks.

import { general, power } from "./numbers.js";

export const MARGIN = { left: 62, right: 16, top: 30, bottom: 48 };

// A panel in its area: the box of its axes, and where values lie.
export function viewOf(panel, area, legendHeight) {
  const box = {
    left: area.left + MARGIN.left,
    top: area.top + MARGIN.top,
    width: area.width - MARGIN.left - MARGIN.right,
    height: area.height - MARGIN.top - MARGIN.bottom - legendHeight,
  };
  if (panel.equal) {
    const unit = Math.min(box.width / (panel.xlim[1] - panel.xlim[0]), box.height / (panel.ylim[1] - panel.ylim[0]));
    const w = unit * (panel.xlim[1] - panel.xlim[0]), h = unit * (panel.ylim[1] - panel.ylim[0]);
    box.left += (box.width - w) / 2;
    box.top += (box.height - h) / 2;
    box.width = w;
    box.height = h;
  }
  const scale = (kind, [lo, hi], from, length) => {
    if (kind === "log") {
      const a = Math.log10(lo), k = length / (Math.log10(hi) - a);
      return (v) => (v > 0 ? from + (Math.log10(v) - a) * k : v <= 0 ? from - 1e4 * Math.sign(length) : NaN);
    }
    const k = length / (hi - lo);
    return (v) => from + (v - lo) * k;
  };
  const far = (f) => (v) => Math.max(-1e5, Math.min(1e5, f(v))); // canvases misdraw coordinates that are astronomically far
  const X = far(scale(panel.xscale, panel.xlim, box.left, box.width));
  const Y = far(scale(panel.yscale, panel.ylim, box.top + box.height, -box.height));
  return { panel, box, X, Y };
}

export function isInside({ box }, x, y) {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
}

export function valuesAt({ panel, box }, x, y) { // to four digits: what the person reads is what is computed
  const part = [(x - box.left) / box.width, 1 - (y - box.top) / box.height];
  return [panel.xlim, panel.ylim].map(([lo, hi], i) => {
    const log = (i ? panel.yscale : panel.xscale) === "log";
    const v = log ? lo * (hi / lo) ** part[i] : lo + (hi - lo) * part[i];
    return Number(v.toPrecision(4));
  });
}

export function ticksOf(panel, box) { // [across, up], each a list of [value, words]
  const across = panel.xticks || (panel.xscale === "log" ? logTicks(...panel.xlim, box.width / 46) : ticks(...panel.xlim, box.width / 58));
  const up = panel.yticks || (panel.yscale === "log" ? logTicks(...panel.ylim, box.height / 30) : ticks(...panel.ylim, box.height / 38));
  return [across, up];
}

function ticks(lo, hi, room) {
  const raw = (hi - lo) / Math.max(2, room);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((s) => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) out.push(k * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (step / size === 2.5 ? 1 : 0));
  const large = Math.max(Math.abs(lo), Math.abs(hi)) >= 1e5;
  return out.map((v) => [v, large ? general(v, 3) : (Math.abs(v) < step / 1e6 ? 0 : v).toFixed(places).replace("-", "−")]);
}

function logTicks(lo, hi, room) {
  const a = Math.ceil(Math.log10(lo) - 1e-9), b = Math.floor(Math.log10(hi) + 1e-9);
  if (b - a < 1) {
    const out = [];
    for (let e = a - 1; e <= b + 1; e++) for (const m of [1, 2, 5]) {
      const v = m * 10 ** e;
      if (v >= lo * 0.999 && v <= hi * 1.001) out.push([v, general(v, 2)]);
    }
    return out;
  }
  const every = Math.max(1, Math.ceil((b - a) / Math.max(2, room)));
  const out = [];
  for (let e = a; e <= b; e += every) out.push([10 ** e, power(e)]);
  return out;
}
