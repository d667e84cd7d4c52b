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
  for (const [come, go] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    row.addEventListener(come, () => stage.conversation.want(control.name, come));
    row.addEventListener(go, () => stage.conversation.leave(control.name, come));
  }
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
  const marks = meta.marks.map(fill), fields = meta.fields.map(fill);
  const columns = (list) => list.map((one) => arrays[one.array]); // of a quantity: its value at a step is columns.map((c) => c[step])
  const runs = meta.runs.map((run) => ({ ...run, quantities: Object.fromEntries(run.quantities.map(([name, list]) => [name, columns(list)])) }));
  const panels = meta.panels.map((p) => ({ xscale: "linear", yscale: "linear", title: "", weight: 1, ...p }));
  return meta.frames.map((frame) => ({
    ...frame,
    narration: frame.narration && fill(frame.narration),
    runs: (frame.runs || []).map((r) => runs[r]),
    panels: frame.panels.map(([p, ms, f]) => ({ ...panels[p], marks: ms.map((m) => marks[m]), field: fields[f] })),
  }));
}

function bytesOf(view) {
  return view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

async function unpack(block) { // see packing.py
  const stream = new Blob([block]).stream().pipeThrough(new DecompressionStream("deflate"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer()), head = new DataView(plain.buffer, 0, 8);
  const size = head.getUint32(0, true), length = head.getUint32(4, true);
  const words = JSON.parse(new TextDecoder().decode(plain.subarray(8, 8 + size)));
  const planes = plain.subarray(8 + size), rows = planes.length / 4, numbers = new Uint32Array(rows);
  for (let i = 0, sum = 0; i < rows; i++) {
    sum = (sum + (planes[i] | (planes[rows + i] << 8) | (planes[2 * rows + i] << 16) | (planes[3 * rows + i] << 24))) >>> 0;
    numbers[i] = sum;
  }
  return { words, data: new Uint8Array(numbers.buffer, 0, length), size: plain.length };
}

// ---- conversation.js

// The conversation with the kernel: which frame is there already, what is asked for, and what an answer means by now.
// A table of frames is sent when its control is under the pointer, in focus, or was moved last. Where nobody answers, what is
// here goes on moving, and the controls never say another setting than the picture.


const TABLE_BUDGET = 8e6; // bytes of tables that one figure keeps
const FRAMES = 30; // single frames that it keeps
const SETTLE = 120; // ms without input before tables are refreshed

const said = (values) => JSON.stringify(Object.entries(values).sort());

// `stage` has `values`, `visible`, `control(name)`, `adopt(name, value)`, `display(frame)`, `fail(sentence)` and `reach()`: what can be
// moved may have changed. `link` carries the conversation: `live` (somebody answers), `send(message)`, `tell(values)` where the picture is
// right already, and `share(values)` with the other views of the figure. A page, where nobody ever answers, says as `covers` which controls
// have tables, and `opening` until they are there.
class Conversation {
  constructor(stage, link) {
    Object.assign(this, { stage, link });
    this.own = Math.random().toString(36).slice(2); // another view, or another browser, hears the same answers
    this.tables = new Map(); // by the control and the values of all others
    this.frames = new Map(); // by the values
    this.recent = stage.spec.controls.filter((c) => c.table).map((c) => c.name); // where a frame is looked for first
    this.near = { moved: this.recent[0] }; // whose tables are wanted; the first one, before anybody came near
    this.number = 0; // of the questions
    this.epoch = 0; // goes up with each picture: an older answer comes too late
    this.asking = null; // the frame that is being asked for
    this.again = false; // values have moved on meanwhile
    this.fetching = null; // the table that is being asked for
    this.shown = { ...stage.values }; // the values of the picture
    this.remember(this.shown, stage.frame);
  }

  // What is here -------------------------------------------------------------------------------------------------------

  key(name) {
    return name + said(Object.fromEntries(Object.entries(this.stage.values).filter(([n]) => n !== name)));
  }

  lookup() {
    for (const name of this.recent) {
      const table = this.tables.get(this.key(name));
      if (!table) continue;
      const index = table.values.indexOf(this.stage.values[name]);
      if (index >= 0) return table.frames[index];
    }
    return this.frames.get(said(this.stage.values)) ?? null;
  }

  covered() { // the controls that move without anybody's answer
    return this.link.covers ?? new Set(this.recent.filter((name) => this.tables.has(this.key(name))));
  }

  remember(values, frame) {
    const key = said(values);
    this.frames.delete(key);
    this.frames.set(key, frame);
    const begun = said(this.stage.spec.initial);
    for (const old of this.frames.keys()) if (this.frames.size > FRAMES && old !== begun) this.frames.delete(old);
  }

  keep(key, table) {
    this.tables.delete(key);
    this.tables.set(key, table);
    let total = 0;
    for (const [k, t] of [...this.tables].reverse()) { total += t.bytes; if (total > TABLE_BUDGET && k !== key) this.tables.delete(k); }
    this.stage.reach();
  }

  // What is asked for --------------------------------------------------------------------------------------------------

  refresh() { // the values have changed
    const frame = this.lookup();
    if (frame) {
      this.show(frame);
      this.link.tell(this.stage.values);
      this.link.share(this.stage.values);
    } else if (this.link.live) {
      this.link.share(this.stage.values);
      this.ask();
    } else if (!this.link.opening) this.restore();
  }

  show(frame, values = this.stage.values) {
    this.epoch += 1; // whatever the kernel still answers is older than this picture
    this.shown = { ...values };
    this.stage.display(frame);
    this.stage.reach();
  }

  restore() { // nobody draws these values: the controls go back to those of the picture
    for (const [name, value] of Object.entries(this.shown)) this.stage.adopt(name, value);
    this.stage.reach();
  }

  ask() {
    if (!this.link.live) return;
    if (this.asking) { this.again = true; return; }
    this.asking = { epoch: ++this.epoch, key: `${this.own}-${++this.number}` };
    this.again = false;
    this.link.send({ kind: "frame", key: this.asking.key, values: this.stage.values });
  }

  moved(name) { // its table first, when the hand rests
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.near.moved = name;
    this.refresh();
    this.settle();
  }

  want(name, how) { // a hand comes near: `how` says by which event
    this.near[how] = name;
    this.fetch();
  }

  leave(name, how) {
    if (this.near[how] === name) delete this.near[how];
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.fetch(), SETTLE);
  }

  fetch() {
    if (!this.link.live || this.fetching || !this.stage.visible) return;
    const wanted = (control) => control.table && !control.large && !this.tables.has(this.key(control.name));
    const { moved, ...hands } = this.near;
    const name = [...Object.values(hands), moved].find((n) => n && wanted(this.stage.control(n)));
    if (!name) return;
    this.fetching = { name, key: this.key(name) };
    this.link.send({ kind: "table", control: name, key: this.fetching.key, values: this.stage.values });
  }

  // What is heard ------------------------------------------------------------------------------------------------------

  async receive(message, buffers) {
    const { stage } = this, mine = this.asking && this.asking.key === message.key;
    if (message.kind === "table") await this.open(message, bytesOf(buffers[0]));
    else if (message.kind === "no-table") this.without(message.control, message.key);
    else if (message.kind === "frame") {
      if (!message.key) { // Python has moved the figure
        for (const [name, value] of Object.entries(message.values)) stage.adopt(name, value);
        this.link.share(stage.values);
      }
      const [frame] = decode(message, bytesOf(buffers[0]));
      this.remember(message.values, frame);
      const current = mine ? this.epoch === this.asking.epoch : said(message.values) === said(stage.values);
      if (mine) this.asking = null;
      if (current) this.show(frame, message.values);
      if (mine && this.again) this.refresh();
    } else if (message.kind === "error") {
      if (mine) { this.asking = null; stage.fail(message.sentence); if (this.again) this.refresh(); }
      if (this.fetching && this.fetching.key === message.key) this.without(this.fetching.name, message.key);
    }
  }

  async open(message, bytes) { // a table, also one that another view has asked for
    try {
      const { words, data, size } = await unpack(bytes);
      if (this.closed) return;
      this.keep(message.key, { values: words.values, frames: decode(words, data), bytes: size });
      if (this.asking) { const frame = this.lookup(); if (frame) this.show(frame); }
    } catch (error) { // its frames are asked for one by one
      console.error(error);
      this.without(message.control, message.key);
      return;
    }
    this.fetched(message.key);
  }

  without(name, key) { // this control has no table
    this.stage.control(name).large = true;
    this.fetched(key);
  }

  fetched(key) {
    if (this.fetching && this.fetching.key === key) this.fetching = null;
    this.settle();
  }

  follow(values) { // another view of this figure was moved; what it is answered is heard here, too
    if (said(values) === said(this.stage.values)) return;
    for (const [name, value] of Object.entries(values)) this.stage.adopt(name, value);
    const frame = this.lookup();
    clearTimeout(this.behind);
    if (frame) this.show(frame);
    else this.behind = setTimeout(() => { if (said(this.shown) !== said(this.stage.values)) this.ask(); }, SETTLE);
  }

  changed(alive) { // somebody answers, or nobody does any more
    this.asking = this.fetching = null;
    if (!alive) this.restore();
    else this.settle();
    this.stage.reach();
  }

  close() {
    this.closed = true;
    clearTimeout(this.settling);
    clearTimeout(this.behind);
    this.tables.clear();
    this.frames.clear();
  }
}

// ---- axes.js

// The axes of a panel: where its box lies, which place a value has, which value a place has, and its ticks.


const MARGIN = { left: 62, right: 16, top: 8, bottom: 44 };

// A panel in its area: the box of its axes, and where values lie.
function viewOf(panel, area, zoom) {
  const box = {
    left: area.left + MARGIN.left,
    top: area.top + MARGIN.top,
    width: area.width - MARGIN.left - MARGIN.right,
    height: area.height - MARGIN.top - MARGIN.bottom,
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
  return { panel, box, X, Y, zoom };
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
    for (const panel of stage.panels) {
      const { picture } = panel;
      if (stage.frame.panels[panel.index].marks.some((mark) => mark.drag)) this.offer(panel);
      picture.addEventListener("pointerdown", (event) => this.down(panel, event));
      picture.addEventListener("pointermove", (event) => this.moved(panel, event));
      for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { this.dragging = null; });
    }
  }

  offer(panel) { // this panel's picture takes the keys
    const { picture } = panel;
    picture.tabIndex = 0;
    picture.setAttribute("role", "application");
    panel.words = this.words;
    picture.setAttribute("aria-label", panel.words + picture.getAttribute("aria-label"));
    picture.style.touchAction = "pinch-zoom";
    picture.addEventListener("keydown", (event) => this.key(event));
    picture.addEventListener("blur", () => { if (this.aim) { this.aim = null; this.stage.drawReadout(); } });
  }

  place(panel, event) { // in the units of the picture
    const { scale } = this.stage.painter, rect = panel.picture.getBoundingClientRect();
    return [(event.clientX - rect.left) / scale, (event.clientY - rect.top) / scale];
  }

  candidates({ view }, x, y) { // the marks of that panel that can be dragged
    const { stage } = this;
    const drags = (mark) => mark.drag && (stage.link.live || stage.control(mark.drag).kind === "range");
    return isInside(view, x, y) ? view.panel.marks.filter(drags) : [];
  }

  down(panel, event) {
    const { stage } = this, { view } = panel, [x, y] = this.place(panel, event), first = (a) => (a.length === undefined ? a : a[0]);
    const away = (mark) => Math.hypot(view.X(first(mark.x)) - x, view.Y(first(mark.y)) - y);
    const [mark] = this.candidates(panel, x, y).sort((a, b) => away(a) - away(b));
    if (!mark) return;
    const control = stage.control(mark.drag);
    panel.picture.setPointerCapture(event.pointerId);
    panel.picture.focus({ preventScroll: true });
    if (control.kind === "walk") { // one click, one step
      stage.walk(control, valuesAt(view, x, y));
      return;
    }
    this.dragging = { panel, control, basis: mark.drag_basis };
    this.drag(valuesAt(view, x, y));
  }

  moved(panel, event) {
    const [x, y] = this.place(panel, event);
    if (this.dragging) this.drag(valuesAt(this.dragging.panel.view, x, y));
    else panel.picture.style.cursor = this.candidates(panel, x, y).length ? "crosshair" : "default";
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
      stage.drawReadout();
      stage.speak(`Aim at ${this.aim.map(show).join(", ")}`);
    }
  }
  paint() { // where the next step of a walk would go
    const { stage } = this, { scale, ratio, dark, spec } = stage.painter;
    for (const { readout, view, width, height } of stage.panels) {
      if (!view) continue;
      const context = readout.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width / scale, height / scale);
      if (!this.aim || !view.panel.marks.some((m) => m.drag)) continue;
      context.strokeStyle = spec.surfaces[dark ? "dark" : "light"].text;
      context.lineWidth = 2;
      const x = view.X(this.aim[0]), y = view.Y(this.aim[1]);
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(x + 4 * dx, y + 4 * dy); context.lineTo(x + 14 * dx, y + 14 * dy); }
      context.stroke();
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
    else if (shape === "times") {
      const b = r * 1.15, a = b * 0.38;
      for (const [dx, dy] of [[a, 0], [b, b - a], [b - a, b], [0, a], [a - b, b], [-b, b - a], [-a, 0], [-b, a - b], [a - b, -b], [0, -a], [b - a, -b], [b, a - b]]) context.lineTo(x + dx, y + dy);
      context.closePath();
    } else if (shape === "bar") context.rect(x - r * 1.2, y - r * 0.5, 2.4 * r, r);
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

