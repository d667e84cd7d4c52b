// Made by `optcourse build` from the modules in the folder stage/ beside it: edit those.

// ---- dom.js

// Elements of the page.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && key !== "list") node[key] = value; else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function setText(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

function button(words, act, attributes = {}) {
  const made = element("button", { type: "button", textContent: words, ...attributes });
  made.addEventListener("click", act);
  return made;
}

// ---- numbers.js

// Numbers as text: as Python writes them, in sentences about a step, on sliders.

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = (e) => "10" + String(e).split("").map((c) => SUPER[c]).join("");

function general(value, digits) {
  // Python's format(value, ".Ng")
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent >= digits) {
    const [m, e] = value.toExponential(digits - 1).split("e");
    const short = m.includes(".") ? m.replace(/\.?0+$/, "") : m;
    return short + "e" + e[0] + (e.length < 3 ? "0" : "") + e.slice(1);
  }
  const fixed = value.toFixed(Math.max(0, digits - 1 - exponent));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

function narrate(narration, step) {
  const numbers = narration.numbers;
  const [rows, columns] = numbers.shape;
  if (step >= rows && narration.last) return narration.last;
  const row = numbers.subarray(Math.min(step, rows - 1) * columns, (Math.min(step, rows - 1) + 1) * columns);
  return narration.template.replaceAll("{t}", String(step)).replace(/\{(\d+):(?:\.(\d+))?([gfed])\}/g, (_, i, digits, how) => {
    const value = row[Number(i)];
    if (how === "d") return String(Math.round(value));
    if (!Number.isFinite(value)) return general(value, 3);
    if (how === "f") return value.toFixed(Number(digits));
    if (how === "e") return value.toExponential(Number(digits));
    return general(value, Number(digits));
  });
}

const show = (v) => (typeof v === "number" ? general(v, 4).replace("e-0", "e-").replace("e+0", "e") : String(v));

function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}

function typedNumber(text) { // NaN where it is none
  return Number(text.trim().replace("−", "-") || NaN);
}

function clamp(v, [lo, hi]) {
  return Math.max(lo, Math.min(hi, v));
}

// ---- controls.js

// The controls: one row each, made by its kind, and the marks of theory under a slider.


// What a control does with a value, by its kind: the nodes of its row, and how a new value is written into them.
// `stage` has `values`, `link.live`, `set`, `setPoint`, `walk` and `fail`.
const KINDS = { range: slider, choice, toggle, point, walk };

function makeControl(stage, control, id) {
  const row = element("div", { className: "oc-control" });
  row.dataset.control = control.name;
  const words = control.label + (control.unit ? ` (${control.unit})` : "");
  row.append(element("label", { htmlFor: id, textContent: words }));
  const { nodes, write, marks } = KINDS[control.kind](stage, control, id, words);
  row.append(...nodes);
  const want = () => stage.conversation.want(control.name);
  row.addEventListener("pointerenter", want);
  row.addEventListener("focusin", want);
  write(stage.values[control.name]);
  return { row, write, marks };
}

function slider(stage, control, id, words) {
  const rail = element("input", { type: "range", id, min: 0, max: control.values.length - 1, step: 1 });
  const box = numberBox(words + ", type a value");
  const marks = element("div", { className: "oc-ticks" });
  rail.addEventListener("input", () => stage.set(control.name, control.values[Number(rail.value)]));
  box.addEventListener("change", () => typed(stage, control, box));
  const write = (value) => {
    rail.value = nearest(control.values, value);
    rail.setAttribute("aria-valuetext", show(value) + (control.unit ? " " + control.unit : ""));
    if (document.activeElement !== box) box.value = show(value);
  };
  return { nodes: [element("div", { className: "oc-slot" }, rail, marks), box], write, marks };
}

function typed(stage, control, box) {
  const value = typedNumber(box.value);
  const lo = control.values[0], hi = control.values[control.values.length - 1];
  const valid = Number.isFinite(value) && value >= lo && value <= hi;
  if (!valid) {
    stage.fail(`${control.label} must be a number from ${show(lo)} to ${show(hi)}; “${box.value}” is not. It stays at ${show(stage.values[control.name])}.`);
    box.value = show(stage.values[control.name]);
    return;
  }
  const whole = control.whole ? Math.round(value) : value;
  const kept = stage.link.live ? whole : control.values[nearest(control.values, whole)];
  stage.set(control.name, kept);
  box.value = show(kept);
}

function choice(stage, control, id) {
  const select = element("select", { id }, ...control.values.map((v) => element("option", { value: v, textContent: v })));
  select.addEventListener("change", () => stage.set(control.name, select.value));
  return { nodes: [select], write: (value) => { select.value = value; } };
}

function toggle(stage, control, id) {
  const check = element("input", { type: "checkbox", id });
  check.addEventListener("change", () => stage.set(control.name, check.checked));
  return { nodes: [check], write: (value) => { check.checked = value; } };
}

function point(stage, control, id, words) {
  const now = (axis) => stage.values[control.name][axis];
  const boxes = [0, 1].map((axis) => {
    const box = numberBox(`${words}, ${axis ? "second" : "first"} coordinate`);
    if (!axis) box.id = id;
    box.disabled = !stage.link.live; // a saved page holds the frames of sliders, not of every point
    const move = (value) => {
      const to = [...stage.values[control.name]];
      to[axis] = value;
      stage.setPoint(control, to);
    };
    box.addEventListener("change", () => {
      const value = typedNumber(box.value);
      if (Number.isFinite(value)) move(value);
      else stage.fail(`“${box.value}” is not a number. ${control.label} stays at ${show(now(axis))}.`);
      box.value = show(now(axis));
    });
    box.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by) { event.preventDefault(); move(now(axis) + by * control.step); box.value = show(now(axis)); }
    });
    return box;
  });
  const write = (value) => boxes.forEach((box, axis) => { if (document.activeElement !== box) box.value = show(value[axis]); });
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes)], write };
}

function walk(stage, control, id, words) {
  const boxes = ["first", "second"].map((which) => numberBox(`${words}, next place, ${which} coordinate`));
  boxes[0].id = id;
  const act = (text, what) => button(text, what, { disabled: !stage.link.live });
  const go = () => {
    const place = boxes.map((box) => typedNumber(box.value));
    if (place.every(Number.isFinite)) stage.walk(control, place);
    else stage.fail(`Type two numbers to step there; “${boxes.map((b) => b.value).join(", ")}” is not that.`);
  };
  for (const box of boxes) box.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
  const back = (keep) => { const places = stage.values[control.name]; if (places.length > 1) stage.set(control.name, places.slice(0, keep)); };
  const write = (places) => boxes.forEach((box, axis) => { box.value = show(places[places.length - 1][axis]); });
  const buttons = [act("Step there", go), act("Undo", () => back(-1)), act("Walk again", () => back(1))];
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes, ...buttons)], write };
}

