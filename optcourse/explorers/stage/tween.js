// What moves by itself for a moment: from one picture to the next after a jump, from one zoom to another, the camera of a tilt.

const SHORT = 150; // ms

export const stillMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export const easeOut = (q) => 1 - (1 - q) ** 3;
export const easeBoth = (q) => (q < 0.5 ? 4 * q ** 3 : 1 - (2 - 2 * q) ** 3 / 2);

// One movement at a time: a new one, or `cut`, ends the one before at once, without its last frame.
export class Tween {
  constructor() {
    this.frame = null; // the next one, while something moves
  }

  // `paint(part)` is called now with the first part of the way, at every display frame, and at last with exactly 1.
  run(paint, { ms = SHORT, ease = easeOut } = {}) {
    this.cut();
    if (stillMotion()) { paint(1); return; }
    const began = performance.now() - 1000 / 60; // the first frame has moved already
    const next = (now) => {
      const q = Math.max(0, now - began) / ms;
      this.frame = q < 1 ? requestAnimationFrame(next) : null;
      paint(q < 1 ? ease(q) : 1);
    };
    next(performance.now());
  }

  get moving() {
    return this.frame !== null;
  }

  cut() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
  }
}

// A picture between two: what has the same shape in both lies between, everything else is the later one's already.
export function frameBetween(from, to, part) {
  if (part >= 1) return to;
  return { ...to, panels: to.panels.map((panel, i) => panelBetween(from.panels[i], panel, part)) };
}

function panelBetween(from, to, part) {
  if (!from || from.xscale !== to.xscale || from.yscale !== to.yscale) return to;
  const pairs = partners(from.marks, to.marks), logs = { x: to.xscale === "log", y: to.yscale === "log", top: to.yscale === "log", height: to.yscale === "log" };
  const marks = to.marks.map((mark, i) => (pairs[i] && pairs[i] !== mark ? markBetween(pairs[i], mark, part, logs) : mark));
  const field = to.field && from.field && from.field !== to.field ? fieldBetween(from.field, to.field, part) : to.field;
  return { ...to, marks, field };
}

// For each later mark the earlier one that is the same thing: the same kind of the same run, role and name, in the same order.
function partners(from, to) {
  const name = (mark) => [mark.kind, mark.run, mark.role, mark.label, mark.by_step, mark.axis].join();
  const waiting = new Map();
  for (const mark of from) waiting.set(name(mark), [...(waiting.get(name(mark)) || []), mark]);
  return to.map((mark) => waiting.get(name(mark))?.shift());
}

function markBetween(from, to, part, logs) {
  const out = { ...to };
  for (const key of ["x", "y", "top", "u", "v", "height", "at", "lo", "hi"]) {
    const log = logs[key] || (["at", "lo", "hi"].includes(key) && logs[to.axis]);
    if (typeof to[key] === "number" && typeof from[key] === "number") out[key] = valueBetween(from[key], to[key], part, log);
    else if (to[key]?.length && from[key]?.length) out[key] = arrayBetween(from[key], to[key], part, log);
  }
  return out;
}

function arrayBetween(from, to, part, log) { // a run that is longer now grows out of the end of the shorter one
  if (from === to || (to.shape.length > 1 && to.shape.join() !== from.shape.join())) return to;
  const out = new Float64Array(to.length), end = from.length - 1;
  for (let i = 0; i < to.length; i++) out[i] = valueBetween(from[Math.min(i, end)], to[i], part, log);
  out.shape = to.shape;
  return out;
}

function valueBetween(a, b, part, log) {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return b;
  return log && a > 0 && b > 0 ? a * (b / a) ** part : a + (b - a) * part;
}

function fieldBetween(from, to, part) {
  const same = from.values.shape.join() === to.values.shape.join() && from.extent.join() === to.extent.join();
  return same ? { ...to, values: arrayBetween(from.values, to.values, part, false) } : to;
}