// The picture of a panel: grid, marks and labels, on the first of its two canvases.


const SMALL = "11.5px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

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
  constructor(spec) {
    super(spec);
    this.backs = [];
    this.scale = 1;
  }

  look(dark, scale) { // a person who enlarges the text enlarges the whole picture: all below is in units of `scale` pixels
    this.scale = scale;
    this.dark = dark;
    this.density = Math.max(1, window.devicePixelRatio || 1); // of the canvas, for a pixel of the page
    this.ratio = this.density * scale;
    this.backs = [];
  }

  paint(state, frame, step, ui) { // state: of a panel, see panels.js
    if (!state.width) return; // not shown yet
    const surface = this.spec.surfaces[this.dark ? "dark" : "light"];
    const context = state.picture.getContext("2d"), panel = frame.panels[state.index];
    const area = { left: 0, top: 0, width: state.width / this.scale, height: state.height / this.scale };
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, area.width, area.height);
    context.lineJoin = "round";
    const view = (state.view = viewOf(panel, area, ui.zoom[state.index]));
    this.placed = [];
    const ticks = ticksOf(panel, view.box);
    this.grid(context, view, ticks, surface);
    this.marks(context, view, step, state.index);
    this.labels(context, view, ticks, area, surface);
  }

  legend(panel) { // the marks that the key below the picture explains, each name once
    const seen = new Set();
    return panel.marks.filter((mark) => mark.label && !seen.has(mark.label) && seen.add(mark.label));
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

// ---- panels.js

// The panels of a figure: for each a title, two canvases that lie on each other, and what its shapes and colours mean.


const SAMPLE = [32, 16]; // px, of a line or shape beside its name

class Panels {
  constructor(stage) {
    this.stage = stage;
    this.node = element("div", { className: "oc-panels" });
    this.panels = [];
  }

  match(frame) { // as many panels as the frame has, each with its title and its key
    while (this.panels.length > frame.panels.length) this.panels.pop().node.remove();
    const more = this.panels.length < frame.panels.length;
    while (this.panels.length < frame.panels.length) this.panels.push(this.make(this.panels.length));
    const key = frame.panels.map((p) => [p.title, p.encodes, p.equal, p.weight, p.marks.map((m) => [m.label, m.role])]);
    if (!more && JSON.stringify(key) === this.key) return;
    this.key = JSON.stringify(key);
    this.node.style.setProperty("--oc-columns", frame.panels.map((p) => `minmax(0, ${1.42 * p.weight}fr)`).join(" "));
    this.panels.forEach((state, i) => this.name(state, frame.panels[i]));
    this.measure();
  }

  make(index) {
    const picture = element("canvas", { className: "oc-picture", role: "img", "aria-describedby": this.stage.id + "-says" });
    const readout = element("canvas", { className: "oc-readout", "aria-hidden": "true" });
    const title = element("b"), encodes = element("span");
    const head = element("p", { className: "oc-panel-title" }, title, encodes);
    const place = element("div", { className: "oc-place" }, picture, readout);
    const keys = element("ul", { className: "oc-key" });
    const node = element("div", { className: "oc-panel" }, head, place, keys);
    node.dataset.panel = index;
    this.node.append(node);
    return { index, node, head, title, encodes, place, picture, readout, keys, view: null, width: 0, height: 0 };
  }

  name(state, panel) {
    setText(state.title, panel.title || panel.ylabel);
    setText(state.encodes, panel.encodes || "");
    state.picture.setAttribute("aria-label", (state.words || "") + (panel.title || `${panel.ylabel} over ${panel.xlabel}`));
    const marks = this.stage.painter.legend(panel);
    state.keys.replaceChildren(...marks.map((mark) => {
      const sample = element("canvas", { "aria-hidden": "true" });
      return element("li", {}, sample, mark.label);
    }));
    state.keys.hidden = !marks.length;
    state.samples = marks;
  }

  // The sizes, once for all pictures to come: a picture that follows a hand measures nothing. False: not shown yet.
  measure() {
    const { painter } = this.stage;
    for (const state of this.panels) {
      if (state.place.clientWidth < 50) continue; // hidden: it keeps what it had
      state.width = state.place.clientWidth;
      state.height = state.place.clientHeight;
      for (const canvas of [state.picture, state.readout]) fitCanvas(canvas, state.width, state.height, painter.density);
      [...state.keys.children].forEach((item, i) => {
        const [canvas] = item.children, scale = painter.scale;
        fitCanvas(canvas, SAMPLE[0] * scale, SAMPLE[1] * scale, painter.density);
        Object.assign(canvas.style, { width: SAMPLE[0] * scale + "px", height: SAMPLE[1] * scale + "px" });
        const context = canvas.getContext("2d");
        context.setTransform(painter.ratio, 0, 0, painter.ratio, 0, 0);
        context.clearRect(0, 0, ...SAMPLE);
        painter.sample(context, state.samples[i], 2, SAMPLE[1] / 2);
      });
    }
    return this.panels.some((state) => state.width);
  }
}

function fitCanvas(canvas, width, height, density) {
  const w = Math.round(width * density), h = Math.round(height * density);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}

// ---- states.js

// What a figure says of itself, in the place of its sentence: that it waits, that its kernel is gone, that it failed.


const FIRST = ["gone", "error", "blank", "loading", "waiting"]; // the first of these that holds is said

class States {
  constructor(stage) {
    this.stage = stage;
    this.node = element("p", { className: "oc-state", role: "status" });
  }

  set(name, sentence, act) { // act: { words, do } of a button
    const { states } = this.stage.ui;
    if (sentence) states[name] = { sentence, act };
    else delete states[name];
    for (const known of FIRST) this.stage.root.classList.toggle("oc-is-" + known, known in states);
    this.show();
  }

  show() {
    const { stage } = this, { states } = stage.ui;
    const said = stage.error.textContent ? null : states[FIRST.find((name) => states[name]?.sentence)];
    // What still moves while the kernel is gone says its words, below.
    stage.says.classList.toggle("oc-unseen", Boolean((said && said !== states.gone) || stage.error.textContent));
    const key = said ? said.sentence + (said.act?.words || "") : "";
    if (this.key === key) return;
    this.key = key;
    const parts = said ? said.sentence.split("**") : []; // what stands between two of them is strong
    this.node.replaceChildren(...parts.map((words, i) => (i % 2 ? element("strong", { textContent: words }) : words)));
    if (said?.act) this.node.append(" ", button(said.act.words, said.act.do));
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
const TEXT = 16; // px: the size of text for which all sizes are written
const STOPPED = "The notebook has stopped. **Run this cell again** to move everything; what is not greyed out still moves.";
let figures = 0;

class Stage {
  constructor(el, spec, values, frame, link) {
    Object.assign(this, { el, spec, link, frame });
    this.id = "oc" + ++figures;
    this.values = { ...values };
    // What the person has chosen to see, and the kernel need not know.
    this.ui = { focus: "", others: true, pins: [], zoom: [], point: null, preview: null, fullscreen: false, states: {} };
    this.closed = new AbortController(); // ends what listens outside of the figure
    this.conversation = new Conversation(this, link);
    this.painter = new Painter(spec);
    this.states = new States(this);
    this.transport = new Transport(this);
    this.build();
    this.watch();
  }

  // The page -----------------------------------------------------------------------------------------------------------

  build() {
    const root = (this.root = element("div", { className: "oc-explorer" }));
    root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrow keys belong to the sliders, not to the notebook
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Live figure: " + (this.spec.title || "explorer"));
    root.addEventListener("keydown", (event) => event.stopPropagation());
    this.title = element("p", { className: "oc-title", textContent: this.spec.title });
    this.icons = element("div", { className: "oc-icons", role: "toolbar", "aria-label": "figure" });
    this.says = element("p", { className: "oc-says", id: this.id + "-says" });
    this.error = element("p", { className: "oc-error", role: "alert" });
    this.live = element("span", { className: "oc-live", "aria-live": "polite" });
    this.notice = element("p", { className: "oc-notice", role: "status" });
    this.note = element("p", { className: "oc-note", hidden: true });
    this.narration = element("p", { className: "oc-narration", hidden: true });
    this.read = element("p", { className: "oc-read", hidden: true });
    this.pinned = element("ul", { className: "oc-pins", hidden: true, "aria-label": "pinned runs" });
    this.controls = new Map(this.spec.controls.map((c) => [c.name, makeControl(this, c, `${this.id}-${c.name}`)]));
    const controls = element("div", { className: "oc-controls" }, ...[...this.controls.values()].map((c) => c.row));
    this.icons.append(button("Reset", () => this.reset(), { title: "Back to the values this figure began with" }));
    this.layout = new Panels(this);
    root.append(element("div", { className: "oc-head" }, this.title, this.icons),
      element("div", { className: "oc-sentence" }, this.says, this.error, this.states.node), this.notice, this.live,
      this.layout.node, this.narration, this.read, this.bar, this.pinned, controls, this.note);
    this.el.append(root);
    this.layout.match(this.frame);
    // Notebook 7 looks at the element that has the focus before it looks at the figure around it.
    for (const node of root.querySelectorAll("input, select, button, canvas")) node.setAttribute("data-lm-suppress-shortcuts", "true");
    const held = heldBy(this);
    this.hand = held && new Hand(this, held);
  }

  get panels() { // [{ node, picture, readout, view, … }], see panels.js
    return this.layout.panels;
  }

  watch() { // the room, the size of the text, the theme
    const dark = () => {
      if (window.matchMedia("(forced-colors: active)").matches) return window.matchMedia("(prefers-color-scheme: dark)").matches;
      const lab = document.body.dataset.jpThemeLight;
      if (lab !== undefined) return lab === "false";
      return this.link.covers ? window.matchMedia("(prefers-color-scheme: dark)").matches : false;
    };
    // With the theme: JupyterLab changes it while the page is hidden, and what is hidden has no width.
    const size = () => [this.layout.node.clientWidth, this.layout.node.clientHeight, getComputedStyle(this.root).fontSize, dark()].join();
    this.fit = () => {
      this.root.classList.toggle("oc-dark", dark());
      this.painter.look(dark(), Math.max(1, parseFloat(getComputedStyle(this.root).fontSize) / TEXT));
      const seen = this.layout.measure();
      this.size = size();
      if (seen) this.draw();
    };
    const refit = () => { if (size() !== this.size) this.fit(); };
    const resized = new ResizeObserver(refit);
    for (const node of [this.root, this.layout.node]) resized.observe(node);
    const themed = new MutationObserver(this.fit);
    themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.fit, { signal: this.closed.signal });
    const seen = new IntersectionObserver((entries) => {
      this.visible = entries.some((e) => e.isIntersecting);
      if (this.visible) { refit(); this.conversation.settle(); }
    });
    seen.observe(this.root);
    this.closed.signal.addEventListener("abort", () => { for (const watcher of [resized, themed, seen]) watcher.disconnect(); });
    this.fit();
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
    if (this.link.covers) { // a page holds one table a slider, drawn with the others at their first values
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

  reach() { // what can be moved now: everything where somebody answers, else what the tables cover
    const gone = !this.link.live && !this.link.covers, covered = this.conversation.covered();
    const why = gone ? "Run this cell again to move this one." : "This one needs a kernel: open the notebook to move it.";
    for (const [name, { row }] of this.controls) {
      const off = !this.link.live && !covered.has(name);
      if (row.classList.contains("oc-off") === off) continue;
      for (const input of row.querySelectorAll("input, select, button")) input.disabled = off;
      row.classList.toggle("oc-off", off);
      row.title = off ? why : "";
    }
    this.state("gone", gone ? STOPPED : "");
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
    this.states.show();
  }

  // "loading", "gone", "waiting" …: what the figure says of itself. An empty sentence ends the state.
  state(name, sentence, act) {
    this.states.set(name, sentence, act);
  }

  draw() {
    const frame = this.frame;
    const step = frame.num_steps === undefined ? null : this.at();
    this.layout.match(frame);
    for (const panel of this.panels) this.painter.paint(panel, frame, step, this.ui);
    this.drawReadout();
    setText(this.says, frame.says);
    setText(this.notice, frame.notice || "");
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

  drawReadout() { // the second layers: what a pointer or a key points at
    this.hand?.paint();
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

// ---- pulse.js

// Whether somebody answers: the kernel behind a figure or a question of a notebook.
// A kernel that was restarted or has ended has forgotten the figure; only running the cell again helps. A line that is cut, a machine
// that slept, a kernel that says nothing with nothing else to do: gone until something is heard.

const PATIENCE = 5000; // ms in which a kernel with nothing else to do answers
const ENDED = ["restarting", "autorestarting", "dead", "terminating"];

class Pulse {
  constructor(model, changed) { // `model` is anywidget's; changed(alive) is called when that has changed
    Object.assign(this, { model, changed, alive: true, ended: false, waiting: null, knocking: null });
    const manager = model.widget_manager, kernel = (this.kernel = manager?.kernel);
    this.watched = Boolean(manager); // a lecture has none, and looks after its notebook itself
    this.ear = { // JupyterLab's signals; other front ends have none
      statusChanged: (_, status) => { if (ENDED.includes(status)) this.end(); },
      connectionStatusChanged: () => this.line(),
      disposed: () => this.end(),
    };
    for (const [signal, hear] of Object.entries(this.ear)) kernel?.[signal]?.connect(hear);
    if (kernel === null || kernel?.isDisposed || ENDED.includes(kernel?.status)) queueMicrotask(() => this.end());
  }

  send(message) {
    if (this.ended) return;
    try {
      this.model.send(message);
    } catch { // the kernel's channel is closed
      this.end();
      return;
    }
    if (message.kind !== "values" && this.alive) this.wait(); // these are told, not asked
  }

  wait() {
    if (this.watched) this.waiting ??= setTimeout(() => this.late(), PATIENCE);
  }

  heard() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (!this.ended) this.set(true);
  }

  late() {
    this.waiting = null;
    const status = this.kernel?.status ?? "idle";
    if (status === "idle" || status === "unknown") this.set(false);
    else this.wait(); // it works at something else
  }

  line() {
    if (this.kernel.connectionStatus === "connected") this.knock();
    else this.set(false);
  }

  knock() { // is it back?
    clearTimeout(this.knocking);
    if (this.alive || this.ended) return;
    const status = this.kernel?.connectionStatus ?? "connected";
    if (status === "connected") this.send({ kind: "hello", key: null });
    else if (status === "disconnected") this.reconnect(); // JupyterLab has given up; it would take a click in its menu
    this.knocking = setTimeout(() => this.knock(), PATIENCE);
  }

  reconnect() { // one figure for all of a page: each of them has a copy of this file
    const tried = (window.optcourseReconnects ??= new WeakMap()), now = performance.now();
    if (now - (tried.get(this.kernel) ?? -Infinity) < PATIENCE - 500) return;
    tried.set(this.kernel, now);
    this.kernel.reconnect?.().catch((error) => console.warn(`The kernel is still out of reach: ${error}`));
  }

  end() {
    this.ended = true;
    this.set(false);
  }

  set(alive) {
    if (alive === this.alive) return;
    this.alive = alive;
    clearTimeout(this.waiting);
    this.waiting = null;
    clearTimeout(this.knocking);
    if (!alive && !this.ended) this.knocking = setTimeout(() => this.knock(), PATIENCE);
    this.changed(alive);
  }

  close() {
    for (const [signal, hear] of Object.entries(this.ear)) this.kernel?.[signal]?.disconnect(hear);
    clearTimeout(this.waiting);
    clearTimeout(this.knocking);
    this.ended = true;
  }
}

// ---- main.js

// The live figure in the browser: draws scenes on a canvas, moves sliders over tables of frames that the kernel sent ahead,
// and asks for single frames where no table covers a value. Plain JavaScript, no request to anywhere.
// `render` drives it in JupyterLab (through anywidget) and in a lecture, `renderPage` in saved pages.


function render({ model, el }) {
  let waiting = null;
  const pulse = new Pulse(model, (alive) => stage.conversation.changed(alive));
  const link = {
    get live() { return pulse.alive; },
    send: (message) => pulse.send(message),
    tell: (values) => { // the picture is already right; the kernel hears of it when the hand rests
      clearTimeout(waiting);
      waiting = setTimeout(() => pulse.send({ kind: "values", values }), 60);
    },
    share: (values) => model.set?.("moved", { ...values }), // stays in the browser
  };
  const [frame] = decode(model.get("first"), bytesOf(model.get("first_data")));
  const stage = new Stage(el, model.get("spec"), model.get("first").values ?? model.get("values"), frame, link);
  stage.conversation.follow(model.get("moved") ?? model.get("values")); // a second view of a figure that has moved since it was made
  const hear = (message, buffers) => {
    pulse.heard();
    stage.conversation.receive(message, buffers);
  };
  const follow = () => stage.conversation.follow(model.get("moved"));
  model.on("msg:custom", hear);
  model.on("change:moved", follow);
  el.stage = stage;
  return () => {
    model.off("msg:custom", hear);
    model.off("change:moved", follow);
    clearTimeout(waiting);
    pulse.close();
    stage.close();
    delete el.stage;
  };
}

function renderPage(el, packed) {
  const [frame] = decode(packed.first.meta, fromBase64(packed.first.data));
  const covers = new Set(packed.tables.map(({ control }) => control));
  const nobody = { live: false, covers, opening: true, send() {}, tell() {}, share() {} };
  const still = el.querySelector(":scope > .oc-still");
  const stage = new Stage(el, packed.spec, packed.values, frame, nobody);
  still?.remove();
  const { conversation } = stage;
  const keys = new Map(packed.tables.map(({ control }) => [control, conversation.key(control)]));
  const open = async () => {
    let broken = "";
    for (const { control, packed: block } of packed.tables) {
      try {
        const { words, data } = await unpack(fromBase64(block));
        conversation.keep(keys.get(control), { values: words.values, frames: decode(words, data), bytes: 0 });
      } catch (error) {
        console.warn(error);
        covers.delete(control);
        broken = `The frames of ${stage.control(control).label} cannot be read, so it does not move. Load the page again.`;
      }
    }
    nobody.opening = false;
    el.dataset.ready = "true";
    conversation.refresh(); // somebody may have moved a slider already
    stage.reach();
    if (broken) stage.fail(broken);
  };
  const near = new IntersectionObserver((entries) => { // a page has many figures; only those that come near are unpacked
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    open();
  }, { rootMargin: "800px" });
  near.observe(el);
  stage.closed.signal.addEventListener("abort", () => near.disconnect());
  const notes = ["A saved page."];
  if (keys.size > 1) notes.push("Moving one control puts the others back where they began.");
  if (keys.size < stage.spec.controls.length) notes.push("What is greyed out needs a kernel: open the notebook to move it.");
  stage.note.textContent = notes.join(" ");
  stage.note.hidden = notes.length === 1;
  stage.reach();
  el.stage = stage;
  return stage;
}

export default { render };