function numberBox(label) {
  return element("input", { type: "text", inputMode: "decimal", "aria-label": label });
}

// The marks of theory under a slider: [value, words] each, `scale` pixels a unit. They keep out of each other's way.
function placeMarks(node, row, values, wanted, scale) {
  row.classList.toggle("oc-ticked", wanted.length > 0 || row.classList.contains("oc-ticked"));
  const width = (node.clientWidth || 240) / scale;
  const inside = wanted.filter(([v]) => v >= values[0] && v <= values[values.length - 1]).sort((a, b) => a[0] - b[0]);
  let last = null, ends = -Infinity; // the tick before, and where the words before it end
  node.replaceChildren(...inside.map(([v, words]) => {
    const above = values.findIndex((x) => x >= v);
    const part = above <= 0 ? 0 : above - 1 + (v - values[above - 1]) / (values[above] - values[above - 1]);
    const span = element("span", { textContent: words });
    const place = part / (values.length - 1);
    span.style.left = `calc(8px + (100% - 16px) * ${place})`;
    const tick = { span, x: place * width, room: 4 + 6.2 * words.length, to: 0 };
    tick.to = tick.x + tick.room / 2;
    if (last && tick.x - tick.room / 2 < last.to) {
      if (!last.span.className && last.x - last.room > ends) { // neighbours: one's words to the left, the other's to the right
        last.span.className = "oc-left";
        span.className = tick.x + tick.room < width + 4 ? "oc-right" : "oc-second oc-left"; // or a row lower, at the slider's end
        ends = last.x;
        tick.to = tick.x + tick.room;
      } else {
        span.className = "oc-second"; // no room beside it either: a row lower
        return span;
      }
    } else if (last) ends = last.to;
    last = tick;
    return span;
  }));
}

// ---- payload.js

// What Python sends: the numbers of frames as bytes, and how a saved page keeps them (encode.py and page.py write them).

function decode(meta, bytes) {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const arrays = meta.arrays.map(([offset, type, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = type === "f8" ? new Float64Array(buffer, offset, size) : new Float32Array(buffer, offset, size);
    data.shape = shape;
    return data;
  });
  const fill = (kept) => {
    const out = { ...kept };
    for (const key in out) if (out[key] && typeof out[key] === "object" && "array" in out[key]) out[key] = arrays[out[key].array];
    return out;
  };
  const marks = meta.marks.map(fill);
  const panels = meta.panels.map((p) => ({ xscale: "linear", yscale: "linear", title: "", weight: 1, ...p }));
  return meta.frames.map((frame) => ({
    ...frame,
    narration: frame.narration && fill(frame.narration),
    panels: frame.panels.map(([p, ms]) => ({ ...panels[p], marks: ms.map((m) => marks[m]) })),
  }));
}

function bytesOf(view) {
  return view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

async function unsqueeze(text) { // see page.py, squeezed
  const packed = fromBase64(text);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true), planes = new Uint8Array(buffer, 4), rows = planes.length / 4;
  const out = new Uint8Array(planes.length);
  for (let k = 0; k < 4; k++) for (let i = 0; i < rows; i++) out[4 * i + k] = planes[k * rows + i];
  return out.subarray(0, size);
}

// ---- conversation.js

// The conversation with the kernel: which frame is there already, what is asked for, and what an answer means by now.


const TABLE_BUDGET = 8e6; // bytes of tables that one figure keeps
const SETTLE = 120; // ms without input before tables are refreshed

// `stage` has `values`, `visible`, `control(name)`, `adopt(name, value)`, `display(frame)` and `fail(sentence)`.
// `link` carries it: `live`, `send(message)`, and `tell(values)` where the picture is right already.
class Conversation {
  constructor(stage, link) {
    Object.assign(this, { stage, link });
    this.tables = new Map(); // by the control and the values of all others
    this.recent = stage.spec.controls.filter((c) => c.table).map((c) => c.name); // whose tables are wanted first
    this.epoch = 0; // goes up with each picture: an older answer comes too late
    this.asking = null; // the frame that is being asked for
    this.again = false; // values have moved on meanwhile
    this.fetching = null; // the table that is being asked for
  }

  refresh() { // the values have changed
    const frame = this.lookup();
    if (frame) {
      this.epoch += 1; // whatever the kernel still answers is older than this picture
      this.stage.display(frame);
      this.link.tell(this.stage.values);
    } else this.ask();
  }

  key(name) {
    return name + JSON.stringify(Object.entries(this.stage.values).filter(([n]) => n !== name).sort());
  }

  lookup() {
    for (const name of this.recent) {
      const table = this.tables.get(this.key(name));
      if (!table) continue;
      const index = table.values.indexOf(this.stage.values[name]);
      if (index >= 0) return table.frames[index];
    }
    return null;
  }

  ask() {
    if (!this.link.live) return;
    if (this.asking) { this.again = true; return; }
    this.asking = { epoch: this.epoch, key: `f${++this.epoch}` };
    this.again = false;
    this.link.send({ kind: "frame", key: this.asking.key, values: this.stage.values });
  }

  moved(name) { // its table first, when the hand rests
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.refresh();
    this.settle();
  }

  want(name) { // a hand comes near
    if (!this.stage.control(name).table) return;
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.fetch();
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.fetch(), SETTLE);
  }

  fetch() {
    if (!this.link.live || this.fetching || !this.stage.visible) return;
    const wanted = (control) => control.table && !control.large && !this.tables.has(this.key(control.name));
    const name = this.recent.find((n) => wanted(this.stage.control(n)));
    if (!name) return;
    this.fetching = this.key(name);
    this.link.send({ kind: "table", control: name, key: this.fetching, values: this.stage.values });
  }

  receive(message, buffers) {
    const { stage } = this;
    if (message.kind === "table") {
      this.keep(message.key, { values: message.values, frames: decode(message, bytesOf(buffers[0])), bytes: buffers[0].byteLength });
      this.fetching = null;
      if (this.asking) { const frame = this.lookup(); if (frame) { this.epoch += 1; stage.display(frame); } }
      this.settle();
    } else if (message.kind === "no-table") {
      stage.control(message.control).large = true;
      this.fetching = null;
      this.settle();
    } else if (message.kind === "frame") {
      const mine = this.asking && this.asking.key === message.key;
      if (!message.key) for (const [name, value] of Object.entries(message.values)) stage.adopt(name, value);
      if (!message.key || (mine && this.epoch === Number(message.key.slice(1)))) stage.display(decode(message, bytesOf(buffers[0]))[0]);
      if (mine) { this.asking = null; if (this.again) this.refresh(); }
    } else if (message.kind === "error") {
      if (this.asking && this.asking.key === message.key) { this.asking = null; stage.fail(message.sentence); if (this.again) this.refresh(); }
      if (this.fetching === message.key) { this.fetching = null; stage.control(this.recent[0]).large = true; }
    }
  }

  keep(key, table) {
    this.tables.delete(key);
    this.tables.set(key, table);
    let total = 0;
    for (const [k, t] of [...this.tables].reverse()) { total += t.bytes; if (total > TABLE_BUDGET && k !== key) this.tables.delete(k); }
  }

  close() {
    clearTimeout(this.settling);
    this.tables.clear();
  }
}

// ---- axes.js

// The axes of a panel: where its box lies, which place a value has, which value a place has, and its ticks.


const MARGIN = { left: 62, right: 16, top: 30, bottom: 48 };

// A panel in its area: the box of its axes, and where values lie.
function viewOf(panel, area, legendHeight) {
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

function isInside({ box }, x, y) {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
}

function valuesAt({ panel, box }, x, y) { // to four digits: what the person reads is what is computed
  const part = [(x - box.left) / box.width, 1 - (y - box.top) / box.height];
  return [panel.xlim, panel.ylim].map(([lo, hi], i) => {
    const log = (i ? panel.yscale : panel.xscale) === "log";
    const v = log ? lo * (hi / lo) ** part[i] : lo + (hi - lo) * part[i];
    return Number(v.toPrecision(4));
  });
}

function ticksOf(panel, box) { // [across, up], each a list of [value, words]
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

// ---- hand.js

// The hand on the picture: points are dragged, walks are clicked, and the arrow keys do the same.


const KEYS = {
  point: (label) => `Arrow keys move ${label}, with Shift further. `,
  range: (label) => `Arrow keys change ${label}. `,
  walk: () => "Arrow keys aim, with Shift further; Enter steps there. ",
};

// Which control the picture holds, of those that a mark of it can drag; null: none. A page has no frames for points.
function heldBy(stage) {
  const drags = stage.frame.panels.flatMap((p) => p.marks).filter((m) => m.drag).map((m) => stage.control(m.drag));
  const movable = (kind) => drags.find((c) => c.kind === kind && (kind === "range" || stage.link.live));
  return ["point", "walk", "range"].map(movable).find(Boolean) || null;
}

class Hand {
  constructor(stage, held) { // `held` is what the arrow keys move
    Object.assign(this, { stage, held });
    this.words = KEYS[held.kind](held.label);
    this.aim = null; // where the next step of a walk would go
    this.dragging = null;
    const { canvas } = stage;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.style.touchAction = "pinch-zoom";
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.dragging = null; });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => { if (this.aim) { this.aim = null; stage.draw(); } });
  }

  place(event) { // in the units of the picture
    const { canvas, painter } = this.stage, rect = canvas.getBoundingClientRect();
    return [((event.clientX - rect.left) * painter.width) / rect.width, (event.clientY - rect.top) / painter.scale];
  }

  candidates(x, y) { // [view, mark] of all that can be dragged in the panel there
    const { stage } = this;
    const drags = (mark) => mark.drag && (stage.link.live || stage.control(mark.drag).kind === "range");
    return stage.painter.boxes.filter((view) => isInside(view, x, y))
      .flatMap((view) => view.panel.marks.filter(drags).map((mark) => [view, mark]));
  }

  down(event) {
    const { stage } = this, [x, y] = this.place(event), first = (a) => (a.length === undefined ? a : a[0]);
    const away = ([view, mark]) => Math.hypot(view.X(first(mark.x)) - x, view.Y(first(mark.y)) - y);
    const near = this.candidates(x, y).map((one) => [away(one), ...one]).sort((a, b) => a[0] - b[0])[0];
    if (!near) return;
    const [, view, mark] = near, control = stage.control(mark.drag);
    stage.canvas.setPointerCapture(event.pointerId);
    stage.canvas.focus({ preventScroll: true });
    if (control.kind === "walk") { // one click, one step
      stage.walk(control, valuesAt(view, x, y));
      return;
    }
    this.dragging = { panel: stage.painter.boxes.indexOf(view), control, basis: mark.drag_basis };
    this.drag(valuesAt(view, x, y));
  }

  moved(event) {
    const { stage } = this, [x, y] = this.place(event);
    if (this.dragging) this.drag(valuesAt(stage.painter.boxes[this.dragging.panel], x, y));
    else stage.canvas.style.cursor = this.candidates(x, y).length ? "crosshair" : "default";
  }

  drag([u, v]) {
    const { control, basis } = this.dragging;
    if (control.kind === "range") this.stage.set(control.name, control.values[nearest(control.values, u)]);
    else this.stage.setPoint(control, basis ? [basis[0] * u + basis[1] * v, basis[2] * u + basis[3] * v] : [u, v]);
  }

  key(event) {
    const { stage, held } = this;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const value = stage.values[held.name], times = event.shiftKey ? 5 : 1;
    if (held.kind === "walk" && event.key === "Enter" && this.aim) { stage.walk(held, this.aim); event.preventDefault(); }
    if (!by) return;
    event.preventDefault();
    if (held.kind === "range") {
      const to = nearest(held.values, value) + (by[0] + by[1]) * times;
      stage.set(held.name, held.values[clamp(to, [0, held.values.length - 1])]);
    } else if (held.kind === "point") {
      stage.setPoint(held, value.map((v, i) => Number((v + by[i] * held.step * times).toPrecision(6))));
    } else {
      const sides = [held.xlim, held.ylim], from = this.aim || value[value.length - 1];
      this.aim = from.map((v, i) => {
        const [lo, hi] = sides[i];
        return Number(clamp(v + (by[i] * times * (hi - lo)) / 50, sides[i]).toPrecision(4));
      });
      stage.draw();
      stage.speak(`Aim at ${this.aim.map(show).join(", ")}`);
    }
  }
}

// ---- marks.js

// The marks of a panel: one method for each kind that a scene knows (figures/scene.py), and its sample for the legend.

const FONT = "12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

class Pencil {
  constructor(spec) {
    this.spec = spec;
    this.dark = false;
    this.heats = new WeakMap();
    this.cased = false; // strong colours behind: lines get a pale edge
    this.placed = []; // where words stand
  }

  color(role) {
    return this.spec.roles[role][this.dark ? 1 : 0];
  }

  stroke(context, mark) {
    context.strokeStyle = this.color(mark.role);
    context.lineWidth = mark.width ?? 2;
    context.setLineDash(this.spec.dashes[mark.dash || this.spec.roles[mark.role][2]]);
    context.lineJoin = "round";
  }

  range(mark, length, step) {
    if (!mark.by_step || step === null) return [0, length];
    return mark.by_step === "upto" ? [0, Math.min(length, step + 1)] : [Math.min(step, length), Math.min(length, step + 1)];
  }

  line(context, mark, { X, Y }, step) {
    this.stroke(context, mark);
    const [from, to] = this.range(mark, mark.x.length, step);
    let pen = false;
    context.beginPath();
    for (let i = from; i < to; i++) {
      const x = X(mark.x[i]), y = Y(mark.y[i]);
      if (Number.isNaN(x) || Number.isNaN(y)) { pen = false; continue; }
      if (pen) context.lineTo(x, y); else context.moveTo(x, y);
      pen = true;
    }
    if (this.cased && mark.role !== "contour") this.casing(context);
    context.stroke();
    context.setLineDash([]);
    const every = mark.marker ? 1 : this.beads(mark) ? Math.max(1, Math.floor(mark.x.length / 5)) : Infinity;
    const size = mark.marker ? 5 : 7, shape = this.spec.roles[mark.role][3];
    const first = mark.marker ? 0 : Math.floor(every / 2);
    let before = [NaN, NaN]; // shapes that lie on each other hide the line under their rims, so those too near are left out
    for (let i = first; i < to; i += every) {
      const x = X(mark.x[i]), y = Y(mark.y[i]);
      if (i < from || Math.hypot(x - before[0], y - before[1]) < 9) continue;
      this.shape(context, x, y, size, shape, mark.role);
      before = [x, y];
    }
  }

  beads(mark) { // a line that its dash does not tell apart carries a few of its role's shapes
    return mark.role === "yours" || (mark.dash !== undefined && mark.dash !== this.spec.roles[mark.role][2]);
  }

  casing(context) {
    const { strokeStyle, lineWidth } = context, dash = context.getLineDash();
    context.setLineDash([]);
    context.strokeStyle = this.spec.surfaces[this.dark ? "dark" : "light"].background;
    context.lineWidth = lineWidth + 3;
    context.stroke();
    Object.assign(context, { strokeStyle, lineWidth });
    context.setLineDash(dash);
  }

  hatch(context, role, x, y, width, height, color, gap) {
    const kind = this.spec.roles[role][4];
    if (!kind) return;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.beginPath();
    const lean = kind === "/" ? -1 : 1;
    for (let c = Math.floor((x - height) / gap) * gap; c < x + width + height; c += gap) {
      context.moveTo(c, lean > 0 ? y : y + height);
      context.lineTo(c + height, lean > 0 ? y + height : y);
    }
    context.setLineDash([]);
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.stroke();
    context.restore();
  }

  block(context, mark, x, y, width, height) { // what bars, spans and their samples in the legend are made of
    const surface = this.spec.surfaces[this.dark ? "dark" : "light"];
    context.fillStyle = this.color(mark.role);
    context.fillRect(x, y, width, height);
    if (mark.kind !== "span") { this.hatch(context, mark.role, x, y, width, height, surface.background, 7); return; }
    this.hatch(context, mark.role, x, y, width, height, this.color("limit"), 16);
    context.setLineDash([]);
    context.strokeStyle = this.color("limit");
    context.lineWidth = 1;
    context.strokeRect(x, y, width, height);
  }

  points(context, mark, { X, Y }, step) {
    const xs = mark.x.length === undefined ? [mark.x] : mark.x, ys = mark.y.length === undefined ? [mark.y] : mark.y;
    const [from, to] = this.range(mark, xs.length, step);
    const shape = mark.shape || this.spec.roles[mark.role][3];
    for (let i = from; i < to; i++) this.shape(context, X(xs[i]), Y(ys[i]), mark.size, shape, mark.role, mark.drag);
  }

  shape(context, x, y, size, shape, role, drag) {
    if (Number.isNaN(x) || Number.isNaN(y) || shape === "none") return;
    const r = size / 2;
    context.fillStyle = context.strokeStyle = this.color(role);
    context.setLineDash([]);
    context.beginPath();
    if (shape === "circle") context.arc(x, y, r, 0, 7);
    else if (shape === "square") context.rect(x - r, y - r, size, size);
    else if (shape === "triangle") { context.moveTo(x, y - r * 1.15); context.lineTo(x + r * 1.1, y + r * 0.8); context.lineTo(x - r * 1.1, y + r * 0.8); context.closePath(); }
    else if (shape === "diamond") { context.moveTo(x, y - r * 1.2); context.lineTo(x + r * 1.2, y); context.lineTo(x, y + r * 1.2); context.lineTo(x - r * 1.2, y); context.closePath(); }
    else if (shape === "star") for (let k = 0; k < 10; k++) { const a = (k * Math.PI) / 5 - Math.PI / 2, q = k % 2 ? r * 0.55 : r * 1.3; context.lineTo(x + q * Math.cos(a), y + q * Math.sin(a)); }
    else if (shape === "cross") { context.moveTo(x - r, y - r); context.lineTo(x + r, y + r); context.moveTo(x - r, y + r); context.lineTo(x + r, y - r); context.lineWidth = 2; context.stroke(); return; }
    else if (shape === "plus") { context.moveTo(x - r, y); context.lineTo(x + r, y); context.moveTo(x, y - r); context.lineTo(x, y + r); context.lineWidth = 2; context.stroke(); return; }
    else if (shape === "down") { context.moveTo(x, y + r * 1.15); context.lineTo(x + r * 1.1, y - r * 0.8); context.lineTo(x - r * 1.1, y - r * 0.8); context.closePath(); }
    else if (shape === "bar") context.rect(x - r * 1.2, y - r * 0.5, 2.4 * r, r);
    const pale = this.spec.surfaces[this.dark ? "dark" : "light"].background;
    if (shape === "ring") {
      context.arc(x, y, r * 0.9, 0, 7);
      context.fillStyle = pale;
      context.fill();
      context.lineWidth = Math.max(1.6, r * 0.5);
      context.stroke();
    } else {
      context.fill();
      context.lineWidth = 1.2;
      context.strokeStyle = pale;
      context.stroke();
    }
    if (drag) { context.beginPath(); context.arc(x, y, r + 6, 0, 7); context.strokeStyle = this.color(role); context.lineWidth = 1.5; context.setLineDash([3, 3]); context.stroke(); context.setLineDash([]); }
  }

  arrows(context, mark, { X, Y }, step) {
    const list = (a) => (a.length === undefined ? [a] : a);
    const x = list(mark.x), y = list(mark.y), u = list(mark.u), v = list(mark.v);
    this.stroke(context, { ...mark, dash: "solid" });
    const [from, to] = this.range(mark, x.length, step);
    for (let i = from; i < to; i++) {
      const x0 = X(x[i]), y0 = Y(y[i]), x1 = X(x[i] + u[i]), y1 = Y(y[i] + v[i]);
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (!Number.isFinite(length) || length < 0.5) continue;
      const head = Math.min(9, length * 0.6), a = Math.atan2(y1 - y0, x1 - x0);
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.moveTo(x1 - head * Math.cos(a - 0.45), y1 - head * Math.sin(a - 0.45));
      context.lineTo(x1, y1);
      context.lineTo(x1 - head * Math.cos(a + 0.45), y1 - head * Math.sin(a + 0.45));
      context.stroke();
    }
  }

  bars(context, mark, { X, Y }, step) {
    let height = mark.height;
    const count = mark.x.length;
    if (mark.by_step === "at") {
      const row = Math.min(step ?? Infinity, height.shape[0] - 1);
      height = height.subarray(row * count, (row + 1) * count);
    }
    for (let i = 0; i < count; i++) {
      const a = X(mark.x[i] - mark.width / 2), b = X(mark.x[i] + mark.width / 2), y0 = Y(mark.base), y1 = Y(height[i]);
      if (Number.isFinite(y1)) this.block(context, mark, a, Math.min(y0, y1), Math.max(1, b - a), Math.abs(y1 - y0));
    }
  }

  span(context, mark, { X, Y, box }) {
    if (mark.axis === "x") this.block(context, mark, X(mark.lo), box.top - 1, X(mark.hi) - X(mark.lo), box.height + 2);
    else this.block(context, mark, box.left - 1, Y(mark.hi), box.width + 2, Y(mark.lo) - Y(mark.hi));
  }

  rule(context, mark, { X, Y, box }) {
    this.stroke(context, { ...mark, width: 1.8 });
    context.beginPath();
    if (mark.axis === "x") { context.moveTo(X(mark.at), box.top); context.lineTo(X(mark.at), box.top + box.height); }
    else { context.moveTo(box.left, Y(mark.at)); context.lineTo(box.left + box.width, Y(mark.at)); }
    if (this.cased) this.casing(context);
    context.stroke();
    context.setLineDash([]);
  }

  text(context, mark, { X, Y, box }) {
    context.font = FONT;
    const x = X(mark.x), y = Y(mark.y) - mark.above, width = Math.min(box.width - 6, context.measureText(mark.text).width);
    const shift = mark.align === "center" ? width / 2 : mark.align === "right" ? width : 0;
    const left = Math.max(box.left + 3, Math.min(box.left + box.width - width - 3, x - shift));
    const meets = (y) => this.placed.some((p) => left < p.right + 4 && left + width > p.left - 4 && Math.abs(y - p.y) < 12);
    let line = Math.max(box.top + 12, y);
    for (let tries = 0; tries < 4 && meets(line); tries++) line += 13; // words that would lie on others go below them
    this.placed.push({ left, right: left + width, y: line });
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.lineWidth = 3;
    context.strokeStyle = this.spec.surfaces[this.dark ? "dark" : "light"].background;
    context.strokeText(mark.text, left, line, width);
    context.fillStyle = this.color(mark.role);
    context.fillText(mark.text, left, line, width);
  }

  heat(context, mark, { X, Y }) {
    let kept = this.heats.get(mark);
    if (!kept || kept.dark !== this.dark) {
      const [rows, columns] = mark.values.shape;
      const stops = this.spec.heats[mark.colors][this.dark ? 1 : 0].map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
      const canvas = document.createElement("canvas");
      canvas.width = columns;
      canvas.height = rows;
      const picture = new ImageData(columns, rows);
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
        const at = ((rows - 1 - r) * columns + c) * 4;
        const value = mark.values[r * columns + c];
        if (Number.isNaN(value)) continue; // no colour: what lies behind shows
        const place = Math.max(0, Math.min(1, (value - mark.lo) / (mark.hi - mark.lo))) * (stops.length - 1);
        const k = Math.min(stops.length - 2, Math.floor(place)), part = place - k;
        for (let j = 0; j < 3; j++) picture.data[at + j] = stops[k][j] + (stops[k + 1][j] - stops[k][j]) * part;
        picture.data[at + 3] = 255;
      }
      canvas.getContext("2d").putImageData(picture, 0, 0);
      kept = { dark: this.dark, canvas };
      this.heats.set(mark, kept);
    }
    context.imageSmoothingEnabled = mark.smooth;
    context.imageSmoothingQuality = "high";
    const [xlo, xhi, ylo, yhi] = mark.extent;
    context.drawImage(kept.canvas, X(xlo), Y(yhi), X(xhi) - X(xlo), Y(ylo) - Y(yhi));
  }

  sample(context, mark, x, y) {
    context.globalAlpha = 1;
    if (["span", "bars", "heat"].includes(mark.kind)) {
      context.globalAlpha = mark.alpha ?? 1;
      this.block(context, mark, x + 6, y - 5, 20, 10);
      context.globalAlpha = 1;
    } else if (mark.kind === "points") this.shape(context, x + 16, y, Math.min(10, mark.size), mark.shape || this.spec.roles[mark.role][3], mark.role);
    else if (mark.kind === "arrows") this.arrows(context, { role: mark.role, x: x + 2, y, u: 24, v: 0 }, { X: (v) => v, Y: (v) => v }, null);
    else {
      this.stroke(context, mark);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 28, y);
      context.stroke();
      context.setLineDash([]);
      if (mark.marker || (mark.kind === "line" && this.beads(mark))) this.shape(context, x + 14, y, 6, this.spec.roles[mark.role][3], mark.role);
    }
  }
}

// ---- painter.js

// The picture: its panels beside or below each other, each with grid, marks, labels and legend, on one canvas.


const SMALL = "11px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const LEGEND_ROW = 18;

function broken(context, words, width) { // into lines that fit
  const lines = [];
  for (const word of words.split(" ")) {
    const longer = lines.length ? lines[lines.length - 1] + " " + word : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

class Painter extends Pencil {
  constructor(canvas, spec) {
    super(spec);
    this.canvas = canvas;
    this.legendRows = 0;
    this.backs = [];
    this.boxes = []; // the views of the panels, as they were painted last
  }

  size(width, dark, scale) { // a person who enlarges the text enlarges the whole picture: all below is in units of `scale` pixels
    this.width = width / scale;
    this.scale = scale;
    this.dark = dark;
    this.ratio = Math.max(1, window.devicePixelRatio || 1) * scale;
    this.backs = [];
    this.legendRows = 0;
  }

  paint(frame, step, aim) {
    const surface = this.spec.surfaces[this.dark ? "dark" : "light"];
    const stacked = this.width < 620 && frame.panels.length > 1;
    const context = this.canvas.getContext("2d", { alpha: false });
    const weights = frame.panels.map((p) => p.weight);
    const total = weights.reduce((a, b) => a + b, 0);
    const widths = stacked ? weights.map(() => this.width) : weights.map((w) => (this.width * w) / total);
    context.font = SMALL;
    frame.panels.forEach((panel, i) => {
      this.legendRows = Math.max(this.legendRows, this.legend(context, panel, widths[i]).length);
    });
    const tall = this.spec.height + this.legendRows * LEGEND_ROW;
    const height = stacked ? tall * frame.panels.length : tall;
    const w = Math.round(this.width * this.ratio), h = Math.round(height * this.ratio);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.height = height * this.scale + "px";
      this.backs = [];
    }
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.lineJoin = "round";
    context.fillStyle = surface.background;
    context.fillRect(0, 0, this.width, height);
    this.boxes = [];
    let left = 0, top = 0;
    frame.panels.forEach((panel, i) => {
      this.panel(context, panel, { left, top, width: widths[i], height: tall }, step, surface, i);
      if (stacked) top += tall;
      else left += widths[i];
    });
    if (aim) for (const view of this.boxes) if (view.panel.marks.some((m) => m.drag)) {
      context.strokeStyle = surface.text;
      context.lineWidth = 2;
      context.setLineDash([]);
      const x = view.X(aim[0]), y = view.Y(aim[1]);
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(x + 4 * dx, y + 4 * dy); context.lineTo(x + 14 * dx, y + 14 * dy); }
      context.stroke();
    }
  }

  legend(context, panel, width) {
    const rows = [];
    const whole = width - this.legendLeft(width) - 4;
    let room = 0;
    const seen = new Set();
    for (const mark of panel.marks) {
      if (!mark.label || seen.has(mark.label)) continue;
      seen.add(mark.label);
      const lines = broken(context, mark.label, whole - 34);
      lines.forEach((words, i) => {
        const need = 34 + context.measureText(words).width + 12;
        if (!rows.length || need > room + 12 || i > 0) {
          rows.push([]);
          room = whole;
        }
        rows[rows.length - 1].push([i ? null : mark, words, need]);
        room -= need;
      });
      if (lines.length > 1) room = 0;
    }
    return rows;
  }

  legendLeft(width) {
    return width < 420 ? 6 : MARGIN.left;
  }

  panel(context, panel, area, step, surface, index) {
    const view = viewOf(panel, area, this.legendRows * LEGEND_ROW);
    this.boxes.push(view);
    this.placed = [];
    const ticks = ticksOf(panel, view.box);
    this.grid(context, view, ticks, surface);
    this.marks(context, view, step, index);
    this.labels(context, view, ticks, area, surface);
    this.keys(context, panel, area, surface);
  }

  grid(context, { box, X, Y }, [across, up], surface) {
    context.lineWidth = 1;
    context.font = SMALL;
    context.strokeStyle = surface.grid;
    context.beginPath();
    for (const [v] of across) { const x = Math.round(X(v)) + 0.5; context.moveTo(x, box.top); context.lineTo(x, box.top + box.height); }
    for (const [v] of up) { const y = Math.round(Y(v)) + 0.5; context.moveTo(box.left, y); context.lineTo(box.left + box.width, y); }
    context.stroke();
  }

  marks(context, view, step, index) {
    const { panel, box } = view;
    this.cased = panel.marks.some((m) => m.kind === "heat" && m.colors !== "terrain");
    const behind = [];
    for (const mark of panel.marks) if (mark.role === "contour" && !mark.by_step) behind.push(mark); else break;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    if (behind.length) this.background(context, behind, view, index);
    for (const mark of panel.marks.slice(behind.length)) {
      context.globalAlpha = mark.alpha ?? 1;
      this[mark.kind](context, mark, view, step);
    }
    context.restore();
  }

  labels(context, { panel, box, X, Y }, [across, up], area, surface) {
    context.font = SMALL;
    context.strokeStyle = surface.axis;
    context.fillStyle = surface.text;
    context.strokeRect(Math.round(box.left) + 0.5, Math.round(box.top) + 0.5, Math.round(box.width), Math.round(box.height));
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const [v, words] of across) if (X(v) > box.left - 1 && X(v) < box.left + box.width + 1) context.fillText(words, X(v), box.top + box.height + 6);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [v, words] of up) if (Y(v) > box.top - 1 && Y(v) < box.top + box.height + 1) context.fillText(words, box.left - 6, Y(v));
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    const middle = (words) => { // centred on the axes, and never over the edge of the panel's own area
      const half = Math.min(area.width - 4, context.measureText(words).width) / 2;
      return Math.max(area.left + 2 + half, Math.min(area.left + area.width - 2 - half, box.left + box.width / 2));
    };
    const below = broken(context, panel.xlabel, area.width - 4);
    below.forEach((words, i) => context.fillText(words, middle(words), box.top + box.height + (below.length > 1 ? 31 : 36) + 13 * i, area.width - 4));
    context.save();
    context.translate(Math.max(area.left + 13, box.left - 48), box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(panel.ylabel, 0, 0, area.height - 4);
    context.restore();
    context.font = "600 " + FONT;
    const title = broken(context, panel.title, area.width - 4);
    title.forEach((words, i) => context.fillText(words, middle(words), box.top - (title.length > 1 ? 6 : 9) - 13 * (title.length - 1 - i), area.width - 4));
  }

  keys(context, panel, area, surface) {
    context.font = SMALL;
    context.textAlign = "left";
    context.textBaseline = "middle";
    this.legend(context, panel, area.width).forEach((row, r) => {
      let x = area.left + this.legendLeft(area.width);
      const y = area.top + area.height - this.legendRows * LEGEND_ROW + (r + 0.4) * LEGEND_ROW;
      for (const [mark, words, need] of row) {
        if (mark) this.sample(context, mark, x, y);
        context.fillStyle = surface.text;
        context.fillText(words, x + 34, y);
        x += need;
      }
    });
  }

  background(context, marks, view, index) {
    const { box } = view;
    const key = [box.left, box.top, box.width, box.height, this.dark, this.ratio].join();
    let kept = this.backs[index];
    if (!kept || kept.key !== key || kept.marks.length !== marks.length || kept.marks.some((m, i) => m !== marks[i])) {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(box.width * this.ratio);
      canvas.height = Math.ceil(box.height * this.ratio);
      const c = canvas.getContext("2d");
      c.setTransform(this.ratio, 0, 0, this.ratio, -box.left * this.ratio, -box.top * this.ratio);
      for (const mark of marks) {
        c.globalAlpha = mark.alpha ?? 1;
        this[mark.kind](c, mark, view, null);
      }
      kept = this.backs[index] = { key, marks, canvas };
    }
    context.drawImage(kept.canvas, box.left, box.top, kept.canvas.width / this.ratio, kept.canvas.height / this.ratio);
  }
}

// ---- transport.js

// The run, step by step: play, one step back and on, and the slider over the steps.


const PLAY = "▶ Play";
const PAUSE = "⏸ Pause";

class Transport {
  constructor(stage) {
    this.stage = stage;
    this.step = null; // null: the whole run, however long it is
    this.playing = null;
    const named = (words, label, act) => button(words, act, { "aria-label": label, title: label });
    const step = (by) => () => { stage.pause(); stage.go(stage.at() + by); };
    this.play = named(PLAY, "Play the run step by step", () => stage.toggle());
    this.play.className = "oc-play";
    this.scrub = element("input", { type: "range", min: 0, step: 1, "aria-label": "step of the run" });
    this.scrub.addEventListener("input", () => { stage.pause(); stage.go(Number(this.scrub.value)); });
    this.count = element("span", { className: "oc-stepcount" });
    this.bar = element("div", { className: "oc-bar", hidden: true },
      this.play, named("◀", "One step back", step(-1)), named("▶|", "One step on", step(1)), this.scrub, this.count);
  }

  get last() {
    return this.stage.frame.num_steps;
  }

  at() {
    return this.step === null ? this.last : Math.min(this.step, this.last);
  }

  set(step) {
    this.step = Math.max(0, Math.min(step, this.last));
  }

  toggle() {
    const { stage } = this;
    if (this.playing) return stage.pause();
    if (this.at() >= this.last) this.step = 0;
    this.play.textContent = PAUSE;
    this.play.setAttribute("aria-label", "Pause the run");
    // A whole run in about six seconds; for who wants no motion, six still pictures a second apart.
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const stride = still ? Math.ceil(this.last / 6) : 1;
    const pace = still ? 1000 : Math.max(16, Math.min(400, 6000 / Math.max(1, this.last)));
    let last = performance.now();
    const tick = (now) => {
      const ahead = Math.floor((now - last) / pace);
      if (ahead > 0) { last += ahead * pace; stage.go(this.at() + ahead * stride); }
      if (this.at() >= this.last) return stage.pause();
      this.playing = requestAnimationFrame(tick);
    };
    stage.go(this.at());
    this.playing = requestAnimationFrame(tick);
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.play.textContent = PLAY;
    this.play.setAttribute("aria-label", "Play the run step by step");
  }

  draw(step) { // null: this figure has no steps
    this.bar.hidden = step === null;
    if (step === null) return;
    this.scrub.max = this.last;
    this.scrub.value = step;
    this.scrub.setAttribute("aria-valuetext", `step ${step} of ${this.last}`);
    setText(this.count, `step ${step} of ${this.last}`);
  }
}

// ---- figure.js

// The figure: its parts on the page, the values that they share, and what is seen now.


const SPEAK = 600; // ms without input before a screen reader is told what is seen now
let figures = 0;

class Stage {
  constructor(el, spec, values, frame, link) {
    Object.assign(this, { el, spec, link, frame });
    this.id = "oc" + ++figures;
    this.values = { ...values };
    this.closed = new AbortController(); // ends what listens outside of the figure
    this.conversation = new Conversation(this, link);
    this.transport = new Transport(this);
    this.build();
    this.painter = new Painter(this.canvas, spec);
    this.watch();
  }

  // The page -----------------------------------------------------------------------------------------------------------

  build() {
    const root = (this.root = element("div", { className: "oc-explorer" }));
    root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrow keys belong to the sliders, not to the notebook
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Live figure: " + (this.spec.title || "explorer"));
    root.addEventListener("keydown", (event) => event.stopPropagation());
    this.canvas = element("canvas", { role: "img" });
    this.says = element("p", { className: "oc-says" });
    this.live = element("span", { className: "oc-live", "aria-live": "polite" });
    this.notice = element("p", { className: "oc-notice", role: "status" });
    this.note = element("p", { className: "oc-note", hidden: true });
    this.error = element("p", { className: "oc-error", role: "alert" });
    this.narration = element("p", { className: "oc-narration", hidden: true });
    this.controls = new Map(this.spec.controls.map((c) => [c.name, makeControl(this, c, `${this.id}-${c.name}`)]));
    const controls = element("div", { className: "oc-controls" }, ...[...this.controls.values()].map((c) => c.row));
    const reset = button("Reset", () => this.reset(), { title: "Back to the values this figure began with" });
    root.append(this.canvas, this.error, this.notice, this.says, this.live, this.bar, this.narration, this.note, controls,
      element("div", { className: "oc-bar" }, reset));
    // Notebook 7 looks at the element that has the focus before it looks at the figure around it.
    for (const node of root.querySelectorAll("input, select, button, canvas")) node.setAttribute("data-lm-suppress-shortcuts", "true");
    this.el.append(root);
    const held = heldBy(this);
    this.hand = held && new Hand(this, held);
  }

  watch() { // the room, the size of the text, the theme
    const dark = () => {
      if (window.matchMedia("(forced-colors: active)").matches) return window.matchMedia("(prefers-color-scheme: dark)").matches;
      const lab = document.body.dataset.jpThemeLight;
      if (lab !== undefined) return lab === "false";
      return this.link.live ? false : window.matchMedia("(prefers-color-scheme: dark)").matches;
    };
    const fit = () => {
      if (this.canvas.clientWidth >= 50) this.room = this.canvas.clientWidth;
      if (!this.room) return; // not shown yet
      this.root.classList.toggle("oc-dark", dark());
      this.size = size();
      this.painter.size(this.room, dark(), Math.max(1, parseFloat(getComputedStyle(this.root).fontSize) / 14));
      this.draw();
    };
    // With the theme: JupyterLab changes it while the page is hidden, and what is hidden has no width.
    const size = () => [this.canvas.clientWidth, getComputedStyle(this.root).fontSize, dark()].join();
    const refit = () => { if (size() !== this.size) fit(); };
    const resized = new ResizeObserver(refit);
    resized.observe(this.root);
    const themed = new MutationObserver(fit);
    themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fit, { signal: this.closed.signal });
    const seen = new IntersectionObserver((entries) => {
      this.visible = entries.some((e) => e.isIntersecting);
      if (this.visible) { refit(); this.conversation.settle(); }
    });
    seen.observe(this.root);
    this.closed.signal.addEventListener("abort", () => { for (const watcher of [resized, themed, seen]) watcher.disconnect(); });
    fit();
  }

  close() {
    this.closed.abort();
    this.pause();
    this.conversation.close();
    clearTimeout(this.speaking);
  }

  // Values -------------------------------------------------------------------------------------------------------------

  control(name) {
    return this.spec.controls.find((c) => c.name === name);
  }

  get tables() {
    return this.conversation.tables;
  }

  set(name, value) {
    if (!this.link.live) { // a page holds one table a slider, drawn with the others at their first values
      const others = Object.keys(this.values).filter((n) => n !== name);
      for (const other of others) this.adopt(other, this.spec.initial[other]);
    }
    this.adopt(name, value);
    this.conversation.moved(name);
  }

  setPoint(control, [x, y]) {
    this.set(control.name, [clamp(x, control.xlim), clamp(y, control.ylim)]);
  }

  walk(control, [x, y]) {
    const places = this.values[control.name];
    if (places.length > control.longest) { this.fail(`This walk has its ${control.longest} steps. Undo the last one, or press “Walk again”.`); return; }
    this.set(control.name, [...places, [clamp(x, control.xlim), clamp(y, control.ylim)]]);
  }

  adopt(name, value) {
    this.values[name] = value;
    if (this.hand) this.hand.aim = null;
    this.controls.get(name).write(value);
  }

  reset() {
    this.pause();
    this.transport.step = null;
    for (const [name, value] of Object.entries(this.spec.initial)) this.adopt(name, value);
    this.fail("");
    this.conversation.refresh();
    this.conversation.settle();
  }

  // The run ------------------------------------------------------------------------------------------------------------

  get bar() {
    return this.transport.bar;
  }

  get play() {
    return this.transport.play;
  }

  get playing() {
    return this.transport.playing;
  }

  at() {
    return this.transport.at();
  }

  go(step) {
    this.transport.set(step);
    this.draw();
  }

  toggle() {
    this.transport.toggle();
  }

  pause() {
    this.transport.pause();
  }

  // Showing ------------------------------------------------------------------------------------------------------------

  display(frame) {
    this.frame = frame;
    this.fail("");
    this.draw();
  }

  fail(sentence) {
    setText(this.error, sentence);
  }

  draw() {
    const frame = this.frame;
    const step = frame.num_steps === undefined ? null : this.at();
    this.painter.paint(frame, step, this.hand?.aim);
    setText(this.says, frame.says);
    setText(this.notice, frame.notice || "");
    this.canvas.setAttribute("aria-label", (this.hand?.words || "") + frame.says);
    const told = step !== null && frame.narration ? narrate(frame.narration, step) : null;
    const words = told !== null && step < frame.num_steps ? told : frame.says;
    clearTimeout(this.speaking);
    if (this.said === undefined) this.said = words; // a figure that appears is read when it is reached, not before
    else if (!this.playing) this.speak(words);
    this.transport.draw(step);
    this.narration.hidden = told === null;
    if (told !== null) setText(this.narration, told);
    for (const control of this.spec.controls) this.mark(control, frame.slider_marks?.[control.name] || []);
  }

  mark(control, wanted) { // what theory says of a slider
    const made = this.controls.get(control.name), key = JSON.stringify([wanted, this.size]);
    if (!made.marks || made.key === key) return;
    made.key = key;
    placeMarks(made.marks, made.row, control.values, wanted, this.painter.scale);
  }

  speak(words) { // once, politely, when the hand rests
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      if (words === this.said) return;
      this.said = words;
      setText(this.live, words);
    }, SPEAK);
  }
}

// ---- main.js

// The live figure in the browser: draws scenes on a canvas, moves sliders over tables of frames that the kernel sent ahead,
// and asks for single frames where no table covers a value. Plain JavaScript, no request to anywhere.
// `render` drives it in JupyterLab (through anywidget) and in a lecture, `renderPage` in saved pages.


function render({ model, el }) {
  let waiting = null;
  const link = {
    live: true,
    send: (message) => model.send(message),
    tell: (values) => { // the picture is already right; the kernel hears of it when the hand rests
      clearTimeout(waiting);
      waiting = setTimeout(() => model.send({ kind: "values", values }), 60);
    },
  };
  const [frame] = decode(model.get("first"), bytesOf(model.get("first_data")));
  const stage = new Stage(el, model.get("spec"), model.get("values"), frame, link);
  const shown = JSON.stringify(model.get("values")) !== JSON.stringify(stage.spec.initial);
  if (shown) stage.conversation.refresh(); // a second view of a figure that has moved since it was made
  const hear = (message, buffers) => stage.conversation.receive(message, buffers);
  model.on("msg:custom", hear);
  el.stage = stage;
  return () => {
    model.off("msg:custom", hear);
    clearTimeout(waiting);
    stage.close();
    delete el.stage;
  };
}

function renderPage(el, packed) {
  const [frame] = decode(packed.first.meta, fromBase64(packed.first.data));
  const stage = new Stage(el, packed.spec, packed.values, frame, { live: false, send() {}, tell() {} });
  const { conversation } = stage;
  const keys = new Map(packed.tables.map(({ control }) => [control, conversation.key(control)]));
  const unpack = async () => {
    for (const { control, meta, data } of packed.tables) {
      const table = JSON.parse(new TextDecoder().decode(await unsqueeze(meta)));
      conversation.keep(keys.get(control), { values: table.values, frames: decode(table, await unsqueeze(data)), bytes: 0 });
    }
    el.dataset.ready = "true";
    conversation.refresh(); // somebody may have moved a slider already
  };
  const near = new IntersectionObserver((entries) => { // a page has many figures; only those that come near are unpacked
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    unpack().catch((error) => stage.fail(`The frames of this figure cannot be read: ${error}`));
  }, { rootMargin: "800px" });
  near.observe(el);
  stage.closed.signal.addEventListener("abort", () => near.disconnect());
  const notes = ["A saved page."];
  if (keys.size > 1) notes.push("Moving one control puts the others back where they began.");
  if (keys.size < stage.spec.controls.length) notes.push("What is greyed out needs a kernel: open the notebook to move it.");
  stage.note.textContent = notes.join(" ");
  stage.note.hidden = notes.length === 1;
  for (const row of el.querySelectorAll("[data-control]")) {
    if (keys.has(row.dataset.control)) continue; // the others could be moved, and the picture would not follow
    for (const input of row.querySelectorAll("input, select, button")) input.disabled = true;
    row.classList.add("oc-off");
    row.title = "This one needs a kernel: open the notebook to move it.";
  }
  el.stage = stage;
  return stage;
}

export default { render };
