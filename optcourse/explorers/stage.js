// Made by `optcourse build` from the modules in the folder stage/ beside it: edit those.

// ---- dom.js

// Elements of the page.

const FOCUSABLE = ["input", "select", "button", "canvas"];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // Notebook 7 looks at the element that has the focus before it looks at the figure around it.
  if (FOCUSABLE.includes(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
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
const RAISED = Object.fromEntries(Object.entries(SUPER).map(([plain, raised]) => [raised, plain]));
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

// A number as a person reads it: three digits, a true minus, 2.0·10⁻⁵ and never 2e-05 (figures/numbers.py writes the same).
function numeral(value, digits = 3) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent > 5) {
    const [mantissa, e] = value.toExponential(1).split("e");
    return mantissa.replace("-", "−") + "·" + power(Number(e));
  }
  return String(Number(value.toFixed(Math.max(0, Math.min(6, digits - 1 - exponent))))).replace("-", "−");
}

// Words that hold numbers as Python writes them: with true minuses, and powers of ten where there was an e.
function typeset(words) {
  return words
    .replace(/(?<![\w.])(-?)(\d+(?:\.\d+)?)e([+-]\d+)/g, (_, minus, mantissa, e) => `${minus}${mantissa.includes(".") ? mantissa : mantissa + ".0"}·${power(Number(e))}`)
    .replace(/(^|[\s(=×·\[,])-(?=\d)/g, "$1−")
    .replace(/(^|[\s(=])(-?)inf\b/g, (_, before, minus) => before + (minus && "−") + "∞");
}

function narrate(narration, step) {
  const numbers = narration.numbers;
  const [rows, columns] = numbers.shape;
  if (step >= rows && narration.last) return narration.last;
  const row = numbers.subarray(Math.min(step, rows - 1) * columns, (Math.min(step, rows - 1) + 1) * columns);
  return typeset(narration.template.replaceAll("{t}", String(step)).replace(/\{(\d+):(?:\.(\d+))?([gfed])\}/g, (_, i, digits, how) => {
    const value = row[Number(i)];
    if (how === "d") return String(Math.round(value));
    if (!Number.isFinite(value)) return general(value, 3);
    if (how === "f") return value.toFixed(Number(digits));
    if (how === "e") return value.toExponential(Number(digits));
    return general(value, Number(digits));
  }));
}

const show = (v) => (typeof v === "number" ? typeset(general(v, 4)) : String(v));

function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}

function typedNumber(text) { // NaN where it is none
  return Number(text.trim().replaceAll("−", "-").replace(/·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/, (_, e) => "e" + [...e].map((c) => RAISED[c]).join("")) || NaN);
}

function clamp(v, [lo, hi]) {
  return Math.max(lo, Math.min(hi, v));
}

// ---- rail.js

// A slider of our own look, the same in every browser: a native range input, whose own parts cannot be seen, over a rail of ours.


const THUMB = 18; // px: of the rail's ends, half of it belongs to the thumb (stage.css has the same)
const BESIDE = 6; // px between two words, and between a word and a stem
const INSIDE = 5; // px of a flag beside its words

function railed(input) {
  const fill = element("div", { className: "oc-fill" }), zone = element("div", { className: "oc-zone", hidden: true });
  const node = element("div", { className: "oc-slot" }, element("div", { className: "oc-rail" }), zone, fill, input);
  return {
    node,
    fill: (part) => fill.style.setProperty("--oc-part", part),
    hatch: (part) => { // beyond that part of the rail nothing good happens; null: no such place
      zone.hidden = part === null;
      if (part !== null) zone.style.setProperty("--oc-part", part);
    },
  };
}

// Where a value lies among the increasing values of a slider, from 0 to 1.
function partOf(values, value) {
  const above = values.findIndex((x) => x >= value);
  if (above < 0) return 1;
  const place = above === 0 ? 0 : above - 1 + (value - values[above - 1]) / (values[above] - values[above - 1]);
  return place / Math.max(1, values.length - 1);
}

// Flags that hang at their stems and point to the middle of the rail. The one nearest the middle gets the first row; the next goes
// a row down where it would come near words or cross a stem. `marks`: [{ part, widths }], of the words in full and in short. Where there
// is no room for all, those far from the middle are said in short, or not at all. Gives [{ x, from, to, row, form }] in the same order;
// `form` says which of the widths, and is -1 for a stem without words.
function layFlags(marks, wide, thumb = THUMB) {
  const flags = marks.map(({ part, widths }) => ({ x: thumb / 2 + (wide - thumb) * part, widths, form: 0 }));
  const order = [...flags].sort((a, b) => Math.abs(a.x - wide / 2) - Math.abs(b.x - wide / 2));
  for (const form of [0, 1, -1]) {
    if (form === 0 && settled(order, 0, wide)) return flags;
    for (const flag of form ? [...order].reverse() : []) {
      flag.form = form;
      if (settled(order, 0, wide)) return flags;
    }
  }
  return flags;
}

function settled(order, k, wide) { // a place for this flag and all after it
  if (k === order.length) return true;
  const flag = order[k], room = flag.form < 0 ? 0 : flag.widths[flag.form] + 2 * INSIDE, middle = flag.x > wide / 2 ? -1 : 1;
  for (const way of room ? [middle, -middle] : [middle]) for (let row = 0; row < (room ? order.length : 1); row++) {
    const left = way > 0 ? flag.x : flag.x - room, from = Math.max(0, Math.min(wide - room, left));
    Object.assign(flag, { from, to: from + room, row });
    if (room > wide || order.slice(0, k).some((other) => meet(flag, other))) continue;
    if (settled(order, k + 1, wide)) return true;
  }
  return false;
}

function meet(a, b) { // do words meet words, or a stem the words of the other?
  if (a.form >= 0 && b.form >= 0 && a.row === b.row) return a.from < b.to + BESIDE && a.to > b.from - BESIDE;
  const crosses = (stem, flag) => flag.form >= 0 && flag.row < stem.row && stem.x > flag.from + 1 && stem.x < flag.to - 1;
  return crosses(a, b) || crosses(b, a);
}

// ---- controls.js

// The controls: one row each, made by its kind, and the marks of theory under a slider.


// What a control does with a value, by its kind: the nodes of its row, and how a new value is written into them.
// `stage` has `values`, `link.live`, `set`, `setPoint`, `walk`, `jump` and `fail`.
const KINDS = { range: slider, choice, toggle, point, walk };

function makeControl(stage, control, id) {
  const row = element("div", { className: "oc-control" });
  row.dataset.control = control.name;
  row.dataset.kind = control.kind;
  row.classList.toggle("oc-extra", !stage.spec.slide.includes(control.name)); // not on a slide
  const words = control.label + (control.unit ? ` (${control.unit})` : "");
  row.append(element("label", { htmlFor: id, textContent: words }));
  const { nodes, write, mark, rail } = KINDS[control.kind](stage, control, id, words);
  row.append(...nodes);
  for (const [come, go] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    row.addEventListener(come, () => stage.conversation.want(control.name, come));
    row.addEventListener(go, () => stage.conversation.leave(control.name, come));
  }
  write(stage.values[control.name]);
  return { row, write, mark, rail };
}

function slider(stage, control, id, words) {
  const input = element("input", { type: "range", id, min: 0, max: control.values.length - 1, step: 1 });
  const box = numberBox(words + ", type a value"), rail = railed(input), flags = new Flags(stage, control, rail);
  box.classList.add("oc-number");
  input.addEventListener("input", () => stage.set(control.name, control.values[Number(input.value)]));
  box.addEventListener("change", () => typed(stage, control, box));
  const speak = () => {
    const value = show(stage.values[control.name]) + (control.unit ? " " + control.unit : "");
    input.setAttribute("aria-valuetext", [value, flags.words].filter(Boolean).join("; "));
  };
  const write = (value) => {
    const place = nearest(control.values, value);
    input.value = place;
    rail.fill(control.values[place] === value ? place / Math.max(1, control.values.length - 1) : partOf(control.values, value));
    speak();
    if (document.activeElement !== box) box.value = show(value);
  };
  const mark = (wanted, room) => { if (flags.lay(wanted, room)) speak(); };
  return { nodes: [box, rail.node, flags.node], write, mark, rail };
}

// What theory says of a slider, as flags under its rail: words and value, and a click sets the slider there.
class Flags {
  constructor(stage, control, rail) {
    Object.assign(this, { stage, control, rail, words: "", rows: 0 });
    this.node = element("div", { className: "oc-flags" });
    this.flags = []; // { stem, button }, made once and written anew
  }

  lay(wanted, { wide, thumb, measure, size }) { // true: other marks than before
    const { values } = this.control, inside = wanted.filter(([v]) => v >= values[0] && v <= values[values.length - 1]);
    const key = JSON.stringify([inside, size]);
    if (key === this.key || !wide) return false;
    if (size !== this.size) { this.size = size; this.rows = 0; }
    this.key = key;
    const texts = inside.map(([v, words]) => (Number(words) === v ? [words, words] : [`${words} ${numeral(v)}`, words]));
    const marks = inside.map(([v], i) => ({ part: partOf(values, v), widths: texts[i].map(measure) }));
    const placed = layFlags(marks, wide, thumb);
    while (this.flags.length < placed.length) this.flags.push(this.make());
    this.flags.forEach((flag, i) => this.write(flag, placed[i], texts[i], inside[i]));
    this.rows = Math.max(this.rows, ...placed.map(({ row }) => row + 1)); // rows stay: nothing below them moves
    this.node.style.setProperty("--oc-rows", this.rows);
    const limit = inside.find(([, words]) => words === "limit");
    this.rail.hatch(limit ? partOf(values, limit[0]) : null);
    this.words = texts.map(([words]) => words).join(", ");
    return true;
  }

  make() {
    const stem = element("span", { className: "oc-stem" });
    const flag = { stem, value: 0 };
    // The number field and the rail do the same by keys: the flags are no stops of the Tab key.
    flag.button = button("", () => this.stage.jump(() => this.stage.set(this.control.name, flag.value)), { tabIndex: -1, className: "oc-flag" });
    this.node.append(stem, flag.button);
    return flag;
  }

  write({ stem, button: flag }, placed, texts, mark) {
    stem.hidden = !placed;
    flag.hidden = !placed || placed.form < 0;
    if (!placed) return;
    const [value, words] = mark, own = this.flags.find((one) => one.button === flag);
    own.value = this.stage.link.covers ? this.control.values[nearest(this.control.values, value)] : Number(value.toPrecision(4));
    if (this.control.whole) own.value = Math.round(own.value);
    stem.style.cssText = `left:${placed.x}px;--oc-row:${placed.row}`;
    flag.style.cssText = `left:${placed.from}px;width:${placed.to - placed.from}px;--oc-row:${placed.row}`;
    setText(flag, texts[Math.max(0, placed.form)]);
    flag.title = `Set ${this.control.label} to ${show(own.value)}`;
    for (const node of [stem, flag]) node.classList.toggle("oc-limit", words === "limit");
  }
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
  stage.jump(() => stage.set(control.name, kept));
  box.value = show(kept);
}

function choice(stage, control, id) {
  const select = element("select", { id }, ...control.values.map((v) => element("option", { value: v, textContent: v })));
  select.addEventListener("change", () => stage.jump(() => stage.set(control.name, select.value)));
  return { nodes: [select], write: (value) => { select.value = value; } };
}

function toggle(stage, control, id) {
  const check = element("input", { type: "checkbox", id });
  check.addEventListener("change", () => stage.jump(() => stage.set(control.name, check.checked)));
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
      if (Number.isFinite(value)) stage.jump(() => move(value));
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
  const again = () => { const places = stage.values[control.name]; if (places.length > 1) stage.set(control.name, places.slice(0, 1)); };
  const write = (places) => boxes.forEach((box, axis) => { box.value = show(places[places.length - 1][axis]); });
  const buttons = [act("Step there", go), act("Walk again", again)];
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes, ...buttons)], write };
}

function numberBox(label) {
  return element("input", { type: "text", inputMode: "decimal", "aria-label": label });
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
// right already, and `share(values)` with the other views of the figure. A page says as `covers` which controls have tables, `opening` until
// they are there, and `asleep` while somebody would have to be woken to answer: frames do that, tables never.
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
    this.stage.layout.reserve(table.frames);
    this.stage.reach();
  }

  // What is asked for --------------------------------------------------------------------------------------------------

  refresh() { // the values have changed
    const frame = this.lookup();
    if (frame) {
      this.show(frame);
      this.link.tell(this.stage.values);
      this.link.share(this.stage.values);
    } else if (this.link.opening) {
      // its table may have it
    } else if (this.link.live) {
      this.link.share(this.stage.values);
      this.ask();
    } else this.restore();
  }

  show(frame, values = this.stage.values) {
    this.epoch += 1; // whatever the kernel still answers is older than this picture
    this.shown = { ...values };
    this.stage.waits(false);
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
    this.stage.waits(true);
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
    if (!this.link.live || this.link.asleep || this.fetching || !this.stage.visible) return;
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
      if (mine) { this.asking = null; stage.waits(false); stage.fail(message.sentence, () => this.restore()); if (this.again) this.refresh(); }
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

  forget() { // what is drawn has changed, not the values: another function of the reader's
    this.tables.clear();
    this.frames.clear();
    this.asking = this.fetching = null;
    this.ask();
  }

  cancel() { // nobody waits for the answer any more
    this.asking = this.fetching = null;
    this.again = false;
    this.stage.waits(false);
    this.restore();
  }

  changed(alive) { // somebody answers, or nobody does any more
    this.asking = this.fetching = null;
    this.stage.waits(false);
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


const NO_ROOM = { left: 0, right: 0, top: 0, bottom: 0 };

// A map shows two weights (or two other things that are alike) as the axes of a plane; all else is a plot over its x.
function isMap(panel) {
  return Boolean(panel.field || panel.equal || panel.marks.some((mark) => mark.kind === "heat"));
}

// A panel in its area: the box of its axes, and where values lie. `room` is what a plot keeps round its box for words. `home`
// has the limits of the whole panel: a map with equal axes widens its own until they fill the box.
function viewOf(panel, area, zoom, room = NO_ROOM) {
  const box = {
    left: area.left + room.left,
    top: area.top + room.top,
    width: Math.max(1, area.width - room.left - room.right),
    height: Math.max(1, area.height - room.top - room.bottom),
  };
  const home = { xlim: [...panel.xlim], ylim: [...panel.ylim] };
  if (panel.equal) {
    const unit = Math.min(box.width / (home.xlim[1] - home.xlim[0]), box.height / (home.ylim[1] - home.ylim[0]));
    widen(home.xlim, box.width / unit);
    widen(home.ylim, box.height / unit);
  }
  const seen = zoom && zoom.k > 1 ? limitsAround(zoom, home) : home;
  const { xlim, ylim } = seen;
  const [X, xOf] = scale(panel.xscale, xlim, box.left, box.width);
  const [Y, yOf] = scale(panel.yscale, ylim, box.top + box.height, -box.height);
  const at = (x, y) => [X(x), Y(y)];
  return { panel, area, box, X, Y, xOf, yOf, at, zoom: zoom || { k: 1, cx: (home.xlim[0] + home.xlim[1]) / 2, cy: (home.ylim[0] + home.ylim[1]) / 2 }, home, xlim, ylim };
}

function widen(lim, length) {
  const more = (length - (lim[1] - lim[0])) / 2;
  lim[0] -= more;
  lim[1] += more;
}

function limitsAround({ k, cx, cy }, home) {
  const around = (c, [lo, hi]) => [c - (hi - lo) / (2 * k), c + (hi - lo) / (2 * k)];
  return { xlim: around(cx, home.xlim), ylim: around(cy, home.ylim) };
}

function scale(kind, [lo, hi], from, length) { // [place of a value, value of a place]
  const far = (p) => Math.max(-1e5, Math.min(1e5, p)); // canvases misdraw coordinates that are astronomically far
  if (kind !== "log") {
    const k = length / (hi - lo);
    return [(v) => far(from + (v - lo) * k), (p) => lo + (p - from) / k];
  }
  const a = Math.log10(lo), k = length / (Math.log10(hi) - a);
  const place = (v) => (v > 0 ? from + (Math.log10(v) - a) * k : v <= 0 ? from - 1e4 * Math.sign(length) : NaN);
  return [(v) => far(place(v)), (p) => 10 ** (a + (p - from) / k)];
}

function isInside({ box }, x, y) {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
}

function valuesAt({ xOf, yOf }, x, y) { // to four digits: what the person reads is what is computed
  return [xOf(x), yOf(y)].map((v) => Number(v.toPrecision(4)));
}

function ticksOf({ panel, box, xlim, ylim }) { // [across, up], each a list of [value, words]
  const map = isMap(panel), gap = map ? 62 : 44;
  const across = panel.xticks || (panel.xscale === "log" ? logTicks(...xlim, box.width / 46) : ticks(...xlim, box.width / gap));
  const up = panel.yticks || (panel.yscale === "log" ? logTicks(...ylim, box.height / (box.height < 110 ? 22 : 38)) : ticks(...ylim, box.height / (map ? 62 : 44)));
  return [across, up].map((list, i) => list.filter(([v]) => within(v, i ? ylim : xlim)));
}

// What a panel encodes, beside its title: the axes and the colours of a map stand on it, the y axis of a plot does not.
function encodedIn(panel) {
  if (isMap(panel)) return panel.field?.bands ? "colour and lines: loss" : panel.field ? "lines: loss" : "";
  const known = panel.title.toLowerCase().includes(panel.ylabel.toLowerCase());
  return [known ? "" : panel.ylabel, panel.yscale === "log" ? "log scale" : ""].filter(Boolean).join(", ");
}

function within(v, [lo, hi]) {
  const slack = (hi - lo) * 1e-9;
  return v >= lo - slack && v <= hi + slack;
}

function ticks(lo, hi, room) {
  const step = niceStep((hi - lo) / Math.max(1.5, room));
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) out.push(k * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const large = Math.max(Math.abs(lo), Math.abs(hi)) >= 1e5;
  return out.map((v) => [v, large ? numeral(v) : (Math.abs(v) < step / 1e6 ? 0 : v).toFixed(places).replace("-", "−")]);
}

function niceStep(raw) { // 1, 2 or 5 times a power of ten, not below `raw`
  const size = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((m) => m * size).find((s) => s >= raw * (1 - 1e-9));
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
  const every = Math.max(1, niceStep((b - a) / Math.max(1.5, room))), out = [];
  const first = Math.ceil(a / every) * every; // so that 1 is among them
  for (let e = first; e <= b; e += every) out.push([10 ** e, decade(e)]);
  return out;
}

const decade = (e) => (e >= -1 && e <= 2 ? String(10 ** e) : power(e));

// ---- panels.js

// The panels of a figure: for each a title, two canvases that lie on each other, and what its shapes and colours mean.
// Which sizes they have is the style sheet's; what is measured of them is measured here, when a size changes and at no other time.


const SAMPLE = [32, 16]; // px, of a line or shape beside its name
const NARROW = 28.75; // em: below it the panels stand on each other, and the icons come last
const FLAG = 0.8; // em, of the words of a flag
const EDGE = 6; // px above and below the panels

class Panels {
  constructor(stage) {
    this.stage = stage;
    this.node = element("div", { className: "oc-panels" });
    this.panels = [];
    this.longest = { says: "", told: "" }; // of the sentences that may be said
    this.ruler = element("canvas").getContext("2d");
  }

  match(frame) { // as many panels as the frame has, each with its title and its key
    while (this.panels.length > frame.panels.length) this.panels.pop().node.remove();
    const more = this.panels.length < frame.panels.length;
    while (this.panels.length < frame.panels.length) this.panels.push(this.make(this.panels.length));
    const key = JSON.stringify(frame.panels.map((p) => [p.title, encodedIn(p), p.equal, p.weight, p.marks.map((m) => [m.label, m.role])]));
    if (!more && key === this.key) return;
    this.key = key;
    this.arrange(frame.panels);
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
    this.watcher?.observe(place);
    return { index, node, head, title, encodes, place, picture, readout, keys, view: null, width: 0, height: 0 };
  }

  arrange(panels) { // a map is wider than the curves beside it; one panel is the main one, which stays in sight
    const maps = panels.map(isMap), mixed = maps.includes(true) && maps.includes(false);
    const columns = (map) => panels.map((panel, i) => `minmax(0, ${(mixed && maps[i] ? map : 1) * panel.weight}fr)`).join(" ");
    this.node.style.setProperty("--oc-columns", columns(1.42));
    this.node.style.setProperty("--oc-columns-middle", panels.length > 2 ? `repeat(${panels.length - 1}, minmax(0, 1fr))` : columns(1.15));
    this.node.classList.toggle("oc-many", panels.length > 2);
    this.main = Math.max(0, maps.indexOf(true));
    this.panels.forEach(({ node }, i) => {
      node.classList.toggle("oc-main", i === this.main);
      node.classList.toggle("oc-map", maps[i]);
      node.style.setProperty("--oc-rows", panels[i].yticks?.length ?? 0); // named rows, each with room for its name
      node.classList.toggle("oc-strip", i !== this.main && !maps[i] && panels[i].marks.some((mark) => mark.kind === "line" && mark.run));
    });
  }

  name(state, panel) {
    setText(state.title, panel.title || panel.ylabel);
    setText(state.encodes, encodedIn(panel));
    const marks = this.stage.painter.legend(panel);
    state.keys.replaceChildren(...marks.map((mark) => element("li", {}, element("canvas", { "aria-hidden": "true" }), mark.label)));
    state.keys.hidden = !marks.length;
    state.samples = marks;
  }

  // The sizes, once for all pictures to come: a picture that follows a hand measures nothing. False: not shown yet.
  measure() {
    const { stage } = this, { painter, root, ui } = stage, style = getComputedStyle(root), size = parseFloat(style.fontSize);
    stage.iconsLast(ui.spread || root.clientWidth / size < NARROW);
    this.makeRoom();
    if (!ui.spread) this.stick();
    else this.node.classList.remove("oc-alone", "oc-sticks");
    for (const state of this.panels) {
      if (state.place.clientWidth < 50) continue; // hidden: it keeps what it had
      state.width = state.place.clientWidth;
      state.height = state.place.clientHeight;
      for (const canvas of [state.picture, state.readout]) fitCanvas(canvas, state.width, state.height, painter.density);
      [...state.keys.children].forEach((item, i) => drawSample(painter, item.firstChild, SAMPLE, state.samples[i]));
    }
    stage.focusRow.paint();
    const { letterSpacing, wordSpacing } = style;
    Object.assign(this.ruler, { font: `${FLAG * size}px ${style.fontFamily}`, letterSpacing, wordSpacing });
    this.measured = (this.measured || 0) + 1;
    const measure = (words) => this.ruler.measureText(words).width;
    for (const { rail, row } of stage.controls.values()) {
      if (rail) this.rails.set(row.dataset.control, { wide: rail.node.clientWidth, thumb: parseFloat(getComputedStyle(rail.node).getPropertyValue("--oc-thumb")), measure, size: this.measured });
    }
    return this.panels.some((state) => state.width);
  }

  rails = new Map(); // of each slider: how wide it is, and how wide words are

  // Picture and hand together: the panels stay at the top of the window while the controls below them are used. Where they would take
  // more than half of it, the main one stays alone; where that would, none.
  stick() {
    const { node, stage } = this, main = this.panels[this.main];
    if (!main) return;
    const seen = this.window(), half = seen / 2, style = stage.root.style, high = (one) => one.getBoundingClientRect().height;
    node.classList.remove("oc-alone");
    // Titles and keys come on top of the pictures, which leave room for them.
    style.setProperty("--oc-window", `${seen}px`);
    const around = EDGE + Math.max(...this.panels.map((one) => high(one.node) - high(one.place)));
    node.style.setProperty("--oc-around", `${Math.ceil(around)}px`);
    const all = high(node), alone = high(main.node), last = this.panels[this.panels.length - 1].node;
    const stacked = last !== main.node && last.offsetTop >= main.node.offsetTop + alone;
    const stuck = all <= half + 1 ? all : stacked && alone <= half + 1 ? alone : 0;
    node.classList.toggle("oc-alone", stuck > 0 && stuck < all);
    node.classList.toggle("oc-sticks", stuck > 0 && stuck === all);
    style.setProperty("--oc-stuck", `${Math.ceil(stuck)}px`);
  }

  // Room for the longest of the sentences that may be said, so that nothing moves when it is.
  reserve(frames) {
    const long = (words, more) => (more.length > words.length ? more : words), { longest } = this;
    const told = ({ narration, num_steps: last }) => (narration ? [1, last >> 1, last - 1, last].map((step) => narrate(narration, Math.max(0, step))).reduce(long) : "");
    this.longest = { says: frames.map((frame) => frame.says).reduce(long, longest.says), told: frames.map(told).reduce(long, longest.told) };
    if (this.longest.says !== longest.says || this.longest.told !== longest.told) this.makeRoom();
  }

  makeRoom() {
    const { says, narration, root } = this.stage;
    for (const [node, words, name] of [[says, this.longest.says, "--oc-said"], [narration, this.longest.told, "--oc-told"]]) {
      const probe = element("p", { className: `${node.className} oc-probe`, textContent: words, "aria-hidden": "true" });
      node.after(probe);
      root.style.setProperty(name, `${Math.ceil(probe.getBoundingClientRect().height)}px`);
      probe.remove();
    }
  }

  sharp(density, act) { // the pictures with more pixels, for as long as `act` needs them
    const { painter } = this.stage, usual = painter.density;
    const turn = (to) => {
      painter.density = to;
      painter.ratio = to * painter.scale;
      for (const { picture, width, height } of this.panels) fitCanvas(picture, width, height, to);
    };
    turn(density);
    act();
    turn(usual);
    this.stage.draw();
  }

  window() { // the height of what scrolls: a notebook leaves the figure less than the browser's window
    for (let node = this.stage.root.parentElement; node && node !== document.body; node = node.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(node).overflowY) && node.clientHeight && node.scrollHeight > node.clientHeight) return node.clientHeight;
    }
    return window.innerHeight;
  }
}

function drawSample(painter, canvas, [wide, high], mark) {
  const { scale, ratio } = painter, context = canvas.getContext("2d");
  fitCanvas(canvas, wide * scale, high * scale, painter.density);
  Object.assign(canvas.style, { width: wide * scale + "px", height: high * scale + "px" });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  painter.sample(context, mark, (wide - 28) / 2, high / 2);
}

function fitCanvas(canvas, width, height, density) {
  const w = Math.round(width * density), h = Math.round(height * density);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}

// ---- focus.js

// Which run is in focus: a choice among the runs of the picture, each with a sample of its line. The kernel need not know.


const LINE_SAMPLE = [30, 16]; // px

class FocusRow {
  constructor(stage) {
    this.stage = stage;
    this.group = element("span", { className: "oc-runs", role: "radiogroup", "aria-labelledby": stage.id + "-focus" });
    this.others = element("input", { type: "checkbox", checked: true, id: stage.id + "-others" });
    this.others.addEventListener("change", () => { stage.ui.others = this.others.checked; stage.draw(); });
    this.node = element("div", { className: "oc-focus", hidden: true },
      element("span", { className: "oc-name", id: stage.id + "-focus", textContent: "in focus" }), this.group,
      element("span", { className: "oc-check" }, this.others, element("label", { htmlFor: this.others.id, textContent: "show the others" })));
    this.samples = [];
  }

  match(frame) { // as many choices as there are runs on the picture
    const drawn = new Set(frame.panels.flatMap((panel) => panel.marks.map((mark) => mark.run)));
    const runs = (frame.runs || []).filter((run) => drawn.has(run.name)), key = JSON.stringify(runs.map((run) => [run.name, run.role]));
    if (key !== this.key) this.make(runs, key);
    const focus = this.now(frame);
    for (const { input, run } of this.samples) input.checked = run.name === focus;
  }

  now({ runs, focus }) {
    const { ui } = this.stage;
    return (runs || []).some((run) => run.name === ui.focus) ? ui.focus : focus;
  }

  make(runs, key) {
    const { stage } = this;
    this.key = key;
    this.samples = runs.map((run) => {
      const input = element("input", { type: "radio", name: stage.id + "-run", value: run.name }), canvas = element("canvas", { "aria-hidden": "true" });
      input.addEventListener("change", () => stage.focusOn(run.name));
      const label = element("label", {}, input, canvas, run.name), lift = (name) => { stage.ui.lifted = name; stage.draw(); };
      label.addEventListener("pointerenter", () => lift(run.name));
      label.addEventListener("pointerleave", () => lift(""));
      input.addEventListener("focus", () => lift(run.name));
      input.addEventListener("blur", () => lift(""));
      return { input, canvas, run, label };
    });
    this.group.replaceChildren(...this.samples.map(({ label }) => label));
    this.node.hidden = runs.length < 2;
    this.paint();
  }

  paint() {
    const { painter } = this.stage;
    for (const { canvas, run, label } of this.samples) {
      drawSample(painter, canvas, LINE_SAMPLE, { kind: "line", role: run.role, marker: true, run: run.name });
      label.style.setProperty("--oc-run", painter.color(run.role));
    }
  }
}

// ---- field.js

// The loss over a map: between the points of its grid, its levels as lines and bands (figures/field.py does the same).


const CELL = 4; // px between the places at which a field is drawn
const EDGES = [[], ["L", "T"], ["T", "R"], ["L", "R"], ["R", "B"], null, ["T", "B"], ["L", "B"], ["B", "L"], ["B", "T"], null, ["B", "R"], ["R", "L"], ["R", "T"], ["T", "L"], []];
const SADDLES = { 5: [["L", "T", "R", "B"], ["L", "B", "R", "T"]], 10: [["T", "R", "B", "L"], ["T", "L", "B", "R"]] }; // apart, and joined in the middle

// The field at places all over the box of a view, and one place beyond it on each side.
function sampled(field, { box, xOf, yOf }) {
  const across = Math.ceil(box.width / CELL) + 3, up = Math.ceil(box.height / CELL) + 3;
  const left = box.left - CELL, top = box.top - CELL;
  const { values, extent: [xlo, xhi, ylo, yhi] } = field, [rows, columns] = values.shape;
  const xs = Array.from({ length: across }, (_, i) => taps((xOf(left + i * CELL) - xlo) / (xhi - xlo), columns));
  const ys = Array.from({ length: up }, (_, j) => taps((yOf(top + j * CELL) - ylo) / (yhi - ylo), rows));
  const out = new Float64Array(across * up), row = new Float64Array(columns);
  let low = Infinity, high = -Infinity;
  ys.forEach((y, j) => {
    row.fill(0);
    for (const [r, weight] of y) for (let c = 0; c < columns; c++) row[c] += weight * values[r * columns + c];
    xs.forEach((x, i) => {
      let sum = 0;
      for (const [c, weight] of x) sum += weight * row[c];
      out[j * across + i] = sum;
      if (i > 0 && j > 0 && i < across - 1 && j < up - 1) { low = Math.min(low, sum); high = Math.max(high, sum); }
    });
  });
  return { values: out, across, up, left, top, low, high };
}

function taps(part, count) { // [point of the grid, weight] of all that count at a place: cubic convolution
  const place = Math.max(0, Math.min(1, part)) * (count - 1), first = Math.max(0, Math.min(count - 2, Math.floor(place))), t = place - first;
  const weights = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
  const out = new Map(), add = (at, weight) => out.set(at, (out.get(at) || 0) + weight / 2);
  weights.forEach((weight, k) => { // beyond its ends the grid goes on as a parabola
    const at = first - 1 + k;
    if (at < 0) [3, -3, 1].forEach((m, i) => add(i, m * weight));
    else if (at >= count) [1, -3, 3].forEach((m, i) => add(count - 3 + i, m * weight));
    else add(at, weight);
  });
  return [...out];
}

// The levels that are drawn as lines: the ladder as far as it is seen, and steps between where it has too few rungs here.
function linesOf(field, { low, high }) {
  const { levels } = field, out = new Set(levels.filter((v) => v > low && v < high));
  if (levels[0] > 0) {
    const finest = Math.max(low, 2e-6 * largest(field));
    for (let e = Math.floor(Math.log10(finest)); 10 ** e < high; e++) for (const v of [Number(`1e${e}`), Number(`3e${e}`)]) if (v > finest && v < high) out.add(v);
  }
  if (out.size < 5) {
    const step = niceStep((high - low) / 8);
    for (let k = Math.floor(low / step) + 1; k * step < high; k++) out.add(Number((k * step).toPrecision(12)));
  }
  return [...out].sort((a, b) => a - b);
}

const LARGEST = new WeakMap();
function largest({ values }) {
  if (!LARGEST.has(values)) LARGEST.set(values, values.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  return LARGEST.get(values);
}

// The band of a loss: 0 below the lowest level, and one more above each.
function bandOf(field, loss) {
  const band = field.levels.findIndex((level) => loss <= level);
  return band < 0 ? field.levels.length : band;
}

// The colour of a band, of a ramp that goes from the lowest to the highest loss.
function bandColour(ramp, field, band) {
  const place = (band / Math.max(1, field.levels.length)) * (ramp.length - 1), k = Math.min(ramp.length - 2, Math.floor(place)), part = place - k;
  if (part < 1e-9) return ramp[k];
  const parts = [1, 3, 5].map((i) => { const [a, b] = [ramp[k], ramp[k + 1]].map((c) => parseInt(c.slice(i, i + 2), 16)); return Math.round(a + (b - a) * part); });
  return "#" + parts.map((v) => v.toString(16).padStart(2, "0")).join("");
}

// Where the field is below a level, as closed loops of places [x0, y0, x1, y1, ...]. Beyond the drawn places all is above it.
function loopsOf({ values, across, up, left, top }, level) {
  const wide = across + 2, next = new Int32Array(2 * wide * (up + 2)).fill(-1), starts = [];
  const value = (i, j) => (i < 0 || j < 0 || i >= across || j >= up ? Infinity : values[j * across + i]);
  const below = (i, j) => value(i, j) <= level;
  for (let j = -1; j < up; j++) {
    let a = below(-1, j), d = below(-1, j + 1);
    for (let i = -1; i < across; i++) {
      const b = below(i + 1, j), c = below(i + 1, j + 1), kind = a | (b << 1) | (c << 2) | (d << 3);
      a = b;
      d = c;
      if (kind === 0 || kind === 15) continue;
      const corner = (j + 1) * wide + i + 1, edge = { T: 2 * corner, L: 2 * corner + 1, R: 2 * corner + 3, B: 2 * (corner + wide) };
      let ways = EDGES[kind];
      if (!ways) ways = SADDLES[kind][value(i, j) + value(i + 1, j) + value(i + 1, j + 1) + value(i, j + 1) <= 4 * level ? 1 : 0];
      for (let k = 0; k < ways.length; k += 2) { next[edge[ways[k]]] = edge[ways[k + 1]]; starts.push(edge[ways[k]]); }
    }
  }
  const loops = [];
  for (const start of starts) {
    if (next[start] < 0) continue;
    const loop = [];
    for (let at = start; next[at] >= 0; ) {
      const corner = at >> 1, i = (corner % wide) - 1, j = Math.floor(corner / wide) - 1, down = at & 1;
      const from = value(i, j), to = down ? value(i, j + 1) : value(i + 1, j);
      const t = from === Infinity ? 1 : to === Infinity ? 0 : (level - from) / (to - from);
      loop.push(left + (i + (down ? 0 : t)) * CELL, top + (j + (down ? t : 0)) * CELL);
      const on = next[at];
      next[at] = -1;
      at = on;
    }
    loops.push(loop);
  }
  return loops;
}

function pathOf(loops) {
  const path = new Path2D();
  for (const loop of loops) {
    for (let i = 0; i < loop.length; i += 2) if (i) path.lineTo(loop[i], loop[i + 1]); else path.moveTo(loop[0], loop[1]);
    path.closePath();
  }
  return path;
}

// A loop that is smaller than this, both ways, is a speck and no line.
function isSpeck(loop, size = 14) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < loop.length; i += 2) { x0 = Math.min(x0, loop[i]); x1 = Math.max(x1, loop[i]); y0 = Math.min(y0, loop[i + 1]); y1 = Math.max(y1, loop[i + 1]); }
  return x1 - x0 < size && y1 - y0 < size;
}

// The sampled field at a place of the picture.
function valueAt({ values, across, up, left, top }, x, y) {
  const u = Math.max(0, Math.min(across - 1.001, (x - left) / CELL)), v = Math.max(0, Math.min(up - 1.001, (y - top) / CELL));
  const i = Math.floor(u), j = Math.floor(v), s = u - i, t = v - j, at = j * across + i;
  return (values[at] * (1 - s) + values[at + 1] * s) * (1 - t) + (values[at + across] * (1 - s) + values[at + across + 1] * s) * t;
}

// ---- marks.js

// The marks of a panel: one method for each kind that a scene knows (figures/scene.py), and its sample for the key.

const SIZES = { tick: 11.5, name: 12, label: 12.5 }; // px of words in a picture
const FALLBACK = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const GHOSTS = { A: [2, 3.5], B: [8, 4], C: [1, 3, 7, 3] }; // dashes of pinned runs
const TONES = { background: "surface", text: "ink", axis: "soft", grid: "line" }; // what the page's own theme may decide

class Pencil {
  constructor(spec) {
    this.spec = spec;
    this.heats = new WeakMap();
    this.widths = new Map();
    this.look(false, 1, null);
  }

  // The theme, the size of the text against the size that all lengths are written for, and the style that the page computes.
  look(dark, scale, style) {
    this.dark = dark;
    this.scale = scale;
    this.density = Math.max(1, window.devicePixelRatio || 1);
    this.ratio = this.density * scale;
    this.family = style?.fontFamily || FALLBACK;
    this.tone = { ...this.spec.surfaces[dark ? "dark" : "light"] };
    for (const [name, token] of Object.entries(TONES)) this.tone[name] = style?.getPropertyValue("--oc-" + token).trim() || this.tone[name];
    this.ramp = this.spec.ramp[dark ? 1 : 0];
    this.widths.clear();
  }

  color(role) {
    return this.spec.roles[role][this.dark ? 1 : 0];
  }

  dash(mark) {
    return this.spec.dashes[mark.dash || this.spec.roles[mark.role][2]];
  }

  // Words ---------------------------------------------------------------------------------------------------------------

  font(size, weight = 400) {
    return `${weight} ${size}px ${this.family}`;
  }

  width(context, text, size, weight = 400) {
    const key = `${size} ${weight} ${text}`;
    if (!this.widths.has(key)) {
      if (this.widths.size > 500) this.widths.clear();
      context.font = this.font(size, weight);
      this.widths.set(key, context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  words(context, text, x, y, colour, { size = SIZES.name, weight = 400, align = "left", base = "middle", halo = null } = {}) {
    context.font = this.font(size, weight);
    context.textAlign = align;
    context.textBaseline = base;
    if (halo) {
      context.strokeStyle = halo;
      context.lineWidth = 3.5;
      context.lineJoin = "round";
      context.setLineDash([]);
      context.strokeText(text, x, y);
    }
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  // Lines ---------------------------------------------------------------------------------------------------------------

  entries(mark, length, step) { // which entries of a mark are drawn
    if (!mark.by_step || step === null) return [0, length];
    return mark.by_step === "upto" ? [0, Math.min(length, step + 1)] : [Math.min(step, length), Math.min(length, step + 1)];
  }

  trail(context, mark, { at }, from, to) {
    let pen = false;
    context.beginPath();
    for (let i = from; i < to; i++) {
      const [x, y] = at(mark.x[i], mark.y[i]);
      if (Number.isNaN(x) || Number.isNaN(y)) { pen = false; continue; }
      if (pen) context.lineTo(x, y); else context.moveTo(x, y);
      pen = true;
    }
  }

  stroke(context, colour, width, dash, alpha = 1) {
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.lineJoin = "round";
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  line(context, mark, view, step) {
    const [from, to] = this.entries(mark, mark.x.length, step), width = mark.width ?? 2, alpha = mark.alpha ?? 1;
    this.trail(context, mark, view, from, to);
    if (view.map && mark.role !== "contour") this.stroke(context, this.tone.casing, width + 3, [], 0.7 * alpha);
    this.stroke(context, this.color(mark.role), width, this.dash(mark), alpha);
    const every = mark.marker ? 1 : this.beads(mark) ? Math.max(1, Math.floor(mark.x.length / 5)) : Infinity;
    this.beaded(context, mark, view, mark.marker ? 0 : Math.floor(every / 2), to, every, mark.marker ? 2.6 : 3.5);
  }

  beads(mark) { // a line that its dash does not tell apart carries a few of its role's shapes
    return mark.role === "yours" || (mark.dash !== undefined && mark.dash !== this.spec.roles[mark.role][2]);
  }

  beaded(context, mark, { at }, from, to, every, radius) {
    let last = [NaN, NaN]; // shapes that lie on each other hide the line under their rims, so those too near are left out
    for (let i = from; i < to; i += every) {
      const [x, y] = at(mark.x[i], mark.y[i]);
      if (Math.hypot(x - last[0], y - last[1]) < 8) continue;
      this.stamp(context, this.spec.roles[mark.role][3], x, y, radius, this.color(mark.role), true);
      last = [x, y];
    }
  }

  // A run's line: where it has been, and, faint, where it will go. `how` says whether it is in focus, a ghost, one of many.
  run(context, mark, view, step, { focus = false, ghost = "", many = false }) {
    const { map } = view, colour = this.color(mark.role), count = mark.x.length;
    const here = step === null ? count - 1 : Math.min(step, count - 1);
    const dash = ghost ? GHOSTS[ghost] : focus && !mark.dash ? [] : this.dash(mark);
    if (here < count - 1) {
      this.trail(context, mark, view, Math.max(0, here), count);
      const alpha = ghost ? 0.25 : map ? (focus ? 0.38 : 0.22) : 0.32;
      this.stroke(context, colour, map ? (focus ? 1.6 : 1.2) : 1.4, dash, many && !focus ? alpha * 0.6 : alpha);
    }
    this.trail(context, mark, view, 0, here + 1);
    if (map) this.stroke(context, this.tone.casing, focus ? 5.5 : 4, [], focus ? 0.85 : 0.5);
    const alpha = ghost ? 0.85 : focus ? 1 : many ? 0.45 : map ? 0.8 : 0.85;
    this.stroke(context, colour, focus ? (map ? 2.6 : 2.8) : ghost ? 1.6 : 1.7, dash, alpha);
    if (map && focus) this.beaded(context, mark, view, 0, here, 1, 3);
    else if (!map && this.beads(mark)) this.beaded(context, mark, view, Math.floor(count / 10), count, Math.max(1, Math.floor(count / 5)), 3);
  }

  // Where a run is now.
  here(context, mark, view, step, { focus = false, ghost = "" }) {
    const [from, to] = this.entries(mark, mark.x.length, step), radius = ghost ? 4.5 : view.map ? (focus ? 7.5 : 5) : focus ? 6 : 4.2;
    for (let i = from; i < to; i++) this.stamp(context, mark.shape || this.spec.roles[mark.role][3], ...view.at(mark.x[i], mark.y[i]), radius, this.color(mark.role), Boolean(ghost));
  }

  // Shapes --------------------------------------------------------------------------------------------------------------

  points(context, mark, view, step) {
    const xs = listed(mark.x), ys = listed(mark.y), [from, to] = this.entries(mark, xs.length, step);
    const shape = mark.shape || this.spec.roles[mark.role][3];
    context.globalAlpha = mark.alpha ?? 1;
    for (let i = from; i < to; i++) {
      const [x, y] = view.at(xs[i], ys[i]);
      this.stamp(context, shape, x, y, mark.size / 2, this.color(mark.role));
      if (mark.drag && i === from) this.grip(context, x, y, mark.size / 2, mark.role);
    }
    context.globalAlpha = 1;
  }

  grip(context, x, y, radius, role) { // a dashed ring: this can be dragged
    context.beginPath();
    context.arc(x, y, radius + 7, 0, 7);
    this.stroke(context, this.color(role), 1.4, [3, 3]);
  }

  stamp(context, shape, x, y, r, colour, hollow = false) {
    if (Number.isNaN(x) || Number.isNaN(y) || shape === "none") return;
    const edge = this.tone.casing;
    context.setLineDash([]);
    context.lineJoin = "round";
    outline(context, shape, x, y, r);
    if (shape === "cross" || shape === "plus") {
      context.strokeStyle = edge;
      context.lineWidth = 4.5;
      context.stroke();
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.stroke();
      return;
    }
    const open = hollow || shape === "ring", rim = hollow ? 1.6 : Math.max(1.6, r * 0.45);
    context.strokeStyle = edge;
    context.lineWidth = open ? rim + 2.4 : 2.4;
    context.stroke();
    context.fillStyle = open ? edge : colour;
    context.fill();
    if (!open) return;
    context.strokeStyle = colour;
    context.lineWidth = rim;
    context.stroke();
  }

  band(context, { role, x, y, top, alpha = 1 }, { at }, step, { focus = true } = {}) { // how widely runs scatter; of the others, paler
    context.beginPath();
    for (let i = 0; i < x.length; i++) context.lineTo(...at(x[i], y[i]));
    for (let i = x.length - 1; i >= 0; i--) context.lineTo(...at(x[i], top[i]));
    context.globalAlpha = (focus ? 0.28 : 0.12) * alpha;
    context.fillStyle = this.color(role);
    context.fill();
    context.globalAlpha = 1;
  }

  arrow(context, [x0, y0], [x1, y1], colour, width = 3.2) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (!(length >= 2) || !Number.isFinite(length)) return;
    const a = Math.atan2(y1 - y0, x1 - x0), head = Math.min(width > 2.5 ? 11 : 8, length * 0.55);
    const neck = [x1 - head * 0.8 * Math.cos(a), y1 - head * 0.8 * Math.sin(a)];
    context.setLineDash([]);
    context.lineJoin = "round";
    for (const [thick, c] of [[width + 3, this.tone.casing], [width, colour]]) {
      context.strokeStyle = context.fillStyle = c;
      context.lineWidth = thick;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(...neck);
      context.stroke();
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x1 - head * Math.cos(a - 0.5), y1 - head * Math.sin(a - 0.5));
      context.lineTo(x1 - head * Math.cos(a + 0.5), y1 - head * Math.sin(a + 0.5));
      context.closePath();
      context.lineWidth = 3;
      if (c !== colour) context.stroke();
      context.fill();
    }
    context.lineCap = "butt";
  }

  arrows(context, mark, { at }, step) {
    const x = listed(mark.x), y = listed(mark.y), u = listed(mark.u), v = listed(mark.v);
    const [from, to] = this.entries(mark, x.length, step);
    context.globalAlpha = mark.alpha ?? 1;
    for (let i = from; i < to; i++) this.arrow(context, at(x[i], y[i]), at(x[i] + u[i], y[i] + v[i]), this.color(mark.role), x.length > 40 ? 1.2 : mark.width);
    context.globalAlpha = 1;
  }

  bars(context, mark, { X, Y }, step) {
    let height = mark.height;
    const count = mark.x.length;
    if (mark.by_step === "at") {
      const row = Math.min(step ?? Infinity, height.shape[0] - 1);
      height = height.subarray(row * count, (row + 1) * count);
    }
    context.globalAlpha = mark.alpha ?? 1;
    for (let i = 0; i < count; i++) {
      const a = X(mark.x[i] - mark.width / 2), b = X(mark.x[i] + mark.width / 2), y0 = Y(mark.base), y1 = Y(height[i]);
      if (Number.isFinite(y1)) this.block(context, mark, a, Math.min(y0, y1), Math.max(1, b - a), Math.abs(y1 - y0));
    }
    context.globalAlpha = 1;
  }

  block(context, mark, x, y, width, height) { // what bars, spans and their samples are made of
    context.fillStyle = this.color(mark.role);
    context.fillRect(x, y, width, height);
    if (mark.kind !== "span") { this.hatch(context, mark.role, x, y, width, height, this.tone.background, 7); return; }
    this.hatch(context, mark.role, x, y, width, height, this.color("limit"), 16);
    context.beginPath();
    context.rect(x, y, width, height);
    this.stroke(context, this.color("limit"), 1, [], context.globalAlpha);
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

  span(context, mark, { X, Y, box }) {
    context.globalAlpha = mark.alpha ?? 1;
    if (mark.axis === "x") this.block(context, mark, X(mark.lo), box.top - 1, X(mark.hi) - X(mark.lo), box.height + 2);
    else this.block(context, mark, box.left - 1, Y(mark.hi), box.width + 2, Y(mark.lo) - Y(mark.hi));
    context.globalAlpha = 1;
  }

  rule(context, mark, { X, Y, box, map }) {
    context.beginPath();
    if (mark.axis === "x") { context.moveTo(X(mark.at), box.top); context.lineTo(X(mark.at), box.top + box.height); }
    else { context.moveTo(box.left, Y(mark.at)); context.lineTo(box.left + box.width, Y(mark.at)); }
    if (map) this.stroke(context, this.tone.casing, 4.5, [], 0.7);
    this.stroke(context, this.color(mark.role), 1.6, this.dash(mark), mark.alpha ?? 1);
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
    context.globalAlpha = mark.alpha ?? 1;
    context.imageSmoothingEnabled = mark.smooth;
    context.imageSmoothingQuality = "high";
    const [xlo, xhi, ylo, yhi] = mark.extent;
    context.drawImage(kept.canvas, X(xlo), Y(yhi), X(xhi) - X(xlo), Y(ylo) - Y(yhi));
    context.globalAlpha = 1;
  }

  // What a mark looks like, 28 px wide, beside its name in a key.
  sample(context, mark, x, y) {
    const shape = mark.shape || this.spec.roles[mark.role][3];
    if (["span", "bars", "heat"].includes(mark.kind)) {
      context.globalAlpha = mark.alpha ?? 1;
      this.block(context, mark, x + 6, y - 5, 20, 10);
      context.globalAlpha = 1;
    } else if (mark.kind === "points") this.stamp(context, shape, x + 14, y, Math.min(5, mark.size / 2), this.color(mark.role));
    else if (mark.kind === "arrows") this.arrow(context, [x + 2, y], [x + 26, y], this.color(mark.role), 2);
    else {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 28, y);
      this.stroke(context, this.color(mark.role), mark.width ?? 2, this.dash(mark));
      if (mark.run || mark.marker || (mark.kind === "line" && this.beads(mark))) this.stamp(context, shape, x + 14, y, 4, this.color(mark.role));
    }
  }
}

const listed = (values) => (values.length === undefined ? [values] : values);

function outline(context, shape, x, y, r) {
  const corners = (list) => { for (const [dx, dy] of list) context.lineTo(x + r * dx, y + r * dy); context.closePath(); };
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 7);
  else if (shape === "ring") context.arc(x, y, r * 0.85, 0, 7);
  else if (shape === "square") corners([[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]]);
  else if (shape === "bar") corners([[-1.2, -0.5], [1.2, -0.5], [1.2, 0.5], [-1.2, 0.5]]);
  else if (shape === "triangle") corners([[0, -1.15], [1.1, 0.8], [-1.1, 0.8]]);
  else if (shape === "down") corners([[0, 1.15], [1.1, -0.8], [-1.1, -0.8]]);
  else if (shape === "diamond") corners([[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]);
  else if (shape === "star") corners(Array.from({ length: 10 }, (_, k) => { const a = (k * Math.PI) / 5 - Math.PI / 2, q = k % 2 ? 0.5 : 1.25; return [q * Math.cos(a), q * Math.sin(a)]; }));
  else if (shape === "times") corners([[0.44, 0], [1.15, 0.71], [0.71, 1.15], [0, 0.44], [-0.71, 1.15], [-1.15, 0.71], [-0.44, 0], [-1.15, -0.71], [-0.71, -1.15], [0, -0.44], [0.71, -1.15], [1.15, -0.71]]);
  else if (shape === "cross") { context.moveTo(x - r, y - r); context.lineTo(x + r, y + r); context.moveTo(x - r, y + r); context.lineTo(x + r, y - r); }
  else if (shape === "plus") { context.moveTo(x - r, y); context.lineTo(x + r, y); context.moveTo(x, y - r); context.lineTo(x, y + r); }
}

// ---- icons.js

// One drawn set of icons: inline SVG on a grid of 20, strokes of 1.7 with round ends (stage.css). Never a character.


const SHAPES = {
  first: '<path d="M5 4.5v11"/><path class="oc-f" d="M15.5 4.6v10.8a.6.6 0 0 1-.95.5L7.4 10.5a.6.6 0 0 1 0-1l7.15-5.4a.6.6 0 0 1 .95.5z"/>',
  last: '<path d="M15 4.5v11"/><path class="oc-f" d="M4.5 4.6v10.8a.6.6 0 0 0 .95.5l7.15-5.4a.6.6 0 0 0 0-1L5.45 4.1a.6.6 0 0 0-.95.5z"/>',
  back: '<path d="M12.5 4.5 7 10l5.5 5.5"/>',
  next: '<path d="M7.5 4.5 13 10l-5.5 5.5"/>',
  play: '<path class="oc-f" d="M6 4.2v11.6a.8.8 0 0 0 1.2.7l9.4-5.8a.8.8 0 0 0 0-1.4L7.2 3.5a.8.8 0 0 0-1.2.7z"/>',
  pause: '<path class="oc-f" d="M5 4h3.6v12H5zM11.4 4H15v12h-3.6z"/>',
  pin: '<path d="M7.2 3h5.6l-.7 5.2 2.6 2.6v1.4H5.3v-1.4l2.6-2.6z"/><path d="M10 12.2v5.2"/>',
  link: '<path d="M8.4 11.6a3 3 0 0 0 4.3 0l2.9-2.9a3 3 0 0 0-4.3-4.3l-1 1"/><path d="M11.6 8.4a3 3 0 0 0-4.3 0l-2.9 2.9a3 3 0 0 0 4.3 4.3l1-1"/>',
  save: '<path d="M10 3v9.4M6.2 8.8 10 12.6l3.8-3.8"/><path d="M3.5 13.5v2.2a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1v-2.2"/>',
  full: '<path d="M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4"/>',
  undo: '<path d="M7 3.8 3.6 7.2 7 10.6"/><path d="M3.8 7.2h7.7a4.5 4.5 0 0 1 0 9H7.5"/>',
  reset: '<path d="M4.2 10a5.8 5.8 0 1 0 1.9-4.3"/><path d="M6.5 2.6 6 6l3.4.5"/>',
  plus: '<path d="M10 4.5v11M4.5 10h11"/>',
  minus: '<path d="M4.5 10h11"/>',
  home: '<circle cx="10" cy="10" r="2.2"/><path d="M10 2.8v2.6M10 14.6v2.6M2.8 10h2.6M14.6 10h2.6"/>',
  tilt: '<path d="M10 2.8 16.4 6.3v7.2L10 17.2l-6.4-3.7V6.3z"/><path d="M3.8 6.5 10 10l6.2-3.5M10 10v7"/>',
  close: '<path d="M5 5l10 10M15 5 5 15"/>',
  warn: '<path d="M10 3 18 16.5H2z"/><path d="M10 8v4M10 14.3v.2"/>',
};

function icon(name) {
  const made = element("span", { className: "oc-svg", "aria-hidden": "true" });
  made.innerHTML = `<svg viewBox="0 0 20 20" focusable="false">${SHAPES[name]}</svg>`;
  return made;
}

// A button that is an icon: its name for those who hear it, and with its key for those who point at it.
function iconButton(shape, name, act, { key = "", className = "oc-icon" } = {}) {
  const made = element("button", { type: "button", className, title: name + (key ? ` (${key})` : ""), "aria-label": name }, icon(shape));
  if (key) made.setAttribute("aria-keyshortcuts", { Space: "Space" }[key] || key.toLowerCase());
  made.addEventListener("click", act);
  return made;
}

// ---- pins.js

// Pinned runs: each stays on the picture as a ghost with a letter, and what is seen now is compared with them.


const LETTERS = ["A", "B", "C"];
const NAMED = ["range", "choice"]; // kinds of control: the first two are always said, the others where they differ

function runOf(frame, name) {
  return (frame.runs || []).find((run) => run.name === name) || null;
}

// By what pins are compared: [words, number]; null where nothing is known.
function numberOf(frame, focus) {
  if (frame.pin) return frame.pin;
  const losses = runOf(frame, focus)?.quantities.loss?.[0];
  return losses ? ["ends at", losses[Math.min(frame.num_steps ?? Infinity, losses.length - 1)]] : null;
}

// The controls whose values differ: what a pinned run is named by, and what the sentence says.
function differing(controls, values, others) {
  return controls.filter(({ name }) => others.some((other) => JSON.stringify(other[name]) !== JSON.stringify(values[name])));
}

function settingOf(controls, values) {
  const said = (value) => (typeof value === "boolean" ? (value ? "on" : "off") : typeof value === "number" ? numeral(value) : show(value));
  return controls.map(({ name, label, kind }) => {
    const value = values[name];
    if (kind === "walk") return `${label} of ${value.length - 1} steps`;
    return `${label} ${Array.isArray(value) ? `(${value.map(said).join(", ")})` : said(value)}`;
  }).join(", ");
}

// "lower than A (0.0087) and B (0.0066), higher than C (2)": what is seen now beside each pin, [letter, number].
function comparison(number, pins) {
  const size = (v) => (Number.isNaN(v) ? Infinity : v), now = size(number);
  const list = (kept) => {
    const names = kept.map(([letter, theirs]) => `${letter} (${numeral(size(theirs))})`);
    return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : names[0];
  };
  const sorts = [["lower than", (v) => now < v], ["higher than", (v) => now > v], ["the same as", (v) => now === v]];
  return sorts.map(([words, holds]) => [words, pins.filter(([, theirs]) => holds(size(theirs)))])
    .filter(([, kept]) => kept.length).map(([words, kept]) => `${words} ${list(kept)}`).join(", ");
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// A pin is {letter, values, step, focus, frame, words}: the letter and the words stand on the picture. They lie in `stage.ui.pins`.
class Pins {
  constructor(stage) {
    this.stage = stage;
    this.chips = new Map(); // by pin
    this.button = iconButton("pin", "Pin this run to compare", () => this.add(), { key: "P", className: "oc-pin" });
    this.button.append(element("span", { className: "oc-pin-word", textContent: "Pin", "aria-hidden": "true" }));
    stage.transport.bar.append(this.button);
  }

  get all() {
    return this.stage.ui.pins;
  }

  get possible() { // there is something to compare
    return numberOf(this.stage.frame, this.focus) !== null;
  }

  get focus() {
    const { ui, frame } = this.stage;
    return runOf(frame, ui.focus) ? ui.focus : frame.focus || "";
  }

  add() { // what is seen now; a fourth takes the place and the letter of the oldest
    const { stage } = this;
    if (!this.possible) return;
    const kept = this.all.length < LETTERS.length ? this.all : this.all.slice(1);
    const letter = LETTERS.find((one) => !kept.some((pin) => pin.letter === one));
    stage.ui.pins = [...kept, { letter, values: structuredClone(stage.values), focus: this.focus, frame: stage.frame, words: "" }];
    stage.draw();
    stage.speakNow(`Pinned as ${letter}`);
  }

  remove(pin) {
    const { stage } = this, chip = this.chips.get(pin), next = (chip.node.nextElementSibling || chip.node.previousElementSibling)?.querySelector("button");
    stage.ui.pins = this.all.filter((one) => one !== pin);
    stage.draw();
    (next || this.button).focus();
  }

  restore(pin) {
    this.stage.restore({ values: structuredClone(pin.values), step: this.stage.transport.step, focus: pin.focus, frame: pin.frame });
  }

  match() { // names and chips; called before the pictures are painted
    const { stage } = this, { controls } = stage.spec;
    for (const pin of this.all) {
      const [first] = differing(controls, pin.values, [stage.values]);
      pin.words = pin.focus !== this.focus ? pin.focus : first ? settingOf([first], pin.values) : "the same";
    }
    for (const [pin, { node }] of this.chips) if (!this.all.includes(pin)) { node.remove(); this.chips.delete(pin); }
    for (const pin of this.all) if (!this.chips.has(pin)) this.make(pin);
    const others = [stage.values, ...this.all.map((pin) => pin.values)];
    for (const pin of this.all) {
      const named = controls.filter((control) => NAMED.includes(control.kind)).filter((control, i) => i < 2 || differing([control], pin.values, others).length);
      setText(this.chips.get(pin).setting, [pin.focus, settingOf(named, pin.values)].filter(Boolean).join(", "));
      const chip = this.chips.get(pin), colour = stage.painter.color(runOf(pin.frame, pin.focus)?.role || "path");
      if (chip.colour !== colour) chip.letter.style.color = chip.colour = colour;
    }
    stage.pinned.hidden = !this.all.length;
    this.button.hidden = !this.possible;
  }

  make(pin) {
    const { stage } = this, [words, number] = numberOf(pin.frame, pin.focus), setting = element("span");
    const letter = element("span", { className: "oc-letter", textContent: pin.letter });
    const back = button("", () => this.restore(pin), { className: "oc-back", title: `Back to this setting: ${settingOf(stage.spec.controls, pin.values)}` });
    back.append(letter, setting, element("span", { className: "oc-soft", textContent: `${words} ${numeral(number)}` }));
    const off = iconButton("close", `Remove ${pin.letter}`, () => this.remove(pin));
    const node = element("li", {}, back, off);
    this.chips.set(pin, { node, letter, setting });
    stage.pinned.append(node);
  }

  // The sentence that compares what is seen now with the pins; null where there is none.
  sentence() {
    const { stage } = this, now = numberOf(stage.frame, this.focus);
    if (!this.all.length || !now) return null;
    const differ = differing(stage.spec.controls, stage.values, this.all.map((pin) => pin.values));
    const setting = [this.focus, settingOf(differ, stage.values)].filter(Boolean).join(", ") || "This setting";
    const pins = this.all.map((pin) => [pin.letter, numberOf(pin.frame, pin.focus)[1]]);
    return `${capital(setting)}, ${now[0]} ${numeral(now[1])}: ${comparison(now[1], pins)}.`;
  }
}

// ---- reading.js

// Reading a field at one place: the loss there and its slope, between the points of the grid (as figures/field.py samples it).

// {loss, gradient}; null where the place lies outside of the field.
function readAt({ values, extent }, x, y) {
  const [rows, columns] = values.shape, [xlo, xhi, ylo, yhi] = extent;
  if (!(x >= xlo && x <= xhi && y >= ylo && y <= yhi)) return null;
  const across = weightsAt((x - xlo) / (xhi - xlo), columns), up = weightsAt((y - ylo) / (yhi - ylo), rows);
  let loss = 0, dx = 0, dy = 0;
  for (let j = 0; j < 4; j++) {
    let along = 0, slope = 0;
    for (let i = 0; i < 4; i++) {
      const value = beyond((r) => beyond((c) => values[r * columns + c], across.first + i, columns), up.first + j, rows);
      along += across.weights[i] * value;
      slope += across.slopes[i] * value;
    }
    loss += up.weights[j] * along;
    dy += up.slopes[j] * along;
    dx += up.weights[j] * slope;
  }
  return { loss, gradient: [dx / (xhi - xlo), dy / (yhi - ylo)] };
}

function weightsAt(part, count) { // of the four points around a place, and how each changes along the whole grid
  const place = part * (count - 1), cell = Math.max(0, Math.min(count - 2, Math.floor(place))), t = place - cell;
  const weights = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
  const slopes = [(4 - 3 * t) * t - 1, (9 * t - 10) * t, (8 - 9 * t) * t + 1, (3 * t - 2) * t];
  return { first: cell - 1, weights: weights.map((w) => w / 2), slopes: slopes.map((s) => (s / 2) * (count - 1)) };
}

function beyond(at, index, count) { // beyond its ends the grid goes on as a parabola
  if (index < 0) return 3 * at(0) - 3 * at(1) + at(2);
  if (index >= count) return at(count - 3) - 3 * at(count - 2) + 3 * at(count - 1);
  return at(index);
}

const HEIGHTS = new WeakMap(); // of a field's values

function rangeOf({ values }) { // the lowest and the highest of a field
  if (!HEIGHTS.has(values)) HEIGHTS.set(values, { low: values.reduce((a, b) => Math.min(a, b), Infinity), high: values.reduce((a, b) => Math.max(a, b), -Infinity) });
  return HEIGHTS.get(values);
}

// ---- tilt.js

// The map tilted: seen from the side, as high as the logarithm of the loss. Nothing can be read here that the flat map does not say.


const YAW = 0.62, PITCH = 0.98; // radians: turned to the left, leaned back
const HIGH = 0.34; // of the height of the box, from the lowest loss to the highest, or less: nothing hides behind a wall
const BEND = 0.008; // the logarithm begins at this part of the highest loss
const ROOM = { across: 24, above: 36, below: 30 }; // px that the surface leaves free
const SIGHT = 96; // rangeOf at which a line of sight is tried
const PATCHES = [72, 46];
const LIGHT = { light: 0.07, dark: 0.28 };

const RELIEFS = new WeakMap(); // of a field's values: the last one

// The losses of a field on a grid of patches over a window.
function reliefOf(field, xlim, ylim, [across, up] = PATCHES) {
  const key = [...xlim, ...ylim, across, up].join();
  let kept = RELIEFS.get(field.values);
  if (!kept) RELIEFS.set(field.values, (kept = new Map()));
  if (kept.has(key)) return kept.get(key);
  const [xlo, xhi, ylo, yhi] = field.extent, places = [];
  for (let j = 0; j <= up; j++) for (let i = 0; i <= across; i++) {
    const x = xlim[0] + ((xlim[1] - xlim[0]) * i) / across, y = ylim[0] + ((ylim[1] - ylim[0]) * j) / up;
    places.push({ x, y, loss: readAt(field, clamp(x, [xlo, xhi]), clamp(y, [ylo, yhi])).loss });
  }
  if (kept.size > 3) kept.clear();
  kept.set(key, { across, up, places });
  return kept.get(key);
}

// The camera of a map, `lift` of the way up (0: flat): where a place of it lies in the box of its view.
class Camera {
  constructor(view, lift) {
    const { home, box, zoom, panel: { field } } = view;
    const { low, high } = rangeOf(field);
    Object.assign(this, { home, field, lift, box, low, highest: high });
    this.unit = [box.width / (home.xlim[1] - home.xlim[0]), box.height / (home.ylim[1] - home.ylim[0])];
    this.middle = [(home.xlim[0] + home.xlim[1]) / 2, (home.ylim[0] + home.ylim[1]) / 2];
    this.turn = [Math.cos(YAW * lift), Math.sin(YAW * lift), Math.cos(PITCH * lift), Math.sin(PITCH * lift)];
    Object.assign(this, { size: 1, shift: [0, 0], k: 1, away: [0, 0] });
    const relief = reliefOf(field, home.xlim, home.ylim);
    this.rise = this.steepest(relief);
    this.fit(relief);
    const whole = this.seen(...this.middle), centre = this.seen(zoom.cx, zoom.cy);
    this.k = zoom.k;
    this.away = [0, 1].map((i) => centre[i] * this.k - whole[i]);
  }

  loss(x, y) { // also just beyond the field
    const [xlo, xhi, ylo, yhi] = this.field.extent;
    return readAt(this.field, clamp(x, [xlo, xhi]), clamp(y, [ylo, yhi])).loss;
  }

  height(loss) { // 0 at the lowest of the map, 1 at its highest
    const part = Math.max(0, loss - this.low) / (this.highest - this.low || 1);
    return Math.log1p(Math.min(1, part) / BEND) / Math.log1p(1 / BEND);
  }

  turned(x, y, loss) { // around the middle of the map, in pixels of the flat one
    const a = (x - this.middle[0]) * this.unit[0], b = (y - this.middle[1]) * this.unit[1], [cos, sin, flat, steep] = this.turn;
    return [a * cos - b * sin, -((a * sin + b * cos) * flat + this.rise * this.height(loss) * steep)];
  }

  // How many pixels the highest loss is above the lowest: as many as can be, with every place still seen from the front.
  steepest({ across, up, places }) {
    const [cos, sin] = [Math.cos(YAW), Math.sin(YAW)], most = Math.cos(PITCH) / Math.sin(PITCH);
    const wide = (this.unit[0] * (this.home.xlim[1] - this.home.xlim[0])) / across, tall = (this.unit[1] * (this.home.ylim[1] - this.home.ylim[0])) / up;
    let steep = 1e-9;
    for (let j = 0; j < up; j++) for (let i = 0; i < across; i++) {
      const n = j * (across + 1) + i, here = this.height(places[n].loss);
      steep = Math.max(steep, (sin * (here - this.height(places[n + 1].loss))) / wide + (cos * (here - this.height(places[n + across + 1].loss))) / tall);
    }
    return Math.min(HIGH * this.box.height, Math.max((0.9 * most) / steep, 0.12 * this.box.height));
  }

  fit({ places }) { // the whole surface fills the box
    const { box, lift } = this, ends = [[Infinity, -Infinity], [Infinity, -Infinity]];
    for (const { x, y, loss } of places) this.turned(x, y, loss).forEach((v, n) => { ends[n][0] = Math.min(ends[n][0], v); ends[n][1] = Math.max(ends[n][1], v); });
    const [wide, tall] = ends.map(([lo, hi]) => hi - lo);
    const size = Math.min((box.width - ROOM.across) / wide, (box.height - ROOM.above - ROOM.below) / tall);
    this.size = 1 + (size - 1) * lift;
    this.shift = ends.map(([lo, hi], n) => lift * ((lo + hi) / 2 - (n * (ROOM.above - ROOM.below)) / 2 / size));
  }

  seen(x, y, loss = this.loss(x, y)) {
    return this.turned(x, y, loss).map((v, n) => (v - this.shift[n]) * this.size);
  }

  place(x, y, loss = this.loss(x, y)) {
    if (!Number.isFinite(x + y)) return [NaN, NaN];
    const { box, k, away } = this, [across, down] = this.seen(x, y, loss);
    return [box.left + box.width / 2 + across * k - away[0], box.top + box.height / 2 + down * k - away[1]];
  }

  // The place of the map that is seen at a pixel: the first one on the way down. null: beside the surface.
  pick(px, py) {
    const { box, k, away, size, shift, turn: [cos, sin, flat, steep], unit, middle, home } = this;
    const across = (px - box.left - box.width / 2 + away[0]) / k / size + shift[0], down = (py - box.top - box.height / 2 + away[1]) / k / size + shift[1];
    const at = (height) => { // where the line of sight is as high as this
      const back = (-down - this.rise * height * steep) / flat, a = across * cos + back * sin, b = back * cos - across * sin;
      return [middle[0] + a / unit[0], middle[1] + b / unit[1]];
    };
    const on = ([x, y]) => x >= home.xlim[0] && x <= home.xlim[1] && y >= home.ylim[0] && y <= home.ylim[1];
    const under = (height) => { const [x, y] = at(height); return on([x, y]) && this.height(this.loss(x, y)) >= height; };
    let above = 1.01, below = null;
    for (let n = 1; n <= SIGHT && below === null; n++) { const height = 1.01 * (1 - n / SIGHT) - 1e-6; if (under(height)) below = height; else above = height; }
    if (below === null) return null;
    for (let n = 0; n < 20; n++) { const middle = (above + below) / 2; if (under(middle)) below = middle; else above = middle; }
    return at(below);
  }
}

// The surface, patch by patch from far to near; its colours mean the same losses as the bands of the flat map.
function paintSurface(context, camera, { xlim, ylim }, ramp, dark) {
  const { field, lift, home } = camera, moving = lift < 1; // larger patches while the camera moves: each frame is a new surface
  const ends = [[xlim, home.xlim], [ylim, home.ylim]].map(([[lo, hi], [least, most]]) =>
    [Math.max(least, lo - 0.6 * (hi - lo)), Math.min(most, hi + 0.6 * (hi - lo))]); // what is seen reaches further when it is tilted
  const { across, up, places } = reliefOf(field, ...ends, moving ? PATCHES.map((n) => n / 2) : PATCHES);
  const seen = places.map(({ x, y, loss }) => camera.place(x, y, loss)), high = places.map(({ loss }) => camera.height(loss));
  const colours = Array.from({ length: field.levels.length + 1 }, (_, band) => channels(bandColour(ramp, field, band)));
  const steep = [0, 1].map((n) => camera.rise / ((camera.unit[n] * (ends[n][1] - ends[n][0])) / [across, up][n])), light = LIGHT[dark ? "dark" : "light"] * lift;
  context.lineWidth = 0.8;
  for (let j = up - 1; j >= 0; j--) for (let i = across - 1; i >= 0; i--) {
    const n = j * (across + 1) + i, corners = [n, n + 1, n + across + 2, n + across + 1];
    const lean = 0.7 * steep[0] * (high[n + 1] - high[n]) - 0.8 * steep[1] * (high[n + across + 1] - high[n]), shade = 1 + light * (1.6 * Math.tanh(lean) - (dark ? 0 : 0.6));
    const [r, g, b] = shadeOf(colours, field.levels, (places[n].loss + places[n + across + 2].loss) / 2).map((v) => Math.min(255, Math.round(v * shade)));
    context.fillStyle = context.strokeStyle = `rgb(${r},${g},${b})`;
    context.beginPath();
    for (const corner of corners) context.lineTo(...seen[corner]);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

function shadeOf(colours, levels, loss) { // as the band in its middle, and between two of them elsewhere
  const above = levels.findIndex((level) => loss <= level), band = above < 0 ? levels.length : above;
  const [lo, hi] = [levels[band - 1], levels[band]], part = lo === undefined || hi === undefined ? 0.5 : lo > 0 ? Math.log(loss / lo) / Math.log(hi / lo) : (loss - lo) / (hi - lo);
  const place = clamp(band - 0.5 + part, [0, colours.length - 1]), k = Math.min(colours.length - 2, Math.floor(place));
  return colours[k].map((v, n) => v + (colours[k + 1][n] - v) * (place - k));
}

// The lines of levels on the surface, as a path. `grid` is the field sampled on the flat map.
function levelsOnSurface(camera, grid, { box, xOf, yOf }, levels) {
  const path = new Path2D();
  for (const level of levels) for (const loop of loopsOf(grid, level)) {
    let pen = false;
    for (let i = 0; i <= loop.length; i += 2) {
      const x = loop[i % loop.length], y = loop[(i + 1) % loop.length];
      const inside = x >= box.left - 1 && x <= box.left + box.width + 1 && y >= box.top - 1 && y <= box.top + box.height + 1;
      if (inside) path[pen ? "lineTo" : "moveTo"](...camera.place(xOf(x), yOf(y), level));
      pen = inside;
    }
  }
  return path;
}

// ---- readout.js

// The second layer of each panel, and the line of values below: what is read under the pointer, or at a step. It is painted
// alone while a pointer moves; the pictures below stay as they are.


const NO_KERNEL = "Starting elsewhere needs a kernel: open the notebook, or run its cell again.";
const TOOLS = [50, 146]; // px, the corner of a map that holds its buttons
const PARTS = 4; // of a quantity that are read out; of longer ones, none

// How far apart the steps lie, where a panel goes over the steps: a mark of it has one place a step, 0, 1, 2 … or 0, 10, 20 …; null elsewhere.
function stepsOf({ marks, field }, last) {
  if (field || last === undefined) return null;
  const even = (x) => x?.length > 2 && x.length <= last + 1 && x[0] === 0 && x[1] > 0 && Number.isInteger(x[1]) && Math.abs(x[x.length - 1] - x[1] * (x.length - 1)) < 1e-6 * x[x.length - 1];
  const found = marks.find(({ kind, run, by_step, x }) => (kind === "line" || kind === "points") && (run || by_step) && even(x));
  return found ? found.x[1] : null;
}

// What is known at the place that is read: {panel, x, y, kept, loss, gradient}; null where there is nothing to read.
function reading(stage) {
  const { point } = stage.ui, field = point && stage.frame.panels[point.panel]?.field;
  const found = field && readAt(field, point.x, point.y);
  return found ? { ...point, ...found } : null;
}

// The parts of the read-out line, {name, value, role}; the first says what they are the values of.
function partsOf(stage, read) {
  const { frame, ui, spec } = stage;
  if (read) {
    return [
      { name: read.kept ? "at this point" : "under the pointer" },
      { name: nameOfPlace(frame.panels[read.panel]), value: pair([read.x, read.y]) },
      { name: "loss", value: numeral(read.loss) },
      { name: "gradient", value: pair(read.gradient), role: "gradient" },
      { name: "steepness", value: numeral(Math.hypot(...read.gradient)) },
    ];
  }
  const run = frame.num_steps === undefined ? null : runOf(frame, ui.focus || frame.focus);
  if (!run) return [];
  const step = ui.preview ?? stage.at(), parts = [{ name: `step ${step}`, role: run.role }];
  for (const [name, columns] of Object.entries(run.quantities)) {
    if (columns.length > PARTS || !(step < columns[0].length)) continue;
    const values = columns.map((column) => column[step]);
    parts.push({ name, value: values.length > 1 ? pair(values) : numeral(values[0]), role: spec.quantities[name] });
  }
  return parts;
}

function inWords(parts) { // for who hears them
  return parts.map(({ name, value }) => (value === undefined ? name : `${name} ${value}`)).join(", ");
}

const pair = (values) => `(${values.map((v) => numeral(v)).join(", ")})`;

function nameOfPlace({ xlabel, ylabel }) {
  const [across, up] = [xlabel, ylabel].map((label) => label.match(/^(\w+)\[[01]\]$/)?.[1]);
  return across && across === up ? across : `${xlabel}, ${ylabel}`;
}

// Whether a plot's vertical axis is the loss that a map has: the run in focus says so, where it lies on the map.
function showsLossOf(frame, focus, map, plot) {
  const run = runOf(frame, focus), places = run?.quantities.w, mark = plot.marks.find((one) => one.run && one.run === focus && one.y?.length && rising(one.x));
  if (!mark || places?.length !== 2) return false;
  const seen = Math.min(mark.y.length, places[0].length);
  for (let t = 0; t < seen; t++) {
    const there = readAt(map.field, places[0][t], places[1][t]);
    if (there) return Math.abs(there.loss - mark.y[t]) <= 0.03 * Math.abs(mark.y[t]) + 3e-4 * rangeOf(map.field).high;
  }
  return false;
}

const rising = (x) => x?.length > 1 && x[1] > x[0];

class Readout {
  constructor(stage) {
    this.stage = stage;
    this.slots = [];
    this.values = element("span", { className: "oc-values" });
    this.why = element("span", { className: "oc-why", textContent: "needs a kernel", hidden: true });
    this.start = button("Start here", () => stage.hand.startThere(), { className: "oc-here", hidden: true });
    this.start.append(this.why);
    stage.read.append(this.values, this.start);
  }

  paint() {
    const { stage } = this, read = reading(stage), { ui } = stage, seen = stage.panels.filter((panel) => panel.view);
    for (const panel of seen) this.clear(panel);
    if (read && stage.panels[read.panel].view) this.level(stage.panels[read.panel], read);
    if (!read && ui.preview !== null) for (const panel of seen) this.preview(panel, ui.preview);
    if (stage.hand.aim) this.aim(stage.hand.aim);
    this.say(read);
  }

  clear(panel) {
    panel.pen ||= panel.readout.getContext("2d");
    panel.pen.setTransform(1, 0, 0, 1, 0, 0);
    if (panel.touched) panel.pen.clearRect(0, 0, panel.readout.width, panel.readout.height);
    panel.touched = false;
  }

  on(panel) { // to paint there
    const { ratio } = this.stage.painter;
    panel.touched = true;
    panel.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    panel.pen.setLineDash([]);
    return panel.pen;
  }

  // A place of a map: the level through it, its loss, the way down; and that loss as a rule in the curve beside it.
  level(panel, read) {
    const { stage } = this, { painter, frame, ui } = stage, { view, grid } = panel, { box } = view, context = this.on(panel), [x, y] = view.at(read.x, read.y);
    if (!grid) return;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    const line = view.camera ? levelsOnSurface(view.camera, grid, view, [read.loss]) : pathOf(loopsOf(grid, read.loss));
    Object.assign(context, { lineJoin: "round", strokeStyle: painter.tone.casing, lineWidth: 4, globalAlpha: 0.8 });
    context.stroke(line);
    Object.assign(context, { strokeStyle: painter.tone.text, lineWidth: 1.6, globalAlpha: 1 });
    context.stroke(line);
    this.downhill(context, panel.view, read);
    painter.stamp(context, "circle", x, y, 4.5, painter.tone.text, true);
    this.tag(context, box, `loss ${numeral(read.loss)}`, x, y);
    context.restore();
    for (const other of stage.panels) {
      if (other.view && other !== panel && showsLossOf(frame, ui.focus || frame.focus, frame.panels[panel.index], other.view.panel)) this.rule(other, read.loss);
    }
  }

  downhill(context, view, { x, y, loss, gradient }) { // as long as it is steep, and never too short or too long to be seen
    const { xlim, ylim, box, home, camera, panel: { field } } = view, { painter } = this.stage, steep = Math.hypot(...gradient);
    const pixel = [(xlim[1] - xlim[0]) / box.width, (ylim[1] - ylim[0]) / box.height], by = gradient.map((v, i) => -v / pixel[i]), far = Math.hypot(...by);
    if (!(far > 0)) return;
    const { low, high } = rangeOf(field), usual = (high - low) / Math.hypot(home.xlim[1] - home.xlim[0], home.ylim[1] - home.ylim[0]);
    const length = 22 + (46 * steep) / (steep + usual), to = [x, y].map((v, i) => v + (by[i] / far) * length * pixel[i]);
    painter.arrow(context, view.at(x, y), camera ? camera.place(...to, loss) : view.at(...to), painter.color("gradient"), 2.6);
  }

  tag(context, box, words, x, y) { // beside the place, and whole on the map
    const { painter } = this.stage, width = painter.width(context, words, SIZES.label, 650) + 16, height = 23;
    const top = clamp(y - 34, [box.top + 4, box.top + box.height - height - 4]), right = box.left + box.width - (top < box.top + TOOLS[1] ? TOOLS[0] : 0);
    const left = x + 14 + width > right ? x - 14 - width : x + 14;
    context.fillStyle = painter.tone.text;
    context.beginPath();
    context.roundRect(left, top, width, height, 5);
    context.fill();
    painter.words(context, words, left + 8, top + height / 2 + 0.5, painter.tone.background, { size: SIZES.label, weight: 650 });
  }

  rule(panel, loss) {
    const { box, Y } = panel.view, { painter } = this.stage, y = Y(loss), right = box.left + box.width;
    if (!(y >= box.top && y <= box.top + box.height)) return;
    const context = this.on(panel);
    context.beginPath();
    context.moveTo(box.left, y);
    context.lineTo(right, y);
    painter.stroke(context, painter.tone.text, 1.2, [4, 3]);
    painter.words(context, "loss here", right - 3, y > box.top + 16 ? y - 9 : y + 10, painter.tone.text, { size: SIZES.tick, align: "right", halo: painter.tone.background });
  }

  // The step that a hand over the curve would go to: a hollow mark on every picture.
  preview(panel, step) {
    const { frame, ui, painter } = this.stage, { view } = panel, { box } = view, context = this.on(panel), focus = ui.focus || frame.focus;
    const wide = stepsOf(view.panel, frame.num_steps);
    if (wide) {
      const x = view.X(step * wide);
      context.beginPath();
      context.moveTo(x, box.top);
      context.lineTo(x, box.top + box.height);
      painter.stroke(context, painter.tone.edge, 1, [3, 3]);
    }
    const seen = new Set();
    for (const mark of view.panel.marks) {
      const goes = (mark.kind === "points" && mark.by_step === "at") || (mark.kind === "line" && mark.run && !mark.dash);
      if (!goes || (mark.run || "") !== (focus || "") || seen.has(mark.role) || !(step < mark.x.length)) continue;
      const [x, y] = view.at(mark.x[step], mark.y[step]);
      seen.add(mark.role); // of a line and its points, once
      if (x >= box.left && x <= box.left + box.width && y >= box.top - 1 && y <= box.top + box.height + 1) painter.stamp(context, "circle", x, y, 5, painter.color(mark.role), true);
    }
  }

  aim({ panel, x, y }) { // where the next step of a walk would go
    const { painter, panels } = this.stage, context = this.on(panels[panel]), [left, top] = panels[panel].view.at(x, y);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(left + 4 * dx, top + 4 * dy); context.lineTo(left + 14 * dx, top + 14 * dy); }
    painter.stroke(context, painter.tone.text, 2, []);
  }

  // The line of values; its nodes are made once.
  say(read) {
    const { stage } = this, parts = partsOf(stage, read), start = read?.kept && stage.hand.startOf(read.panel);
    stage.read.hidden = !parts.length && !stage.frame.panels.some((panel) => panel.field);
    while (this.slots.length < parts.length) this.slots.push(this.slot(this.slots.length));
    this.slots.forEach((slot, i) => {
      const { name = "", value = "", role } = parts[i] || {};
      slot.node.hidden = i >= parts.length;
      setText(slot.name, name);
      setText(slot.value, value);
      const colour = role ? stage.painter.color(role) : "";
      if (slot.colour !== colour) { slot.dot.style.background = slot.colour = colour; slot.dot.hidden = !colour; }
    });
    this.start.hidden = !start;
    this.start.disabled = !stage.link.live;
    this.start.title = stage.link.live ? "Start the run here (Enter)" : NO_KERNEL;
    this.why.hidden = stage.link.live;
    stage.read.dataset.of = read ? "place" : "step";
  }

  slot(index) {
    const dot = element("i", { hidden: true }), name = element(index ? "b" : "strong"), value = element("span");
    const node = element("span", { className: index ? "oc-value" : "oc-at" }, dot, name, value);
    this.values.append(node);
    return { node, dot, name, value, colour: "" };
  }
}

// ---- zoom.js

// Zoom and pan of a map. A zoom is {k, cx, cy}: drawn k times as large as at home, these values in the middle of the box.


const MOST = 40;

// `home` has the limits (xlim, ylim) of the whole map. No place beyond them comes into the box.
function wholeMap({ xlim, ylim }) {
  return { k: 1, cx: (xlim[0] + xlim[1]) / 2, cy: (ylim[0] + ylim[1]) / 2 };
}

// `factor` times as large; the place `x, y` stays where it is on the picture, unless an edge of the map is in the way.
function zoomedAt(zoom, home, factor, [x, y]) {
  const k = clamp(zoom.k * factor, [1, MOST]), part = 1 - zoom.k / k;
  return onMap({ k, cx: zoom.cx + (x - zoom.cx) * part, cy: zoom.cy + (y - zoom.cy) * part }, home);
}

// The map moved by this much, in values.
function panned(zoom, home, [across, up]) {
  return onMap({ k: zoom.k, cx: zoom.cx - across, cy: zoom.cy - up }, home);
}

// The same zoom, moved no further than that a place is seen.
function showing(zoom, home, [x, y]) {
  const reach = (c, v, [lo, hi]) => clamp(c, [v - ((hi - lo) * 0.46) / zoom.k, v + ((hi - lo) * 0.46) / zoom.k]);
  return onMap({ k: zoom.k, cx: reach(zoom.cx, x, home.xlim), cy: reach(zoom.cy, y, home.ylim) }, home);
}

// Between two zooms: each frame is larger than the one before by the same factor, and one place stays where it is.
function zoomBetween(from, to, part) {
  const k = from.k * (to.k / from.k) ** part;
  const gone = from.k === to.k ? part : (1 / k - 1 / from.k) / (1 / to.k - 1 / from.k);
  return { k, cx: from.cx + (to.cx - from.cx) * gone, cy: from.cy + (to.cy - from.cy) * gone };
}

function onMap({ k, cx, cy }, home) {
  const within = (c, [lo, hi]) => clamp(c, [lo + (hi - lo) / (2 * k), hi - (hi - lo) / (2 * k)]);
  return k < 1.0001 ? wholeMap(home) : { k, cx: within(cx, home.xlim), cy: within(cy, home.ylim) };
}

// ---- hand.js

// The hand on the pictures. On a map: read a value, keep the place, start there, zoom, pan. On a curve: choose the step.
// On both: points are dragged, walks are clicked. Keys do all of it too.


const NEAR = 24; // pixels of the page around a handle, for a finger too
const STILL = 5; // pixels: who moves less has clicked
const KEY_STEPS = 80; // of an arrow key, across a map
const KEY_ZOOM = 1.6;
const WHEEL = 240; // pixels of a wheel's way, for e times the size
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const MOVES = {
  point: (label) => `Arrow keys move ${label}, with Shift further. `,
  range: (label) => `Arrow keys change ${label}. `,
  walk: () => "Arrow keys aim, with Shift further; Enter steps there. ",
};

class Hand {
  constructor(stage) {
    Object.assign(this, { stage, held: null, aim: null });
    this.fingers = new Map(); // where each pointer that is down lies on its picture
    const listen = (name, act) => stage.layout.node.addEventListener(name, (event) => {
      const panel = stage.panels.find(({ picture }) => picture === event.target);
      if (panel?.view) act.call(this, event, panel);
    });
    listen("pointerdown", this.down);
    listen("pointermove", this.moved);
    listen("pointerup", this.up);
    listen("pointercancel", this.lost);
    listen("pointerout", this.left);
    listen("dblclick", this.twice);
    listen("keydown", this.key);
    listen("focusout", this.blurred);
    stage.root.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.letGo()) event.stopPropagation(); });
  }

  // What a hand can do on a panel: "map", "curve", "handle" where a mark of it can be dragged, "picture" where nothing.
  kind({ index }) {
    const { frame } = this.stage, panel = frame.panels[index];
    if (panel.field) return "map";
    if (stepsOf(panel, frame.num_steps)) return "curve";
    return this.control(index) ? "handle" : "picture";
  }

  // What can be dragged there: [mark, control]. A page has no frames for points.
  handles(index) {
    const { stage } = this, drags = stage.frame.panels[index].marks.filter((mark) => mark.drag);
    return drags.map((mark) => [mark, stage.control(mark.drag)]).filter(([, { kind }]) => stage.link.live || kind === "range");
  }

  control(index) { // which of these the keys move
    const controls = this.handles(index).map(([, control]) => control);
    return ["point", "walk", "range"].map((kind) => controls.find((control) => control.kind === kind)).find(Boolean) || null;
  }

  // For who uses keys or hears the page: what each picture is, and how it is moved.
  offer() {
    const { stage } = this;
    for (const panel of stage.panels) {
      if (!panel.heard) this.hear(panel);
      const { picture, index } = panel, kind = this.kind(panel), control = this.control(index), last = stage.frame.num_steps;
      const name = stage.frame.panels[index].title || `${stage.frame.panels[index].ylabel} over ${stage.frame.panels[index].xlabel}`;
      const how = { map: this.mapKeys(index), curve: "Arrow keys choose the step, Home the first, End the last. ", handle: control && MOVES[control.kind](control.label), picture: "" }[kind];
      const wanted = { "aria-label": how + name, role: { map: "application", curve: "slider", handle: "application", picture: "img" }[kind] };
      if (kind === "curve") Object.assign(wanted, { "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": stage.at(), "aria-valuetext": inWords(partsOf(stage, null).slice(0, 3)) || `step ${stage.at()} of ${last}` });
      for (const [key, value] of Object.entries(wanted)) if (picture.getAttribute(key) !== String(value)) picture.setAttribute(key, value);
      if (kind !== "curve") for (const key of ["min", "max", "now", "text"]) picture.removeAttribute("aria-value" + key);
      picture.tabIndex = kind === "picture" ? -1 : 0;
      panel.node.dataset.kind = kind;
      const zoomed = stage.ui.zoom[index]?.k > 1;
      picture.style.touchAction = { map: zoomed ? "none" : "pan-y", curve: "pan-y pinch-zoom", handle: "pinch-zoom", picture: "pan-y pinch-zoom" }[kind];
    }
  }

  // What keeps the page from scrolling is heard where it happens: on a slide the panels have no box of their own, and a browser that
  // finds no listener under a wheel scrolls without asking.
  hear(panel) {
    panel.heard = true;
    const listen = (name, act) => panel.picture.addEventListener(name, (event) => { if (panel.view) act.call(this, event, panel); }, { passive: false });
    listen("wheel", this.wheel);
    listen("touchstart", this.touched);
  }

  mapKeys(index) {
    const walks = this.control(index)?.kind === "walk", starts = this.startOf(index) && this.stage.link.live;
    const enter = walks ? "Enter steps there, " : starts ? "Enter starts there, " : "";
    return `Arrow keys move a reading point, with Shift further; ${enter}plus, minus and 0 zoom, T tilts, Escape lets go. `;
  }

  // Pointers ---------------------------------------------------------------------------------------------------------

  place(event) { // in the units of the picture
    const { scale } = this.stage.painter;
    return [event.offsetX / scale, event.offsetY / scale];
  }

  // What the map has at a place of its picture; null: nothing, beside a tilted one.
  spot({ view }, [x, y]) {
    return view.camera ? view.camera.pick(x, y) : [view.xOf(x), view.yOf(y)];
  }

  values(panel, at) { // to four digits: what the person reads is what is computed
    return this.spot(panel, at)?.map((v) => Number(v.toPrecision(4)));
  }

  // The handle at a place: on a map or curve one has to come near, elsewhere the nearest one comes to the hand.
  handleAt(panel, [x, y]) {
    const { view } = panel, first = (a) => (a.length === undefined ? a : a[0]), near = NEAR / this.stage.painter.scale;
    if (!isInside(view, x, y)) return null;
    const away = ([mark]) => { const [left, top] = view.at(first(mark.x), first(mark.y)); return Math.hypot(left - x, top - y); };
    const [found] = this.handles(panel.index).sort((a, b) => away(a) - away(b));
    if (!found) return null;
    const anywhere = this.kind(panel) === "handle" || found[1].kind === "walk";
    return anywhere || away(found) <= near ? found : null;
  }

  touched(event, panel) { // a finger on a handle drags it and does not scroll the page
    const { left, top } = panel.picture.getBoundingClientRect(), { scale } = this.stage.painter, [touch] = event.changedTouches;
    const found = this.handleAt(panel, [(touch.clientX - left) / scale, (touch.clientY - top) / scale]);
    if (found && found[1].kind !== "walk" && this.kind(panel) !== "handle") event.preventDefault();
  }

  down(event, panel) {
    if (event.pointerType === "mouse" && event.button > 0) return;
    const at = this.place(event);
    panel.picture.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2 && this.held?.panel === panel && this.kind(panel) === "map") this.held = { kind: "pinch", panel, ...this.pinch() };
    else if (this.fingers.size === 1) this.take(event, panel, at);
  }

  take(event, panel, at) {
    const { stage } = this, [mark, control] = this.handleAt(panel, at) || [], kind = this.kind(panel);
    this.held = { kind: "tap", panel, at, far: 0, zoom: panel.view.zoom };
    if (control?.kind === "walk") this.held.walk = control;
    else if (control) {
      this.held = { kind: "drag", panel, control, basis: mark.drag_basis };
      stage.ui.point = null;
      this.drag(this.values(panel, at));
    } else if (kind === "curve") {
      this.held.kind = "scrub";
      if (event.pointerType !== "touch") this.scrub(panel, at); // a finger may be about to scroll the page
    }
  }

  moved(event, panel) {
    const at = this.place(event), { held } = this;
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, at);
    if (!held) { if (event.pointerType !== "touch") this.hover(panel, at); return; }
    if (held.panel !== panel) return;
    if (held.kind === "pinch") { this.pinched(); return; }
    if (held.kind === "drag") { this.drag(this.values(panel, at)); return; }
    held.far = Math.max(held.far, Math.hypot(at[0] - held.at[0], at[1] - held.at[1]));
    if (held.far <= STILL) return;
    if (held.kind === "scrub") this.scrub(panel, at);
    else if (held.zoom.k > 1 && this.kind(panel) === "map") this.pan(panel, at);
  }

  up(event, panel) {
    const { held } = this, at = this.place(event);
    this.fingers.delete(event.pointerId);
    if (held?.kind === "pinch" && this.fingers.size) return; // the finger that stays does nothing more
    this.held = null;
    if (!held || held.panel !== panel || held.far === undefined || held.far > STILL) return;
    if (held.kind === "scrub") this.scrub(panel, at);
    else if (!this.spot(panel, at)) return;
    else if (held.walk) this.stage.walk(held.walk, this.values(panel, at));
    else if (this.kind(panel) === "map") this.click(panel, at);
  }

  lost(event) { // the browser has taken the pointer, to scroll the page
    this.fingers.delete(event.pointerId);
    this.held = null;
  }

  left(event, panel) {
    const { ui } = this.stage;
    if (this.held || (ui.preview === null && (!ui.point || ui.point.kept))) return;
    ui.preview = null;
    if (!ui.point?.kept) ui.point = null;
    this.stage.drawReadout();
  }

  hover(panel, at) {
    const { stage } = this, { ui } = stage, kind = this.kind(panel), found = this.handleAt(panel, at);
    panel.picture.style.cursor = found && kind !== "handle" && found[1].kind !== "walk" ? "grab" : found ? "crosshair" : { map: "crosshair", curve: "ew-resize" }[kind] || "default";
    const inside = isInside(panel.view, ...at);
    if (kind === "map" && !ui.point?.kept) ui.point = inside ? this.pointAt(panel, at, false) : null;
    else if (kind === "curve") ui.preview = inside ? this.stepAt(panel, at) : null;
    else return;
    stage.drawReadout();
  }

  pointAt(panel, at, kept) {
    const [x, y] = this.spot(panel, at) || [];
    return x === undefined ? null : { panel: panel.index, x, y, kept };
  }

  click(panel, at) { // keeps the place; a click on the kept one lets it go
    const { ui } = this.stage, [x, y] = ui.point?.kept && ui.point.panel === panel.index ? panel.view.at(ui.point.x, ui.point.y) : [NaN, NaN];
    ui.point = Math.hypot(x - at[0], y - at[1]) < 20 ? null : this.pointAt(panel, at, true);
    this.stage.drawReadout();
  }

  drag(place) {
    const { control, basis } = this.held;
    if (!place) return;
    if (control.kind === "range") this.stage.set(control.name, control.values[nearest(control.values, place[0])]);
    else this.stage.setPoint(control, turned(basis, place));
  }

  stepAt(panel, [x]) {
    const { num_steps } = this.stage.frame;
    return clamp(Math.round(panel.view.xOf(x) / stepsOf(this.stage.frame.panels[panel.index], num_steps)), [0, num_steps]);
  }

  scrub(panel, at) {
    const { stage } = this;
    stage.pause();
    stage.ui.preview = null;
    stage.go(this.stepAt(panel, at));
  }

  // Zoom and pan ---------------------------------------------------------------------------------------------------

  pan(panel, at) {
    const { view } = panel, { held } = this, from = held.last || held.at;
    held.last = at;
    this.stage.ui.point = this.stage.ui.point?.kept ? this.stage.ui.point : null;
    this.stage.maps.show(panel, panned(view.zoom, view.home, [view.xOf(at[0]) - view.xOf(from[0]), view.yOf(at[1]) - view.yOf(from[1])]));
  }

  pinch() { // how far apart two fingers are, and the middle between them
    const [a, b] = [...this.fingers.values()];
    return { gap: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1])), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  }

  pinched() {
    const { panel, gap, middle } = this.held, { view } = panel, now = this.pinch(), at = ([x, y]) => [view.xOf(x), view.yOf(y)];
    Object.assign(this.held, now);
    const larger = zoomedAt(view.zoom, view.home, now.gap / gap, at(middle)), from = at(middle), to = at(now.middle);
    this.stage.maps.show(panel, panned(larger, view.home, to.map((v, i) => ((v - from[i]) * view.zoom.k) / larger.k)));
  }

  twice(event, panel) {
    if (this.kind(panel) !== "map" || this.control(panel.index)?.kind === "walk") return;
    this.stage.ui.point = null; // the two clicks have kept a place and let it go
    this.stage.maps.zoom(panel, 2, this.spot(panel, this.place(event)));
  }

  wheel(event, panel) {
    if (this.kind(panel) !== "map") return;
    if (!event.ctrlKey && !event.metaKey && !this.stage.ui.fullscreen) { this.stage.maps.hint(panel); return; }
    event.preventDefault();
    const { view } = panel, pixels = event.deltaY * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
    this.stage.maps.show(panel, zoomedAt(view.zoom, view.home, Math.exp(-pixels / WHEEL), this.spot(panel, this.place(event)) || [view.zoom.cx, view.zoom.cy]));
  }

  // Keys -----------------------------------------------------------------------------------------------------------

  key(event, panel) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { map: this.mapKey, curve: this.curveKey, handle: this.handleKey }[this.kind(panel)];
    if (!act?.call(this, event, panel, ARROWS[event.key], event.shiftKey ? 5 : 1)) return;
    event.preventDefault();
    event.stopPropagation(); // of a key that has done something here, the figure must not make something else
  }

  mapKey({ key }, panel, arrow, times) { // true: the key has done something
    const { stage } = this, { ui, maps } = stage;
    if (arrow) { this.movePoint(panel, arrow.map((v) => v * times)); return true; }
    if (key === "Enter") return this.startThere();
    if (key === "0") maps.home(panel);
    else if (key === "+" || key === "=") maps.zoom(panel, KEY_ZOOM, ui.point?.panel === panel.index && [ui.point.x, ui.point.y]);
    else if (key === "-") maps.zoom(panel, 1 / KEY_ZOOM);
    else if (key === "t" || key === "T") maps.tilt(panel);
    else return false;
    return true;
  }

  movePoint(panel, [across, up]) { // the reading point begins where the run is
    const { stage } = this, { ui } = stage, { view, index } = panel;
    const { x, y } = ui.point?.panel === index ? ui.point : stage.maps.centre(panel);
    const to = [[x, across, view.xlim, view.home.xlim], [y, up, view.ylim, view.home.ylim]].map(([v, by, [lo, hi], ends]) =>
      clamp(v + (by * (hi - lo)) / KEY_STEPS, ends));
    ui.point = { panel: index, x: to[0], y: to[1], kept: true };
    if (view.zoom.k > 1) stage.maps.show(panel, showing(view.zoom, view.home, to));
    else stage.drawReadout();
    stage.speakNow(inWords(partsOf(stage, reading(stage)).slice(1)));
  }

  curveKey({ key }, panel, arrow) {
    const { stage } = this, to = arrow ? stage.at() + arrow[0] + arrow[1] : { Home: 0, End: stage.frame.num_steps }[key];
    if (to === undefined) return false;
    stage.pause();
    stage.go(to);
    return true;
  }

  handleKey({ key }, { index }, by, times) {
    const { stage } = this, control = this.control(index), value = stage.values[control.name];
    if (control.kind === "walk" && key === "Enter" && this.aim) { stage.walk(control, [this.aim.x, this.aim.y]); return true; }
    if (!by) return false;
    if (control.kind === "range") {
      const to = nearest(control.values, value) + (by[0] + by[1]) * times;
      stage.set(control.name, control.values[clamp(to, [0, control.values.length - 1])]);
    } else if (control.kind === "point") {
      stage.setPoint(control, value.map((v, i) => Number((v + by[i] * control.step * times).toPrecision(6))));
    } else {
      const last = value[value.length - 1], from = this.aim || { x: last[0], y: last[1] };
      const [x, y] = [[from.x, by[0], control.xlim], [from.y, by[1], control.ylim]].map(([v, way, [lo, hi]]) =>
        Number(clamp(v + (way * times * (hi - lo)) / 50, [lo, hi]).toPrecision(4)));
      this.aim = { panel: index, x, y };
      stage.drawReadout();
      stage.speak(`Aim at ${numeral(x)}, ${numeral(y)}`);
    }
    return true;
  }

  blurred() {
    if (!this.aim) return;
    this.aim = null;
    this.stage.drawReadout();
  }

  // Start there ----------------------------------------------------------------------------------------------------

  startOf(index) { // the point on a panel from which a run starts: [mark, control]; null: none
    const { stage } = this, mark = stage.frame.panels[index].marks.find((one) => one.drag && stage.control(one.drag).kind === "point");
    return mark ? [mark, stage.control(mark.drag)] : null;
  }

  startThere() { // true: it starts there now
    const { stage } = this, { point } = stage.ui;
    if (!point) return false;
    const place = [point.x, point.y].map((v) => Number(v.toPrecision(4))), walk = this.handles(point.panel).find(([, { kind }]) => kind === "walk");
    const start = this.startOf(point.panel);
    if (walk) stage.walk(walk[1], place);
    else if (start && stage.link.live) { stage.ui.point = null; stage.jump(() => stage.setPoint(start[1], turned(start[0].drag_basis, place))); }
    else return false;
    return true;
  }

  letGo() {
    if (!this.stage.ui.point) return false;
    this.stage.ui.point = null;
    this.stage.drawReadout();
    return true;
  }
}

function turned(basis, [u, v]) {
  return basis ? [basis[0] * u + basis[1] * v, basis[2] * u + basis[3] * v] : [u, v];
}

// ---- history.js

// What was before: 50 settings, each with its step and the run in focus. A whole drag is one, and so is a key that is held down.

const DEEP = 50;

class History {
  constructor(stage, root) {
    this.stage = stage;
    this.past = [];
    this.act = 0; // goes up with each new press of a button or a key
    this.noted = -1;
    const begin = () => { this.act += 1; };
    root.addEventListener("pointerdown", begin, { capture: true });
    root.addEventListener("keydown", (event) => { if (!event.repeat) begin(); }, { capture: true });
  }

  note() { // something is about to change
    const { stage } = this;
    if (this.undoing || this.noted === this.act) return;
    this.noted = this.act;
    this.past.push({ values: structuredClone(stage.values), step: stage.transport.step, focus: stage.ui.focus });
    if (this.past.length > DEEP) this.past.shift();
    this.show();
  }

  undo() {
    const last = this.past.pop();
    if (!last) return;
    this.undoing = true;
    this.stage.restore(last);
    this.undoing = false;
    this.noted = -1;
    this.show();
  }

  show() { // not `disabled`: a button that was pressed keeps the focus
    this.stage.undoButton.setAttribute("aria-disabled", String(!this.past.length));
  }
}

// ---- keys.js

// The keys of a figure, while the focus is inside it and not in a text field. A map and a curve have more, see hand.js.

const ACTS = {
  " ": (stage) => stage.toggle(),
  ",": (stage) => stage.stepBy(-1),
  ".": (stage) => stage.stepBy(1),
  p: (stage) => stage.pins?.add(),
  z: (stage) => stage.history.undo(),
  f: (stage) => stage.tools.fill(),
};
const OWN = { " ": "button, select, input[type=checkbox], input[type=radio], summary, a" }; // these mean something else there

function keyDown(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, act = ACTS[key];
  if (!act || event.target.matches("input[type=text], textarea")) return;
  if (OWN[key] && event.target.matches(OWN[key])) return;
  if (event.target.matches("select") && key.match(/^\w$/)) return; // a letter chooses there
  if (" ,.".includes(key) && stage.frame.num_steps === undefined) return;
  event.preventDefault();
  act(stage);
}

// ---- tween.js

// What moves by itself for a moment: from one picture to the next after a jump, from one zoom to another, the camera of a tilt.

const SHORT = 150; // ms

const stillMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

const easeOut = (q) => 1 - (1 - q) ** 3;
const easeBoth = (q) => (q < 0.5 ? 4 * q ** 3 : 1 - (2 - 2 * q) ** 3 / 2);

// One movement at a time: a new one, or `cut`, ends the one before at once, without its last frame.
class Tween {
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
function frameBetween(from, to, part) {
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

// ---- maps.js

// What stands on a map: zoom in, zoom out, the whole map, tilt; and what these do.


const HINT = 1200; // ms
const BUTTON = 1.6; // times as large
const TILT = 400; // ms
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

class Maps {
  constructor(stage) {
    this.stage = stage;
    this.flight = new Tween();
  }

  match() { // tools on each map, and on nothing else; called before the pictures are painted
    const { frame, panels, ui } = this.stage;
    for (const panel of panels) {
      const shown = frame.panels[panel.index], ends = shown.field ? [...shown.xlim, ...shown.ylim].join() : "";
      if (ends !== panel.ends) ui.zoom[panel.index] = undefined; // another map: seen whole at first
      panel.ends = ends;
      if (ends && !panel.tools) this.make(panel);
      else if (!ends && panel.tools) { panel.tools.node.remove(); panel.tools.hint.remove(); panel.tools = null; }
      if (panel.tools) this.update(panel);
    }
  }

  make(panel) {
    const act = (shape, name, what, key) => { const made = iconButton(shape, name, what, { key }); made.dataset.tool = shape; return made; };
    const home = act("home", "Whole map", () => this.home(panel), "0"), tilt = act("tilt", "Tilt the map", () => this.tilt(panel), "T");
    const node = element("div", { className: "oc-map-tools", role: "toolbar", "aria-label": "map" },
      act("plus", "Zoom in", () => this.zoom(panel, BUTTON), "+"), act("minus", "Zoom out", () => this.zoom(panel, 1 / BUTTON), "−"), home, tilt);
    const hint = element("span", { className: "oc-hint", "aria-hidden": "true", textContent: `${APPLE ? "⌘" : "Ctrl"} + wheel zooms` });
    panel.tools = { node, home, tilt, hint };
    panel.place.append(node, hint);
  }

  update(panel) {
    const k = this.stage.ui.zoom[panel.index]?.k || 1;
    panel.tools.home.setAttribute("aria-disabled", String(k === 1)); // not `disabled`: the key that was pressed keeps its place
    panel.tools.tilt.hidden = !this.stage.frame.panels[panel.index].field.bands; // its colours are losses
    panel.tools.tilt.setAttribute("aria-pressed", String(this.stage.ui.tilt[panel.index] > 0));
  }

  hint(panel) {
    const { hint } = panel.tools;
    hint.classList.add("oc-on");
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => hint.classList.remove("oc-on"), HINT);
  }

  // Zoom -----------------------------------------------------------------------------------------------------------

  show(panel, zoom) { // at once
    this.flight.cut();
    this.put(panel, zoom);
  }

  put(panel, zoom) {
    this.stage.ui.zoom[panel.index] = zoom.k === 1 ? undefined : zoom;
    this.stage.draw();
  }

  zoom(panel, factor, at = null) { // around a place of the map; around what is looked at, if none is given
    const { x, y } = this.centre(panel), { view } = panel;
    this.fly(panel, zoomedAt(view.zoom, view.home, factor, at || [x, y]));
  }

  home(panel) {
    this.fly(panel, wholeMap(panel.view.home));
  }

  fly(panel, to) {
    const from = panel.view.zoom;
    this.flight.run((part) => this.put(panel, part === 1 ? to : zoomBetween(from, to, part)));
  }

  centre({ index, view }) { // the point that is kept; else where the run in focus is now; else the middle
    const { ui, frame } = this.stage, inside = ([x, y]) => x >= view.xlim[0] && x <= view.xlim[1] && y >= view.ylim[0] && y <= view.ylim[1];
    const here = runOf(frame, ui.focus || frame.focus)?.quantities.w?.map((column) => column[this.stage.at()]);
    const found = ui.point?.panel === index ? [ui.point.x, ui.point.y] : here?.length === 2 && inside(here) ? here : [view.zoom.cx, view.zoom.cy];
    return { x: found[0], y: found[1] };
  }

  // Tilt -----------------------------------------------------------------------------------------------------------

  tilt(panel) {
    if (panel.tools.tilt.hidden) return;
    const { ui } = this.stage, from = ui.tilt[panel.index] || 0, to = from > 0.5 ? 0 : 1;
    if (!ui.point?.kept) ui.point = null;
    this.flight.run((part) => { ui.tilt[panel.index] = from + (to - from) * part; this.stage.draw(); }, { ms: TILT, ease: easeBoth });
  }

  close() {
    this.flight.cut();
    clearTimeout(this.hinting);
  }
}

// ---- labels.js

// Words on a picture that keep out of each other's way: the levels of a map, the names at the ends of lines.


const TURNS = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8]; // of a sixteenth of a circle each
const APART = 24; // px

// Where the levels of a map are written: [{x, y, level}], along one ray from its minimum. `start` is where the run begins: the
// ray goes away from it, and stays while the run is stepped through. Nothing is written on the places in `avoid` ({x, y, r})
// or in the corners that hold buttons (`taken`: boxes).
function levelLabels(grid, field, view, minimum, start, avoid = [], taken = []) {
  const levels = linesOf(field, grid), away = start ? Math.atan2(minimum[1] - start[1], minimum[0] - start[0]) + 0.35 : 0.6;
  const { box } = view, whole = box.width + box.height, at = (part) => [box.left + box.width * part, box.top + box.height / 2];
  let best = [];
  for (const [from, back, enough] of [[minimum, 0, 3], ...[0.5, 0.25, 0.75].map((part) => [at(part), -whole / 2, 2])]) { // else along a line
    for (const turn of TURNS) {
      const found = alongRay(grid, view, levels, from, away + (turn * Math.PI) / 8, [back, back + whole], avoid, taken);
      if (found.length > best.length) best = found;
      if (best.length >= enough) return best;
    }
    if (best.length >= 2) return best;
  }
  const spread = onEachLine(grid, view, levels, avoid, taken);
  return spread.length > best.length ? spread : best;
}

// Whether a level can be written at a place, beside those that are written already.
function fits({ box }, found, { x, y }, avoid, taken) {
  if (x < box.left + 34 || x > box.left + box.width - APART || y < box.top + 14 || y > box.top + box.height - 32) return false;
  if (found.some((one) => Math.hypot(x - one.x, y - one.y) < APART)) return false;
  if (avoid.some((p) => Math.hypot(x - p.x, y - p.y) < APART + (p.r || 0))) return false;
  return !taken.some((b) => x > b.left - 16 && x < b.right + 16 && y > b.top - 9 && y < b.bottom + 9);
}

function onEachLine(grid, view, levels, avoid, taken) { // where no ray meets two of them: each on its own line, in its middle
  const found = [];
  for (const level of levels) {
    const places = loopsOf(grid, level).flatMap((loop) => Array.from({ length: loop.length / 2 }, (_, i) => ({ x: loop[2 * i], y: loop[2 * i + 1], level })));
    const free = places.filter((place) => fits(view, found, place, avoid, taken));
    if (free.length) found.push(free[free.length >> 1]);
  }
  return found;
}

function alongRay(grid, { box }, levels, [x0, y0], angle, [near, end], avoid, taken) {
  const found = [], dx = Math.cos(angle), dy = Math.sin(angle);
  let before = null;
  for (let far = near; far < end; far += 2) {
    const x = x0 + far * dx, y = y0 + far * dy;
    if (x < box.left || y < box.top || x > box.left + box.width || y > box.top + box.height) { before = null; continue; }
    const here = valueAt(grid, x, y);
    const level = before === null ? undefined : levels.find((v) => v > Math.min(before, here) && v <= Math.max(before, here));
    before = here;
    if (level === undefined || found[found.length - 1]?.level === level) continue;
    if (fits({ box }, found, { x, y }, avoid, taken)) found.push({ x, y, level });
  }
  return found;
}

// Names at the ends of lines, each as high as it is (`tall`): from where one would stand (`at`) to where it stands (`y`, its
// middle), so that none meets another, between lo and hi.
function apart(tags, lo, hi) {
  tags.sort((a, b) => a.at - b.at);
  tags.forEach((tag, i) => { tag.y = Math.max(tag.at, i ? tags[i - 1].y + (tags[i - 1].tall + tag.tall) / 2 : lo + tag.tall / 2); });
  let most = hi;
  for (let i = tags.length - 1; i >= 0; i--) { tags[i].y = Math.min(tags[i].y, most - tags[i].tall / 2); most = tags[i].y - tags[i].tall / 2; }
  return tags;
}

// Boxes that are taken on a picture. `place` gives the first of some places for words of a size where they meet nothing.
class Room {
  constructor(box) {
    this.box = box;
    this.taken = [];
  }

  take(left, top, right, bottom) {
    this.taken.push({ left, top, right, bottom });
  }

  free({ left, top, right, bottom }) {
    const { box } = this;
    return left >= box.left + 2 && right <= box.left + box.width - 2 && top >= box.top + 1 && bottom <= box.top + box.height - 1
      && !this.taken.some((b) => left < b.right + 3 && right > b.left - 3 && top < b.bottom && bottom > b.top);
  }

  place(width, height, middles) { // middles: [x, y] of the words' middle, the best first
    const boxes = middles.map(([x, y]) => ({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 }));
    const found = boxes.find((b) => this.free(b));
    if (!found) return null;
    this.taken.push(found);
    return [(found.left + found.right) / 2, (found.top + found.bottom) / 2];
  }
}

// Where lines and arrows are drawn, in cells of a few pixels: words stand there only where there is no other place for them.
class Ink {
  constructor() {
    this.cells = new Set();
  }

  line([x0, y0], [x1, y1]) {
    if (!Number.isFinite(x0 + y0 + x1 + y1)) return;
    const parts = Math.min(400, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / INKED));
    for (let k = 0; k <= parts; k++) this.cells.add(cellOf(x0 + ((x1 - x0) * k) / (parts || 1), y0 + ((y1 - y0) * k) / (parts || 1)));
  }

  clear(width, height, [x, y]) { // whether words of a size, with their middle there, are on nothing
    for (let left = x - width / 2; left < x + width / 2 + INKED; left += INKED) {
      for (let top = y - height / 2; top < y + height / 2 + INKED; top += INKED) if (this.cells.has(cellOf(left, top))) return false;
    }
    return true;
  }
}

const INKED = 4; // px
const cellOf = (x, y) => Math.floor(x / INKED) * 4096 + Math.floor(y / INKED);

// ---- painter.js

// The picture of one panel: a map with bands, levels and paths, or a plot whose lines carry their names at their ends.


const BACK = ["line", "band", "heat", "span", "rule", "bars"]; // kinds that lie below the runs, where they belong to none
const MANY = 4; // runs: with more, those that are not in focus are paler
const STRIP = 130; // px: a plot that is not as high has one line of words for each name
const LONGEST = [40, 96]; // px, the longest of the arrows of a step
const LONGEST_VALUE = "0.000946"; // no value at the end of a line is written wider

class Painter extends Pencil {
  constructor(spec) {
    super(spec);
    this.backs = new WeakMap(); // of each panel's node: its landscape, as painted last
  }

  // The marks of a panel that need a key below it: all others are named on the picture.
  legend(panel) {
    const map = isMap(panel), seen = new Set();
    return panel.marks.filter((mark) => {
      if (!mark.label || seen.has(mark.label) || mark.run || isNamed(mark, map) || isStar(mark, panel)) return false;
      return seen.add(mark.label);
    });
  }

  paint(state, frame, step, ui) {
    if (!state.width) return; // not shown yet
    const panel = frame.panels[state.index], context = state.picture.getContext("2d");
    const area = { left: 0, top: 0, width: state.width / this.scale, height: state.height / this.scale };
    const focus = frame.runs.some((run) => run.name === ui.focus) ? ui.focus : frame.focus;
    const scene = { frame, step, ui, focus, many: frame.runs.length > MANY, ghosts: ghostsOf(ui, state.index) };
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, area.width, area.height);
    if (isMap(panel)) this.map(context, state, panel, area, scene);
    else this.plot(context, state, panel, area, scene);
  }

  // Runs in their order: ghosts, the others, the one in focus last. Each as [mark, how].
  inOrder(panel, { frame, focus, many, ui, ghosts }) {
    const own = panel.marks.filter((mark) => mark.run && (mark.run === focus || ui.others !== false || ui.lifted === mark.run));
    const how = (mark) => ({ focus: mark.run === focus, many: many && ui.lifted !== mark.run });
    const rank = (mark) => (mark.run === focus ? 2 : mark.run === ui.lifted ? 1 : 0);
    const marks = own.map((mark) => [mark, how(mark)]).sort((a, b) => rank(a[0]) - rank(b[0]));
    return [...ghosts, ...marks];
  }

  paths(context, view, ordered, step) {
    for (const [mark, how] of ordered) {
      if (mark.kind === "line") this.run(context, mark, view, step, how);
      else if (mark.kind === "band") this.band(context, mark, view, step, how);
      else if (mark.kind === "points" && !mark.by_step && mark.x.length > 1) this.dots(context, mark, view, step);
      else if (mark.kind !== "arrows" && !(mark.kind === "points" && mark.by_step === "at")) this[mark.kind](context, mark, view, step);
    }
  }

  dots(context, mark, view, step) { // of each step: those to come are faint
    this.points(context, { ...mark, alpha: 0.32 }, view, step);
    this.points(context, { ...mark, by_step: "upto" }, view, step);
  }

  places(context, view, ordered, step) { // where each run is now, also where only its line was given
    const at = ({ kind, by_step }) => kind === "points" && by_step === "at", marked = new Set(view.panel.marks.filter(at).map((mark) => mark.run));
    for (const [mark, how] of ordered) {
      if (at(mark)) this.here(context, mark, view, step, how);
      else if (mark.kind === "line" && !how.ghost && !marked.has(mark.run) && mark.x.length > step && !mark.dash) this.here(context, { ...mark, by_step: "at" }, view, step ?? mark.x.length - 1, how);
    }
  }

  // Maps ----------------------------------------------------------------------------------------------------------------

  map(context, state, panel, area, scene) {
    const view = (state.view = { ...viewOf(panel, area, scene.ui.zoom?.[state.index]), map: true, tools: boxOf(state.tools?.node, this.scale) }), { box } = view, { step } = scene;
    const room = (this.room = new Room(box)), ordered = this.inOrder(panel, scene), lift = panel.field?.bands ? scene.ui.tilt?.[state.index] || 0 : 0;
    if (lift) { view.camera = new Camera(view, lift); view.flat = view.at; view.at = (x, y) => view.camera.place(x, y); }
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    const loose = panel.marks.filter((mark) => !mark.run && !this.isStep(mark, panel));
    if (!panel.field?.bands) for (const mark of loose) if (mark.kind === "heat") this.heat(context, mark, view);
    if (panel.field) this.landscape(context, state, view, loose);
    for (const mark of loose) if (mark.kind !== "heat" && BACK.includes(mark.kind) && (!lift || mark.kind === "line")) this[mark.kind](context, mark, view, step);
    if (!lift) this.planeAxes(context, view);
    this.paths(context, view, ordered, step);
    this.places(context, view, ordered, step);
    for (const mark of loose) if (["points", "arrows"].includes(mark.kind)) this[mark.kind](context, mark, view, step);
    if (panel.field) { const b = view.tools || lowTools(box); this.room.take(b.left, b.top, b.right, b.bottom); }
    this.keepClear(view, ordered, loose, step);
    const letters = this.lettersOf(view, ordered, step);
    this.stepArrows(context, view, scene);
    this.inked(view, ordered, loose, step);
    for (const mark of loose) this.named(context, mark, view, step);
    for (const { mark, ghost, place } of letters) this.letter(context, ghost, ...place, this.color(mark.role));
    this.offTheMap(context, view, ordered, step);
    if (view.zoom.k > 1.01) this.corner(context, view, `zoom × ${numeral(view.zoom.k, 2)}`, 2);
    context.restore();
  }

  isStep(mark, panel) { // an arrow of the step that is shown, of the run in focus
    return mark.kind === "arrows" && mark.by_step === "at" && panel.marks.some((one) => one.run);
  }

  // Bands, lines and their labels: painted once for a landscape, a size and a zoom, and kept.
  landscape(context, state, view, loose) {
    const { box, panel, xlim, ylim, camera } = view, { field } = panel, flat = camera ? { ...view, at: view.flat } : view;
    const first = (role) => { const mark = loose.find((one) => one.kind === "points" && one.role === role); return mark && flat.at(listed(mark.x)[0], listed(mark.y)[0]); };
    const start = first("start") || pathStart(panel, flat);
    const key = [box.left, box.top, box.width, box.height, ...xlim, ...ylim, this.dark, this.ratio, this.family, start, camera?.lift, ...Object.values(view.tools || {})].join();
    let kept = this.backs.get(state.node);
    if (!kept || kept.key !== key || kept.field !== field) {
      const canvas = kept?.canvas || document.createElement("canvas");
      canvas.width = Math.ceil(box.width * this.ratio);
      canvas.height = Math.ceil(box.height * this.ratio);
      const c = canvas.getContext("2d");
      c.setTransform(this.ratio, 0, 0, this.ratio, -box.left * this.ratio, -box.top * this.ratio);
      kept = { key, field, canvas, grid: sampled(field, flat) };
      if (camera) this.surface(c, view, flat, kept.grid);
      else this.bands(c, field, kept.grid, box);
      kept.labels = this.levels(c, field, kept.grid, flat, loose, start);
      this.backs.set(state.node, kept);
    }
    state.grid = kept.grid;
    state.labels = kept.labels;
    for (const { x, y } of kept.labels) this.room.take(x - 12, y - 7, x + 12, y + 7);
    context.drawImage(kept.canvas, box.left, box.top, kept.canvas.width / this.ratio, kept.canvas.height / this.ratio);
  }

  surface(context, view, flat, grid) { // the map tilted
    const { box, camera, panel: { field } } = view;
    paintSurface(context, camera, view, this.ramp, this.dark);
    context.lineWidth = 1;
    context.strokeStyle = this.tone.isoline;
    context.stroke(levelsOnSurface(camera, grid, flat, linesOf(field, grid)));
    this.words(context, "height: log of loss", box.left + 12, box.top + box.height - 14, this.tone.axis, { size: SIZES.tick });
  }

  bands(context, field, grid, box) {
    const lines = linesOf(field, grid), drawn = new Map();
    const loops = (level) => { if (!drawn.has(level)) drawn.set(level, loopsOf(grid, level)); return drawn.get(level); };
    context.clearRect(box.left, box.top, box.width, box.height);
    if (field.bands) this.filled(context, field, grid, box, loops);
    for (const level of lines) {
      context.lineWidth = 1;
      context.strokeStyle = this.tone.isoline;
      context.stroke(pathOf(loops(level).filter((loop) => !isSpeck(loop))));
    }
  }

  filled(context, field, grid, box, loops) {
    const { levels } = field;
    context.fillStyle = bandColour(this.ramp, field, levels.length);
    context.fillRect(box.left, box.top, box.width, box.height);
    for (let band = levels.length - 1; band >= 0; band--) {
      if (levels[band] <= grid.low) break;
      context.fillStyle = bandColour(this.ramp, field, band);
      if (levels[band] >= grid.high) context.fillRect(box.left, box.top, box.width, box.height);
      else context.fill(pathOf(loops(levels[band])));
    }
  }

  levels(context, field, grid, view, loose, start) {
    const seen = (mark) => listed(mark.x).length <= 12;
    const places = loose.filter((mark) => mark.kind === "points" && !mark.by_step && seen(mark))
      .flatMap((mark) => [...listed(mark.x)].map((x, i) => { const [px, py] = view.at(x, listed(mark.y)[i]); return { x: px, y: py, r: 0, role: mark.role }; }));
    const inside = places.filter((p) => p.role === "optimum" && p.x > view.box.left && p.x < view.box.left + view.box.width && p.y > view.box.top && p.y < view.box.top + view.box.height);
    const deepest = inside.map((p) => [p.x, p.y])[0] || lowest(grid);
    const flat = levelLabels(grid, field, view, deepest, start, [...places, ...(start ? [{ x: start[0], y: start[1], r: 0 }, { x: start[0], y: start[1] - 22, r: 4 }] : [])], buttonsOf(view));
    const onSurface = ({ x, y, level }) => { const [left, top] = view.camera.place(view.xOf(x), view.yOf(y), level); return { x: left, y: top, level }; };
    const labels = view.camera ? flat.map(onSurface) : flat;
    for (const { x, y, level } of labels) {
      const halo = field.bands ? bandColour(this.ramp, field, bandOf(field, level)) : this.tone.casing;
      this.words(context, numeral(level, 4), x, y, this.tone.level, { size: SIZES.tick, align: "center", halo });
    }
    return labels;
  }

  planeAxes(context, view) {
    const { box, panel, X, Y } = view, bottom = box.top + box.height, right = box.left + box.width, colour = this.tone.level;
    const halo = panel.field?.bands ? null : this.tone.casing, [across, up] = ticksOf(view), name = `${panel.xlabel} →`;
    const words = (text, x, y, how) => this.words(context, text, x, y, how.ink ? this.tone.text : colour, { size: SIZES.tick, halo, ...how });
    const free = right - this.width(context, name, SIZES.name) - 18;
    context.beginPath();
    for (const [v, text] of across) {
      const x = X(v), half = this.width(context, text, SIZES.tick) / 2;
      if (x - half < box.left + 26 || x + half > free) continue;
      context.moveTo(x, bottom);
      context.lineTo(x, bottom - 5);
      words(text, x, bottom - 8, { align: "center", base: "bottom" });
    }
    for (const [v, text] of up) {
      const y = Y(v);
      if (y < box.top + 28 || y > bottom - 26) continue;
      context.moveTo(box.left, y);
      context.lineTo(box.left + 5, y);
      words(text, box.left + 9, y, {});
    }
    this.stroke(context, colour, 1, []);
    words(name, right - 9, bottom - 8, { size: SIZES.name, align: "right", base: "bottom", ink: true });
    words(`↑ ${panel.ylabel}`, box.left + 9, box.top + 15, { size: SIZES.name, ink: true });
    this.room.take(box.left, bottom - 24, right, bottom);
    this.room.take(box.left, box.top, box.left + 18 + this.width(context, `↑ ${panel.ylabel}`, SIZES.name), box.top + 24);
  }

  // The parts of the next step, tip to tail and named, stretched until the longest is well seen.
  stepArrows(context, view, { frame, focus, step }) {
    const { panel, at, box } = view;
    const mine = panel.marks.filter((mark) => this.isStep(mark, panel) && (mark.run || frame.focus) === focus);
    const run = panel.marks.find((mark) => mark.run === focus && mark.kind === "points" && mark.by_step === "at");
    if (!mine.length || step === null) return;
    const parts = mine.map((mark) => { const i = Math.min(step, mark.x.length - 1); return { mark, from: [mark.x[i], mark.y[i]], by: [mark.u[i], mark.v[i]] }; })
      .filter(({ from, by }) => [...from, ...by].every(Number.isFinite));
    if (!parts.length) return;
    const long = ({ from, by }) => { const [a, b] = [at(...from), at(from[0] + by[0], from[1] + by[1])]; return Math.hypot(b[0] - a[0], b[1] - a[1]); };
    const longest = Math.max(...parts.map(long));
    if (!(longest > 1e-9 && longest < 1e4)) return;
    const times = stretched(longest);
    let tail = parts[0].from, turn = 0;
    const drawn = parts.map(({ mark, from, by }) => {
      if (mark.apart) tail = from;
      const tip = [tail[0] + times * by[0], tail[1] + times * by[1]], [a, b] = [at(...tail), at(...tip)];
      tail = tip;
      return { mark, a, b };
    });
    const [first, second] = drawn;
    if (second) turn = (first.b[0] - first.a[0]) * (second.b[1] - second.a[1]) - (first.b[1] - first.a[1]) * (second.b[0] - second.a[0]) > 0 ? -1 : 1;
    for (const { mark, a, b } of drawn) this.arrow(context, a, b, this.color(mark.role), 3.2);
    if (run) this.here(context, run, view, step, { focus: true });
    const path = panel.marks.find((mark) => mark.run === focus && mark.kind === "line"), crossed = new Room(box);
    if (path) for (let i = 0; i <= Math.min(step, path.x.length - 1); i++) { const [x, y] = at(path.x[i], path.y[i]); crossed.take(x - 3, y - 3, x + 3, y + 3); }
    for (const { a, b } of drawn) for (let q = 0; q <= 1; q += 0.1) { const [x, y] = [a[0] + q * (b[0] - a[0]), a[1] + q * (b[1] - a[1])]; crossed.take(x - 4, y - 4, x + 4, y + 4); }
    for (const { mark, a, b } of drawn) {
      const name = mark.label || mark.role, wide = this.width(context, name, SIZES.label, 650);
      if (Math.hypot(b[0] - a[0], b[1] - a[1]) < 12) continue;
      const lean = Math.atan2(b[1] - a[1], b[0] - a[0]), middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const beside = (side, far) => { const t = lean + (side * Math.PI) / 2; return [middle[0] + (far + (wide / 2) * Math.abs(Math.cos(t))) * Math.cos(t), middle[1] + far * Math.sin(t)]; };
      const side = turn || 1, places = [beside(side, 12), beside(-side, 12), beside(side, 26), beside(-side, 26), beside(side, 40), [b[0] + wide / 2 + 8, b[1]], [b[0] - wide / 2 - 8, b[1]], [b[0], b[1] + 16], [b[0], b[1] - 16]];
      const clear = places.filter(([x, y]) => crossed.free({ left: x - wide / 2, right: x + wide / 2, top: y - 7, bottom: y + 7 }));
      const place = this.room.place(wide, 15, [...clear, ...places]);
      if (place) this.words(context, name, ...place, this.color(mark.role), { size: SIZES.label, weight: 650, align: "center", halo: this.tone.casing });
    }
    if (times !== 1) this.corner(context, view, `arrows × ${numeral(times, 2)}`, 1);
    this.room.take(box.left + box.width - 90, box.top + box.height - 44, box.left + box.width, box.top + box.height);
  }

  corner(context, { box, panel }, text, row) {
    const how = { size: SIZES.tick, align: "right", base: "bottom", halo: panel.field?.bands ? null : this.tone.casing };
    this.words(context, text, box.left + box.width - 9, box.top + box.height - 10 - 17 * row, this.tone.level, how);
  }

  // A run that has left the map: where it went out, and since when.
  offTheMap(context, view, ordered, step) {
    const { box, at } = view, low = 44;
    const found = ordered.find(([mark, how]) => how.focus && mark.kind === "line");
    if (!found || step === null || view.zoom.k > 1.01) return;
    const [mark] = found, here = Math.min(step, mark.x.length - 1);
    const out = (i) => { const [x, y] = at(mark.x[i], mark.y[i]); return !(x >= box.left && y >= box.top && x <= box.left + box.width && y <= box.top + box.height); };
    if (!out(here)) return;
    let since = here;
    while (since > 0 && out(since - 1)) since--;
    const inside = [box.left + box.width / 2, box.top + box.height / 2], known = since > 0 ? at(mark.x[since - 1], mark.y[since - 1]) : inside;
    const gone = at(mark.x[since], mark.y[since]).map((v, i) => (Number.isNaN(v) ? known[i] : v));
    const lean = Math.atan2(gone[1] - inside[1], gone[0] - inside[0]);
    const x = Math.max(box.left + 16, Math.min(box.left + box.width - 16, gone[0])), y = Math.max(box.top + 16, Math.min(box.top + box.height - low, gone[1]));
    this.arrow(context, [x - 26 * Math.cos(lean), y - 26 * Math.sin(lean)], [x + 4 * Math.cos(lean), y + 4 * Math.sin(lean)], this.color("limit"), 3);
    // right of the numbers that stand on the edge
    const text = since ? `off the map since step ${since}` : "off the map", wide = this.width(context, text, SIZES.label, 650) / 2 + 8;
    const mid = [Math.max(box.left + wide + 28, Math.min(box.left + box.width - wide, x)), Math.max(box.top + 40, Math.min(box.top + box.height - 60, y - 40 * Math.sin(lean)))];
    this.words(context, text, ...mid, this.color("limit"), { size: SIZES.label, weight: 650, align: "center", halo: this.tone.casing });
  }

  lettersOf(view, ordered, step) { // of the pinned runs: each beside where its run is, and off the others
    const found = [];
    for (const [mark, { ghost }] of ordered) {
      if (!ghost || mark.kind !== "points" || mark.by_step !== "at" || step === null) continue;
      const i = Math.min(step, mark.x.length - 1), [x, y] = view.at(mark.x[i], mark.y[i]);
      if (Number.isNaN(x) || Number.isNaN(y)) continue;
      const around = [[0, 19], [0, -19], [19, 0], [-19, 0], [14, 14], [-14, 14], [14, -14], [-14, -14], [0, 38], [19, 34], [-19, 34], [0, -38]];
      found.push({ mark, ghost, place: this.room.place(17, 17, around.map(([dx, dy]) => [x + dx, y + dy])) || [x, y + 19] });
    }
    return found;
  }

  letter(context, ghost, x, y, colour) {
    context.beginPath();
    context.arc(x, y, 8.5, 0, 7);
    context.fillStyle = this.tone.casing;
    context.fill();
    this.stroke(context, colour, 1.6, []);
    this.words(context, ghost, x, y + 0.5, colour, { size: SIZES.tick, weight: 650, align: "center" });
  }

  // Words on the picture --------------------------------------------------------------------------------------------------

  keepClear(view, ordered, loose, step) { // where a run is, and single points: no words there
    const around = (mark, i, r) => { const [x, y] = view.at(listed(mark.x)[i], listed(mark.y)[i]); if (!Number.isNaN(x + y)) this.room.take(x - r, y - r, x + r, y + r); };
    for (const [mark] of ordered) if (mark.kind === "points" && mark.by_step === "at") around(mark, Math.min(step ?? Infinity, mark.x.length - 1), 8);
    for (const mark of loose) if (mark.kind === "points" && listed(mark.x).length <= 12) for (let i = 0; i < listed(mark.x).length; i++) around(mark, i, mark.size / 2 + 2);
  }

  // Lines, arrows and the edges of bands. A run's line counts whole, so that no name moves while it is stepped through.
  inked({ box, X, Y, at }, ordered, loose, step) {
    const ink = (this.ink = new Ink()), right = box.left + box.width, bottom = box.top + box.height;
    const place = (x, y) => (Number.isFinite(x + y) ? at(x, y) : [NaN, NaN]); // a surface has no height where there is no place
    const upright = (x) => ink.line([x, box.top], [x, bottom]), level = (y) => ink.line([box.left, y], [right, y]);
    for (const mark of [...ordered.filter(([, how]) => !how.ghost).map(([one]) => one), ...loose]) {
      if (mark.kind === "line") for (let i = 1, a = place(mark.x[0], mark.y[0]), b; i < mark.x.length; i++, a = b) { b = place(mark.x[i], mark.y[i]); ink.line(a, b); }
      else if (mark.kind === "rule") (mark.axis === "x" ? upright(X(mark.at)) : level(Y(mark.at)));
      else if (mark.kind === "span") for (const end of [mark.lo, mark.hi]) (mark.axis === "x" ? upright(X(end)) : level(Y(end)));
      else if (mark.kind === "arrows") {
        const [from, to] = this.entries(mark, listed(mark.x).length, step), of = (name, i) => listed(mark[name])[i];
        for (let i = from; i < to; i++) ink.line(place(of("x", i), of("y", i)), place(of("x", i) + of("u", i), of("y", i) + of("v", i)));
      }
    }
  }

  // The name of a mark that is one thing at one place.
  named(context, mark, view, step) {
    const { box, X, Y, at } = view, colour = this.color(mark.role);
    if (mark.kind === "text") { this.text(context, mark, view); return; }
    const label = mark.label || (mark.kind === "points" && mark.role === "start" && mark.drag ? "start" : "");
    if (!label || !isNamed({ ...mark, label }, view.map) || isStar(mark, view.panel)) return;
    const wide = this.width(context, label, SIZES.name), put = (places, said = () => label) => {
      const place = this.room.place(wide + 4, 15, [...places.filter((one) => this.ink.clear(wide, 12, one)), ...places]);
      if (place) this.words(context, said(place[0]), ...place, ["good", "bad"].includes(mark.role) ? this.tone.text : colour, { align: "center", halo: view.map ? this.tone.casing : this.tone.background });
    };
    if (mark.kind === "points") {
      const [from] = this.entries(mark, listed(mark.x).length, step), [x, y] = at(listed(mark.x)[from], listed(mark.y)[from]), r = mark.size / 2 + (mark.drag ? 16 : 11), side = r + wide / 2 - 3;
      put([[0, r], [12, r + 12]].flatMap(([more, up]) => { const by = side + more; return [[x, y - up], [x, y + up], [x + by, y], [x - by, y], [x + by, y - up], [x - by, y - up], [x + by, y + up], [x - by, y + up]]; }));
    } else if (mark.kind === "line") { // beside its end, or as near to it as there is room
      if (view.panel.marks.find((one) => one.label === label) !== mark) return;
      put(onLine(view, mark, this.entries(mark, mark.x.length, step)[1]).flatMap(([x, y]) => [[x, y - 11], [x, y + 11], ...[0, 9, -9].flatMap((down) => [[x + wide / 2 + 8, y + down], [x - wide / 2 - 8, y - down]])]));
    } else if (mark.kind === "arrows") {
      const [i] = this.entries(mark, listed(mark.x).length, step), of = (name) => listed(mark[name])[i], [px, py] = at(of("x"), of("y")), [x, y] = at(of("x") + of("u"), of("y") + of("v"));
      const lean = Math.atan2(y - py, x - px), [c, s] = [Math.cos(lean), Math.sin(lean)], side = wide / 2 + 8; // beyond its tip first
      if (of("u") || of("v")) put([[x + c * side, y + s * 13], [x, y - 14], [x, y + 14], [x + side, y - 13], [x + side, y + 13], [x - side, y - 13], [x - side, y + 13]]);
    } else {
      const across = mark.kind === "rule" ? [X(mark.at), X(mark.at)] : [X(mark.lo), X(mark.hi)], middle = (across[0] + across[1]) / 2;
      const rows = Array.from({ length: Math.max(1, Math.floor((box.height - 20) / 16)) }, (_, k) => box.top + 9 + 16 * k);
      const sides = mark.kind === "rule" ? [middle + wide / 2 + 6, middle - wide / 2 - 6] : [middle, across[0] + wide / 2 + 6, across[1] - wide / 2 - 6, Math.max(box.left, across[0]) + wide / 2 + 6, across[0] - wide / 2 - 16, across[1] + wide / 2 + 16];
      // where a band is too narrow for its name, that stands beside it and points to it
      put(rows.flatMap((y) => sides.map((x) => [x, y])), (x) => (mark.kind === "rule" ? label : x < across[0] ? `${label} →` : x > across[1] ? `← ${label}` : label));
    }
  }

  text(context, mark, view) {
    const { box, at } = view, wide = Math.min(box.width - 6, this.width(context, mark.text, SIZES.name)), [px, py] = at(mark.x, mark.y);
    const shift = mark.align === "center" ? 0 : mark.align === "right" ? -wide / 2 : wide / 2;
    const x = Math.max(box.left + wide / 2 + 3, Math.min(box.left + box.width - wide / 2 - 3, px + shift)), y = Math.max(box.top + 8, py - mark.above - 4);
    if (Number.isNaN(x + y)) return;
    const place = this.room.place(wide, 13, Array.from({ length: 5 }, (_, k) => [x, y + 13 * k])) || [x, y]; // below words that stand there
    this.words(context, mark.text, ...place, this.color(mark.role), { align: "center", halo: view.map ? this.tone.casing : this.tone.background });
  }

  // Plots ---------------------------------------------------------------------------------------------------------------

  plot(context, state, panel, area, scene) {
    const { step } = scene, strip = area.height < STRIP, ordered = this.inOrder(panel, scene), tags = this.tags(context, panel, area, strip, ordered, scene);
    const name = `${panel.xlabel} →`, named = !strip || panel.xlabel !== "step";
    const words = Math.max(0, ...tags.map((tag) => tag.width)), right = tags.length ? words + 20 : 14;
    const beside = named && this.width(context, name, SIZES.name) + 18 <= right;
    const room = { left: 0, right, top: strip ? 6 : 8, bottom: (strip ? 17 : 24) + (named && !beside ? (strip ? 19 : 17) : 0) };
    const draft = viewOf(panel, area, null, room);
    room.left = 10 + Math.max(16, ...ticksOf(draft)[1].map(([, text]) => this.width(context, text, SIZES.tick)));
    const view = (state.view = viewOf(panel, area, null, room)), { box, X } = view;
    Object.assign(state, { grid: null, labels: [], tags });
    this.room = new Room(box);
    this.plotAxes(context, view, { name, named, beside, strip, cursor: this.cursor(view, ordered, step) });
    context.save();
    context.beginPath();
    context.rect(box.left - 7, box.top - 8, box.width + 18, box.height + 10); // the first point is whole
    context.clip();
    const loose = panel.marks.filter((mark) => !mark.run);
    for (const mark of loose) if (BACK.includes(mark.kind) && mark.kind !== "line") this[mark.kind](context, mark, view, step);
    for (const mark of loose) if (mark.kind === "line") this.line(context, mark, view, step);
    const cursor = this.cursor(view, ordered, step);
    this.paths(context, view, ordered, step);
    if (cursor !== null) { // the step, in every panel at the same time
      context.beginPath();
      context.moveTo(Math.round(X(cursor)) + 0.5, box.top - 4);
      context.lineTo(Math.round(X(cursor)) + 0.5, box.top + box.height);
      this.stroke(context, this.tone.text, 1, []);
    }
    this.places(context, view, ordered, step);
    for (const mark of loose) if (["points", "arrows"].includes(mark.kind)) this[mark.kind](context, mark, view, step);
    this.keepClear(view, ordered, loose, step);
    this.inked(view, ordered, loose, step);
    for (const mark of loose) if (!isEnded(mark)) this.named(context, mark, view, step);
    context.restore();
    this.endNames(context, view, tags, strip);
  }

  // The x of the step that is shown, where the panel goes over it.
  cursor({ panel }, ordered, step) {
    if (step === null) return null;
    const runs = ordered.filter(([, { ghost }]) => !ghost).map(([mark]) => mark).reverse(), marks = [...runs, ...panel.marks]; // the one in focus knows best
    const steps = marks.filter((mark) => mark.kind === "line" && (mark.run || mark.by_step)).concat(marks.filter((mark) => mark.kind === "points" && mark.by_step === "at"));
    const mark = steps.find((one) => one.x.length > step && rises(one.x) && one.x[step] >= panel.xlim[0] && one.x[step] <= panel.xlim[1]);
    return mark ? mark.x[step] : null;
  }

  plotAxes(context, view, { name, named, beside, strip, cursor }) {
    const { box, panel, X, Y } = view, [across, up] = ticksOf(view), bottom = box.top + box.height;
    context.beginPath();
    for (const [v] of up) {
      const y = Math.round(Y(v)) + 0.5;
      context.moveTo(box.left, y);
      context.lineTo(box.left + box.width, y);
    }
    this.stroke(context, this.tone.grid, 1, []);
    for (const [v, text] of up) this.words(context, text, box.left - 7, Y(v), this.tone.axis, { size: SIZES.tick, align: "right" });
    let free = -Infinity;
    for (const [v, text] of across) {
      const x = X(v), half = this.width(context, text, SIZES.tick) / 2;
      if (x - half < free || (cursor !== null && Math.abs(x - X(cursor)) < 16 + half)) continue;
      this.words(context, text, x, bottom + 6, this.tone.axis, { size: SIZES.tick, align: "center", base: "top" });
      free = x + half + (panel.xticks ? 2 : 6);
    }
    if (cursor !== null) this.words(context, numeral(cursor), X(cursor), bottom + 6, this.tone.text, { size: SIZES.tick, weight: 650, align: "center", base: "top" });
    if (named && beside) this.words(context, name, box.left + box.width + 17, bottom + (strip ? 4 : 6), this.tone.text, { base: "top" });
    else if (named) this.words(context, name, Math.max(box.left + box.width, this.width(context, name, SIZES.name) + 4), bottom + (strip ? 18 : 23), this.tone.text, { align: "right", base: "top" });
  }

  // What stands at the right: the name of each line, and the value of each run at the step.
  tags(context, panel, area, strip, ordered, { step, frame, focus, ui }) {
    const most = Math.max(72, Math.min(150, area.width * 0.36)), found = [], seen = new Set();
    const add = (mark, how) => {
      if (!mark.label || !isEnded(mark) || seen.has((how.ghost || "") + mark.label)) return;
      seen.add((how.ghost || "") + mark.label);
      const size = strip ? SIZES.tick : SIZES.label, weight = how.focus ? 650 : 400, name = how.ghost ? `${how.ghost} ${how.words || mark.label}` : mark.label;
      const lines = strip ? [this.cut(context, name, size, weight, most)] : this.broken(context, name, size, weight, most);
      const run = frame.runs.find((one) => one.name === mark.run), index = mark.kind === "rule" ? 0 : Math.min(step ?? Infinity, mark.x.length - 1);
      const value = mark.run && !strip ? numeral(valueOf(how.run || run, mark, index)) : null;
      const wide = Math.max(...lines.map((line) => this.width(context, line, size, weight)), mark.run && !strip ? this.width(context, LONGEST_VALUE, SIZES.name) : 0);
      found.push({ mark, how, lines, value, size, weight, width: wide, tall: strip ? 15 : 16 * lines.length + (value === null ? 0 : 16) });
    };
    for (const [mark, how] of ordered) add(mark, how);
    for (const mark of panel.marks) if (!mark.run) add(mark, {});
    const space = area.height - (strip ? 20 : 40), tall = () => found.reduce((sum, tag) => sum + tag.tall, 0);
    if (tall() > space) for (const tag of found) if (tag.value !== null && !tag.how.focus) { tag.value = null; tag.tall -= 16; }
    const lessFirst = found.filter((tag) => !tag.how.focus).reverse();
    while (tall() > space && lessFirst.length) found.splice(found.indexOf(lessFirst.shift()), 1);
    return found;
  }

  broken(context, name, size, weight, most) { // into lines that fit
    const lines = [];
    for (const word of name.split(" ")) {
      const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
      if (lines.length && this.width(context, longer, size, weight) <= most) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines.map((line) => this.cut(context, line, size, weight, most));
  }

  cut(context, name, size, weight, most) {
    let words = name;
    while (words.length > 3 && this.width(context, words, size, weight) > most) words = words.slice(0, -2).trimEnd() + "…";
    return words;
  }

  endNames(context, view, tags, strip) {
    const { box, X, Y } = view, right = box.left + box.width, within = (y) => Math.max(box.top - 4, Math.min(box.top + box.height + 2, y));
    for (const tag of tags) {
      const { mark } = tag, end = mark.kind === "rule" ? null : lastSeen(mark, view.panel.xlim);
      tag.x = end === null ? right : X(mark.x[end]);
      tag.at = mark.kind === "rule" ? Y(mark.at) : Y(mark.y[end]);
      if (Number.isNaN(tag.at)) tag.at = box.top + box.height;
      tag.at = within(tag.at);
    }
    apart(tags, box.top, box.top + box.height + (strip ? 6 : 0));
    for (const tag of tags) {
      const colour = this.color(tag.mark.role), x = right + 17;
      if (tag.x < right - 4) { // a line that ends early
        context.beginPath();
        context.moveTo(tag.x + 4, tag.at);
        context.lineTo(right, tag.at);
        this.stroke(context, colour, 1, [1, 4], 0.7);
      }
      context.beginPath();
      context.moveTo(right + 3, tag.at);
      context.lineTo(x - 4, tag.y);
      this.stroke(context, colour, 1, [], 0.55);
      let y = tag.y - (tag.tall - 16) / 2;
      for (const line of tag.lines) { this.words(context, line, x, y, colour, { size: tag.size, weight: tag.weight }); y += 15; }
      if (tag.value !== null) this.words(context, tag.value, x, y, this.tone.axis, { size: SIZES.name });
    }
  }
}

// Helpers ---------------------------------------------------------------------------------------------------------------

function isEnded(mark) { // its name stands at its right end
  if (mark.kind === "rule") return mark.axis === "y";
  return (mark.kind === "line" || isSeries(mark)) && rises(mark.x);
}

const isSeries = (mark) => mark.kind === "points" && mark.by_step !== "at" && listed(mark.x).length > 2; // a point for each x

const isStar = (mark, panel) => Boolean(panel.field) && mark.role === "optimum" && mark.label === "minimum"; // the star says it

function isNamed(mark, map) { // its name stands on the picture
  if (mark.kind === "points") return mark.by_step === "at" || listed(mark.x).length === 1 || (!map && isEnded(mark));
  if (mark.kind === "line") return map || rises(mark.x);
  if (mark.kind === "arrows") return mark.by_step === "at" || listed(mark.x).length === 1;
  if (mark.kind === "span") return !map || mark.axis === "x";
  if (mark.kind === "rule") return mark.axis === "x" || !map;
  return false;
}

function onLine({ box, at }, { x, y }, count) { // places of a line that are seen, from its end to its beginning
  const found = [], seen = ([px, py]) => px >= box.left && py >= box.top && px <= box.left + box.width && py <= box.top + box.height;
  for (let i = count - 1; i > 0; i--) {
    const [a, b] = [at(x[i], y[i]), at(x[i - 1], y[i - 1])], long = Math.hypot(b[0] - a[0], b[1] - a[1]), parts = Math.min(60, Math.ceil(long / 24));
    for (let k = 0; k < parts; k++) found.push([a[0] + ((b[0] - a[0]) * k) / parts, a[1] + ((b[1] - a[1]) * k) / parts]);
  }
  const inside = found.filter(seen), every = Math.max(1, Math.floor(inside.length / 16));
  return inside.filter((_, k) => k % every === 0);
}

const RISING = new WeakMap();
function rises(x) { // from left to right, as a function of x
  if (!RISING.has(x)) {
    let before = -Infinity, ok = x.length > 1;
    for (let i = 0; ok && i < x.length; i++) if (x[i] < before) ok = false; else if (!Number.isNaN(x[i])) before = x[i];
    RISING.set(x, ok);
  }
  return RISING.get(x);
}

function lastSeen(mark, [lo, hi]) {
  let last = 0;
  for (let i = 0; i < mark.x.length; i++) if (mark.x[i] >= lo && mark.x[i] <= hi * (1 + 1e-9) && !Number.isNaN(mark.y[i])) last = i;
  return last;
}

function valueOf(run, mark, index) { // the run's own number where its axis clips what is drawn
  const shown = mark.y[index], same = (column, i) => Math.abs(column[i]) === Math.abs(mark.y[i]);
  const known = Object.values(run?.quantities || {}).flat().filter((column) => column.length === mark.y.length && same(column, 0));
  return !known.length || known.some((column) => same(column, index)) ? shown : known[0][index];
}

function pathStart(panel, view) {
  const mark = panel.marks.find((one) => one.kind === "line" && one.run);
  return mark && view.at(mark.x[0], mark.y[0]);
}

function lowest({ values, across, left, top }) { // of the drawn places
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] < values[best]) best = i;
  return [left + 4 * (best % across), top + 4 * Math.floor(best / across)];
}

// What holds words off: where a map has its buttons, in a column or, in a narrow figure, in a row. A picture of it has none, and
// keeps some room.
const buttonsOf = ({ box: { left, top, width, height }, tools }) => [ // and where the corner says how much arrows are stretched
  tools || { left: left + width - 50, right: left + width, top, bottom: top + 146 },
  { left: left + width - 100, right: left + width, top: top + height - 44, bottom: top + height },
];

const lowTools = ({ left, top, width, height }) => (height < 300 ? { left: left + width - 150, top, right: left + width, bottom: top + 40 } : { left: left + width - 50, top, right: left + width, bottom: top + 146 });

function boxOf(node, scale) {
  if (!node?.offsetWidth) return null;
  const left = node.offsetLeft / scale, top = node.offsetTop / scale;
  return { left, top, right: left + node.offsetWidth / scale, bottom: top + node.offsetHeight / scale };
}

function stretched(longest) {
  if (longest >= LONGEST[0]) return 1;
  let times = 1;
  for (let size = 1; size < 1e9; size *= 10) for (const m of [1, 1.5, 2, 3, 5, 7]) if (m * size * longest <= LONGEST[1]) times = m * size;
  return times;
}

function ghostsOf(ui, index) { // the marks of the pinned runs in this panel
  return (ui.pins || []).flatMap((pin) => (pin.frame.panels[index]?.marks || []).filter((mark) => mark.run && mark.run === pin.focus && !["arrows", "band"].includes(mark.kind))
    .map((mark) => [mark, { ghost: pin.letter, words: pin.words, run: pin.frame.runs.find((run) => run.name === pin.focus) }]));
}

// ---- states.js

// What a figure says of itself, in the place of its sentence: that its kernel is gone, that it loads. (Errors: `fail` of figure.js.)


const FIRST = ["gone", "waking", "blank", "loading"]; // the first of these that holds is said
const LATER = 300; // ms before it is said that something loads: what is there by then needs no words

class States {
  constructor(stage) {
    this.stage = stage;
    this.node = element("p", { className: "oc-state", role: "status" });
    this.words = element("span");
  }

  set(name, sentence, act) { // act: { words, do } of a button
    const { states } = this.stage.ui;
    if (sentence) states[name] = { sentence, act };
    else delete states[name];
    for (const known of FIRST) this.stage.root.classList.toggle("oc-is-" + known, known in states);
    clearTimeout(this.later);
    if (name === "loading" && sentence) this.later = setTimeout(() => this.show(), LATER);
    else this.show();
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
    this.words.replaceChildren(...parts.map((words, i) => (i % 2 ? element("strong", { textContent: words }) : words)));
    const act = said?.act?.words ?? "";
    if (act && act === this.act) return; // a button that may have the focus
    this.act = act;
    this.node.replaceChildren(...(said ? [this.words] : []), ...(act ? [" ", button(act, said.act.do)] : []));
  }
}

// ---- links.js

// A setting as something to give away: the address of a page, or the call in a notebook; and back. The address says it so that a
// person can read and write it: #03-valley?learning_rate=0.3&step=12, a point as 1,2, a walk as 1,2;3,4, a pinned run as &pin=….


const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const PINS = 3;

function changed(stage, values, from) { // the controls that are not where they began
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, from(name))));
}

// The name of the figure on its page.
function nameOf({ el, root }) {
  return el.id || String([...document.querySelectorAll(".oc-explorer")].indexOf(root) + 1);
}

// What the address calls what is no control; a control of that name comes first.
const keyOf = (stage, word) => (stage.control(word) ? `shown_${word}` : word);

// Writing --------------------------------------------------------------------------------------------------------------

const written = (value) => (Array.isArray(value) ? value.map((v) => v.toString()).join(Array.isArray(value[0]) ? ";" : ",") : String(value));

function queryOf(stage, { values, step = null, focus, pins = [] }) {
  const query = new URLSearchParams(Object.entries(changed(stage, values, (name) => stage.spec.initial[name])).map(([name, value]) => [name, written(value)]));
  if (focus) query.set(keyOf(stage, "focus"), focus);
  if (step !== null) query.set(keyOf(stage, "step"), step);
  for (const pin of pins) query.append(keyOf(stage, "pin"), queryOf(stage, { values: pin.values, focus: pin.focus }));
  return query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

function addressOf(stage) {
  const address = new URL(window.location.href), { focus, pins } = stage.ui;
  address.hash = `${nameOf(stage)}?${queryOf(stage, { values: stage.values, step: stage.transport.step, focus, pins })}`;
  return address.href;
}

// Reading --------------------------------------------------------------------------------------------------------------

// { values, step, focus, pins } of the address, for this figure; { problem } where it cannot be read; null where it asks for
// another figure, or for none.
function linkIn(address, stage) {
  const asked = address.replace(/^#/, ""), at = asked.indexOf("?");
  if (at < 0) return linkBefore(asked, stage);
  if (asked.slice(0, at) !== nameOf(stage)) return null;
  try {
    return settingIn(asked.slice(at + 1), stage);
  } catch (problem) {
    return { problem };
  }
}

function settingIn(query, stage) { // throws a sentence
  const setting = { values: { ...stage.spec.initial }, step: null, focus: "", pins: [] };
  for (const [name, text] of new URLSearchParams(query)) {
    const control = stage.control(name);
    if (control) setting.values[name] = read(control, text);
    else if (name === keyOf(stage, "focus")) setting.focus = text;
    else if (name === keyOf(stage, "pin")) { if (setting.pins.length < PINS) setting.pins.push(settingIn(text, stage)); }
    else if (name === keyOf(stage, "step")) setting.step = stepIn(text);
    else throw `This link asks for ${name}, which this figure does not have.`;
  }
  return setting;
}

function stepIn(text) {
  if (!/^\d+$/.test(text)) throw `This link asks for step “${text}”, which is no whole number.`;
  return Number(text);
}

const READ = { choice: (text) => text, toggle: (text) => ({ true: true, false: false })[text], range: number, point: place, walk: (text) => every(text.split(";").map(place)) };
const SHAPE = { choice: "a word", toggle: "true or false", range: "a number", point: "two numbers such as 1,2", walk: "places such as 1,2;3,4" };

function read({ name, kind, values }, text) {
  const value = READ[kind](text);
  if (value === undefined) throw `This link asks for ${name} “${text}”; it must be ${SHAPE[kind]}.`;
  // As it is shown is as it is typed: 0.3 means the value of the slider that reads 0.3.
  return kind === "range" ? values.find((known) => show(known) === show(value)) ?? value : value;
}

function number(text) {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

const every = (parts) => (parts.includes(undefined) ? undefined : parts);

function place(text) {
  const parts = text.split(",").map(number);
  return parts.length === 2 ? every(parts) : undefined;
}

// The form of a link until November 2026: #figure=…&setting=JSON.
function linkBefore(address, stage) {
  const asked = new URLSearchParams(address), { el, root } = stage;
  const known = [nameOf(stage), el.dataset.figure, String([...document.querySelectorAll(".oc-explorer")].indexOf(root) + 1)];
  if (!asked.has("setting") || !known.includes(asked.get("figure"))) return null;
  try {
    const { values = {}, step = null, focus = "", pins = [] } = JSON.parse(asked.get("setting"));
    const whole = (some) => ({ ...stage.spec.initial, ...some });
    return { values: whole(values), step: Number.isInteger(step) ? step : null, focus: String(focus), pins: pins.slice(0, PINS).map((pin) => ({ values: whole(pin.values), focus: String(pin.focus || "") })) };
  } catch {
    return { problem: "The setting in this link cannot be read." };
  }
}

// Why this page cannot show a setting, as a sentence; "" where it can.
function problemWith(stage, { values, pins }) {
  const listed = { choice: true, toggle: true, range: true };
  for (const one of [values, ...pins.map((pin) => pin.values)]) {
    for (const [name, value] of Object.entries(one)) {
      const control = stage.control(name);
      if (!control) return `This link asks for ${name}, which this figure does not have.`;
      const [least, most] = [control.values[0], control.values[control.values.length - 1]];
      const drawn = stage.link.live && control.kind === "range" && value >= least && value <= most;
      const known = drawn || control.values.some((v) => same(v, value)) || same(value, stage.spec.initial[name]);
      if (listed[control.kind] && !known) return `This link asks for ${name} ${show(value)}, which this page does not have.`;
    }
    if (stage.link.live) continue;
    const moved = Object.keys(changed(stage, one, (name) => stage.spec.initial[name]));
    if (moved.length > 1) return `This link moves ${moved.join(" and ")} together; this page draws one at a time. Open the notebook to see it.`;
    if (moved.some((name) => !stage.conversation.covered().has(name))) return `This link moves ${moved[0]}, which this page cannot draw by itself: open the notebook to see it.`;
  }
  return "";
}

const python = (value) => {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `(${value.map(python).join(", ")}${value.length === 1 ? "," : ""})`;
  return JSON.stringify(value);
};

function callOf(stage) {
  const values = changed(stage, stage.values, (name) => stage.control(name).default);
  return `${stage.spec.call}(${Object.entries(values).map(([name, value]) => `${name}=${python(value)}`).join(", ")})`;
}

function wordsOf(stage) { // the setting as a sentence
  const said = (value) => (typeof value === "boolean" ? (value ? "on" : "off") : Array.isArray(value) ? `(${value.map(said).join(", ")})` : show(value));
  const parts = stage.spec.controls.map(({ name, label, unit }) => `${label} ${said(stage.values[name])}${unit ? ` ${unit}` : ""}`);
  if (stage.frame.num_steps !== undefined) parts.push(`step ${stage.at()} of ${stage.frame.num_steps}`);
  return parts.join(" · ");
}

// ---- tools.js

// What can be done with the whole figure: undo, back to the first setting, a link, a picture to keep, the full screen.


const SAID = 1800; // ms that a short message stays
const SHARP = 2; // pixels of a saved picture for one of the page
const ROUND = 20; // px round it

class Tools {
  constructor(stage) {
    this.stage = stage;
    const at = (shape, name, act, key) => iconButton(shape, name, act, { key });
    this.undo = at("undo", "Undo", () => stage.history.undo(), "Z");
    this.undo.setAttribute("aria-disabled", "true");
    this.full = at("full", "Full screen", () => this.fill(), "F");
    this.full.setAttribute("aria-pressed", "false");
    this.toast = element("span", { className: "oc-toast", role: "status" });
    this.node = element("div", { className: "oc-icons", role: "toolbar", "aria-label": "figure" },
      this.undo, at("reset", "Reset", () => stage.reset()), at("link", "Copy a link to this setting", () => this.link()),
      at("save", "Save the picture", () => this.save()), this.full, this.toast);
    document.addEventListener("fullscreenchange", () => this.filled(), { signal: stage.closed.signal });
  }

  say(words) {
    setText(this.toast, words);
    this.toast.classList.add("oc-on");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.toast.classList.remove("oc-on"); setText(this.toast, ""); }, SAID);
  }

  // Link ---------------------------------------------------------------------------------------------------------------

  // On a page the address that shows this setting, in a notebook the call that makes it.
  async link() {
    const { stage } = this, address = Boolean(stage.link.covers), text = address ? addressOf(stage) : callOf(stage);
    try {
      await navigator.clipboard.writeText(text);
      this.say(address ? "Link to this setting copied" : `Copied: ${text}`);
    } catch { // no right to the clipboard: the person copies it from where it stands
      if (address) window.location.hash = new URL(text).hash;
      this.say(address ? "The link is in the address of this page" : text);
    }
  }

  follow(address) { // the setting that an address asks for, once the frames are there
    const { stage } = this, wanted = linkIn(address, stage);
    if (!wanted) return;
    const problem = wanted.problem || problemWith(stage, wanted);
    for (const pin of problem ? [] : wanted.pins) { stage.restore(pin); stage.pins?.add(); }
    if (!problem) stage.restore(wanted);
    stage.root.scrollIntoView({ block: "nearest" });
    const { num_steps: last } = stage.frame;
    if (problem) stage.fail(`${problem} The figure shows its first setting.`);
    else if (wanted.step > (last ?? 0)) stage.fail(`This link asks for step ${wanted.step}; ${last === undefined ? "this figure has no steps" : `this run has ${last}, and the last one is shown`}.`);
  }

  // Picture ------------------------------------------------------------------------------------------------------------

  save() {
    const canvas = this.picture(), name = (this.stage.spec.title || "figure").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const link = element("a", { href: canvas.toDataURL("image/png"), download: `${name}.png` });
    link.click();
    this.say("Picture saved");
  }

  picture() { // title, sentence, the panels as they stand, and the setting in words; two pixels for each of the screen
    const { stage } = this, { painter, layout, root } = stage, { scale } = painter;
    const tone = getComputedStyle(root), token = (one) => tone.getPropertyValue("--oc-" + one).trim(), boxes = stage.panels.map(({ node }) => node.getBoundingClientRect());
    const left = Math.min(...boxes.map((b) => b.left)), top = Math.min(...boxes.map((b) => b.top)), wide = Math.max(...boxes.map((b) => b.right)) - left;
    const high = Math.max(...boxes.map((b) => b.bottom)) - top;
    const canvas = element("canvas"), context = canvas.getContext("2d");
    const font = (size, weight = 400) => { context.font = `${weight} ${size * scale}px ${tone.fontFamily}`; };
    const lines = (words) => {
      const out = [""];
      for (const word of words.split(/\s+/)) {
        const more = `${out[out.length - 1]} ${word}`.trim();
        if (context.measureText(more).width <= wide) out[out.length - 1] = more;
        else out.push(word);
      }
      return out;
    };
    font(15);
    const said = lines(stage.says.textContent), set = lines(wordsOf(stage)), line = 21 * scale, head = ROUND + 28 * scale + said.length * line + 8;
    canvas.width = SHARP * (wide + 2 * ROUND);
    canvas.height = SHARP * (head + high + 10 + set.length * line + ROUND);
    context.scale(SHARP, SHARP);
    context.textBaseline = "top";
    const write = (words, x, y, colour) => { context.fillStyle = colour; context.fillText(words, x, y); };
    context.fillStyle = token("surface");
    context.fillRect(0, 0, canvas.width, canvas.height);
    font(18, 650);
    write(stage.spec.title, ROUND, ROUND, token("ink"));
    font(15);
    said.forEach((words, i) => write(words, ROUND, ROUND + 28 * scale + i * line, token("soft")));
    set.forEach((words, i) => write(words, ROUND, head + high + 10 + i * line, token("soft")));
    layout.sharp(SHARP, () => {
      for (const panel of stage.panels) {
        painter.paint(panel, stage.frame, stage.frame.num_steps === undefined ? null : stage.at(), stage.ui);
        const place = (node) => { const b = node.getBoundingClientRect(); return [b.left - left + ROUND, b.top - top + head, b.width, b.height]; };
        context.drawImage(panel.picture, ...place(panel.place));
        const [x, y] = place(panel.head);
        font(14, 650);
        write(panel.title.textContent, x, y, token("ink"));
        const after = x + context.measureText(panel.title.textContent).width + 8 * scale;
        font(14);
        if (panel.encodes.offsetWidth) write(panel.encodes.textContent, after, y, token("soft"));
        font(12.8);
        for (const item of panel.keys.children) {
          const [kx, ky, , kh] = place(item);
          context.drawImage(item.firstChild, ...place(item.firstChild));
          write(item.textContent, kx + place(item.firstChild)[2] + 4, ky + kh / 2 - 7 * scale, token("ink"));
        }
      }
    });
    return canvas;
  }

  // Full screen --------------------------------------------------------------------------------------------------------

  fill() {
    const { root, ui } = this.stage;
    if (document.fullscreenElement === root) document.exitFullscreen();
    else if (ui.fullscreen) this.show(false);
    else if (root.requestFullscreen) root.requestFullscreen().catch(() => this.show(true));
    else this.show(true); // a telephone that gives no element the screen: over the page
  }

  filled() {
    const now = document.fullscreenElement === this.stage.root;
    if (now !== this.stage.ui.fullscreen) this.show(now);
  }

  show(now) {
    const { stage } = this;
    stage.ui.fullscreen = now;
    stage.root.classList.toggle("oc-over", now);
    this.full.setAttribute("aria-pressed", String(now));
    this.spread(now);
  }

  spread(now) { // the layout of the full screen, and of a slide
    const { stage } = this;
    stage.ui.spread = now;
    stage.root.classList.toggle("oc-slide", now);
    stage.fit();
  }
}

// ---- transport.js

// The run, step by step: play, one step back and on, the ends, the slider over the steps, and how fast it plays.


const SPEEDS = [1, 2, 0.5];
const WHOLE = 6000; // ms of a run, at speed 1
const PLAY = "Play the run step by step";

class Transport {
  constructor(stage) {
    this.stage = stage;
    this.step = null; // null: the whole run, however long it is
    this.playing = null;
    this.speed = 1;
    this.play = iconButton("play", PLAY, () => stage.toggle(), { key: "Space", className: "oc-play" });
    this.scrub = element("input", { type: "range", min: 0, step: 1, "aria-label": "step of the run" });
    this.scrub.addEventListener("input", () => { stage.pause(); stage.go(Number(this.scrub.value)); });
    this.rail = railed(this.scrub);
    this.count = element("span", { className: "oc-stepcount" });
    this.pace = element("button", { type: "button", className: "oc-speed", title: "Speed" });
    this.pace.addEventListener("click", () => this.setSpeed(SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length]));
    this.setSpeed(1);
    const edge = (shape, name, to) => iconButton(shape, name, () => { stage.pause(); stage.go(to()); }, { className: "oc-icon oc-edge" });
    const step = (shape, name, by, key) => iconButton(shape, name, () => stage.stepBy(by), { key });
    this.bar = element("div", { className: "oc-bar", hidden: true, role: "group", "aria-label": "the run" },
      edge("first", "To the start", () => 0), step("back", "One step back", -1, ","), this.play, step("next", "One step on", 1, "."),
      edge("last", "To the end", () => this.last), this.rail.node, this.count, this.pace);
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

  setSpeed(speed) {
    this.speed = speed;
    setText(this.pace, speed === 0.5 ? "½×" : `${speed}×`);
    this.pace.setAttribute("aria-label", `Speed: ${speed === 0.5 ? "half" : `${speed} times`}`);
  }

  toggle() {
    const { stage } = this;
    if (this.playing) return stage.pause();
    if (this.at() >= this.last) this.step = 0;
    this.show("pause", "Pause the run");
    // A whole run in about six seconds; for who wants no motion, six still pictures a second apart.
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const stride = still ? Math.ceil(this.last / 6) : 1;
    const pace = () => (still ? 1000 : Math.max(16, Math.min(400, WHOLE / Math.max(1, this.last))) / this.speed);
    let last = performance.now();
    const tick = (now) => {
      const ahead = Math.floor((now - last) / pace());
      if (ahead > 0) { last += ahead * pace(); stage.go(this.at() + ahead * stride); }
      if (this.at() >= this.last) return stage.pause();
      this.playing = requestAnimationFrame(tick);
    };
    stage.go(this.at());
    this.playing = requestAnimationFrame(tick);
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.show("play", PLAY);
  }

  show(shape, name) {
    if (this.shape === shape) return;
    this.shape = shape;
    this.play.replaceChildren(icon(shape));
    this.play.setAttribute("aria-label", name);
    this.play.title = `${name} (Space)`;
  }

  draw(step) { // null: this figure has no steps
    this.bar.hidden = step === null;
    if (step === null) return;
    this.scrub.max = this.last;
    this.scrub.value = step;
    this.rail.fill(this.last ? step / this.last : 0);
    this.scrub.setAttribute("aria-valuetext", `step ${step} of ${this.last}`);
    setText(this.count, `step ${step} of ${this.last}`);
  }
}

// ---- figure.js

// The figure: its parts on the page, the values that they share, and what is seen now.


const SPEAK = 600; // ms without input before a screen reader is told what is seen now
const WAITS = 300; // ms that a frame may take before the picture pales
const TEXT = 16; // px: the size of text for which all sizes are written
const SEEN_FROM_AFAR = 1.16; // how much larger words on a picture are on a slide, against the text beside it
const STOPPED = "The notebook has stopped. **Run this cell again** to move everything; what is not greyed out still moves.";
let figures = 0;

class Stage {
  constructor(el, spec, values, frame, link) {
    Object.assign(this, { el, spec, link, frame });
    this.id = "oc" + ++figures;
    this.values = { ...values };
    // What the person has chosen to see, and the kernel need not know.
    this.ui = { focus: "", others: true, pins: [], zoom: [], tilt: [], point: null, preview: null, fullscreen: false, spread: false, states: {} };
    this.closed = new AbortController(); // ends what listens outside of the figure
    this.conversation = new Conversation(this, link);
    this.painter = new Painter(spec);
    this.states = new States(this);
    this.transport = new Transport(this);
    this.seen = frame; // what is painted: on its way to `frame` for a moment after a jump
    this.tween = new Tween();
    this.maps = new Maps(this);
    this.pins = new Pins(this);
    this.build();
    this.watch();
  }

  // The page -----------------------------------------------------------------------------------------------------------

  build() {
    const root = (this.root = element("div", { className: "oc-explorer" }));
    root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrow keys belong to the sliders, not to the notebook
    root.dataset.name = this.spec.name;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Live figure: " + (this.spec.title || "explorer"));
    root.addEventListener("keydown", (event) => { keyDown(this, event); event.stopPropagation(); });
    this.history = new History(this, root);
    this.title = element("p", { className: "oc-title", textContent: this.spec.title });
    this.tools = new Tools(this);
    this.says = element("p", { className: "oc-says", id: this.id + "-says" });
    this.error = element("p", { className: "oc-error", role: "alert" });
    this.live = element("span", { className: "oc-live", "aria-live": "polite" });
    this.notice = element("p", { className: "oc-notice", role: "status" });
    this.note = element("p", { className: "oc-note", hidden: true });
    this.narration = element("p", { className: "oc-narration", hidden: true });
    this.read = element("p", { className: "oc-read", hidden: true });
    this.pinned = element("ul", { className: "oc-pins", hidden: true, "aria-label": "pinned runs" });
    this.controls = new Map(this.spec.controls.map((c) => [c.name, makeControl(this, c, `${this.id}-${c.name}`)]));
    this.focusRow = new FocusRow(this);
    const controls = element("div", { className: "oc-controls" }, this.focusRow.node, ...[...this.controls.values()].map((c) => c.row));
    this.layout = new Panels(this);
    this.head = element("div", { className: "oc-head" }, this.title, this.icons);
    root.append(this.head, element("div", { className: "oc-sentence" }, this.says, this.error, this.states.node), this.notice, this.live,
      this.layout.node, this.narration, this.read, this.bar, this.pinned, controls, this.note);
    this.el.append(root);
    this.layout.match(this.frame);
    this.layout.reserve([this.frame]);
    this.hand = new Hand(this);
    this.hand.offer(); // also where nothing is drawn yet, because nobody can see it
    this.readout = new Readout(this);
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
    const size = () => {
      const { fontSize, fontFamily, letterSpacing, wordSpacing } = getComputedStyle(this.root), heights = this.panels.map((p) => p.place.clientHeight);
      return [this.root.clientWidth, ...heights, window.innerHeight, fontSize, fontFamily, letterSpacing, wordSpacing, dark()].join();
    };
    this.fit = () => {
      this.root.classList.toggle("oc-dark", dark());
      const style = getComputedStyle(this.root);
      const afar = this.ui.spread ? SEEN_FROM_AFAR : 1;
      this.painter.look(dark(), Math.max(1, (afar * parseFloat(style.fontSize)) / TEXT), style);
      const seen = this.layout.measure();
      this.size = size();
      if (seen) this.draw();
    };
    const refit = () => { if (size() !== this.size) this.fit(); };
    const resized = new ResizeObserver(refit);
    this.layout.watcher = resized;
    for (const node of [this.root, ...this.panels.map((p) => p.place)]) resized.observe(node);
    window.addEventListener("resize", refit, { signal: this.closed.signal });
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

  iconsLast(now) { // on a slide, and where there is no room beside the title: as they are read, so they are reached
    if (now === (this.icons.parentElement === this.root)) return;
    const focused = this.icons.contains(document.activeElement) && document.activeElement;
    (now ? this.root : this.head).append(this.icons);
    if (focused) focused.focus({ preventScroll: true });
  }

  close() {
    this.closed.abort();
    this.pause();
    this.tween.cut();
    this.maps.close();
    this.conversation.close();
    clearTimeout(this.speaking);
    clearTimeout(this.pale);
  }

  // Values -------------------------------------------------------------------------------------------------------------

  control(name) {
    return this.spec.controls.find((c) => c.name === name);
  }

  get tables() {
    return this.conversation.tables;
  }

  set(name, value) {
    this.jumping = Boolean(this.leaping); // until its picture comes
    this.history.note();
    if (this.link.covers && !this.link.live) { // a page holds one table a slider, drawn with the others at their first values
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
    this.hand.aim = null;
    this.controls.get(name).write(value);
  }

  reset() {
    this.restore({ values: this.spec.initial });
  }

  // A setting from before, or from somewhere else, with its step and the run in focus; and its frame, where that is known.
  restore({ values, step = null, focus = "", frame = null }) {
    this.history.note();
    if (frame) this.conversation.remember(values, frame);
    this.pause();
    this.transport.step = step;
    this.ui.focus = focus;
    for (const [name, value] of Object.entries(values)) this.adopt(name, value);
    this.fail("");
    this.jumping = true;
    this.conversation.refresh();
    this.conversation.settle();
  }

  // A jump is what no hand leads: a choice, a typed number, a setting from before. Its picture moves there, and is there at once
  // where the next value comes.
  // The answer to a prediction: the setting before is pinned, the new one is played from its first step. Done when the run has ended.
  async compare({ focus: first = "", ...before }, { focus = "", ...after }, played) {
    this.restore({ values: { ...this.values, ...before }, focus: first });
    await this.settled();
    this.pins.add();
    this.restore({ values: { ...this.values, ...after }, step: 0, focus });
    await this.settled();
    if (played) this.toggle();
    else this.go(this.frame.num_steps ?? 0);
    await this.until(() => !this.playing);
  }

  settled() { // the picture is that of the values, or nobody can draw it
    const { conversation } = this, said = (values) => JSON.stringify(Object.entries(values).sort());
    return this.until(() => said(conversation.shown) === said(this.values) || (!this.link.live && !conversation.asking));
  }

  until(holds) {
    const { signal } = this.closed;
    return new Promise((resolve) => {
      const look = () => (holds() || signal.aborted ? resolve() : requestAnimationFrame(look));
      look();
    });
  }

  jump(act) {
    this.leaping = true;
    act();
    this.leaping = false;
  }

  focusOn(name) {
    this.history.note();
    this.ui.focus = name;
    this.jump(() => this.draw());
  }

  get icons() {
    return this.tools.node;
  }

  get undoButton() {
    return this.tools.undo;
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
    if (this.answered !== this.link.live) this.readout?.paint(); // a place that is kept offers a start, or does not
    this.answered = this.link.live;
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

  stepBy(by) {
    this.pause();
    this.go(this.at() + by);
  }

  toggle() {
    this.transport.toggle();
  }

  pause() {
    this.transport.pause();
  }

  // Showing ------------------------------------------------------------------------------------------------------------

  display(frame) {
    const { seen } = this, jumps = this.jumping || this.leaping;
    Object.assign(this, { frame, jumping: false });
    this.fail("");
    this.tween.cut();
    const show = (part) => { this.seen = frameBetween(seen, frame, part); this.draw(); };
    if (jumps && seen !== frame) this.tween.run(show);
    else show(1);
  }

  fail(sentence, back) { // back: what a button beside the sentence does
    this.error.replaceChildren(...(sentence ? [sentence] : []));
    if (back) this.error.append(" ", button("Back to the last one that worked", () => { this.fail(""); back(); }));
    this.states.show();
  }

  waits(now) { // for a frame: after a while the picture pales
    clearTimeout(this.pale);
    if (now) this.pale = setTimeout(() => this.root.classList.add("oc-is-waiting"), WAITS);
    else this.root.classList.remove("oc-is-waiting");
  }

  // "loading", "gone", "blank" …: what the figure says of itself. An empty sentence ends the state.
  state(name, sentence, act) {
    this.states.set(name, sentence, act);
  }

  draw() {
    const frame = this.frame;
    const step = frame.num_steps === undefined ? null : this.at();
    this.layout.match(frame);
    this.maps.match();
    this.pins.match();
    for (const panel of this.panels) this.painter.paint(panel, this.seen, step, this.ui);
    this.drawReadout();
    this.hand.offer();
    const says = this.pins.sentence() ?? frame.says;
    setText(this.says, says);
    setText(this.notice, frame.notice || "");
    const read = partsOf(this, null); // of a run; what has none tells of each step in a sentence
    const told = step === null ? null : read.length ? inWords(read) : frame.narration ? narrate(frame.narration, step) : null;
    const words = told !== null && step < frame.num_steps ? told : says;
    clearTimeout(this.speaking);
    if (this.said === undefined) this.said = words; // a figure that appears is read when it is reached, not before
    else if (!this.playing) this.speak(words);
    this.transport.draw(step);
    this.narration.hidden = told === null || read.length > 0;
    if (!this.narration.hidden) setText(this.narration, told);
    this.focusRow.match(frame);
    for (const [name, control] of this.controls) control.mark?.(frame.slider_marks?.[name] || [], this.layout.rails.get(name) || {});
  }

  drawReadout() { // the second layers: what a pointer or a key points at
    this.readout.paint();
  }

  speakNow(words) { // what a key has just read
    clearTimeout(this.speaking);
    this.said = words;
    setText(this.live, words);
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

// `python` answers what no table has, where a page has it: `able` until it could not be started, `awake` while it runs, `send(stage, message)`,
// `draws(el)`: the figure has another function of the reader's than the page's own tables.
function renderPage(el, packed, python = null) {
  const [frame] = decode(packed.first.meta, fromBase64(packed.first.data));
  const covers = new Set(packed.tables.map(({ control }) => control));
  const nobody = { live: false, covers, opening: true, send() {}, tell() {}, share() {} };
  const link = !python ? nobody : {
    ...nobody,
    get live() { return python.able; },
    get asleep() { return !python.awake; },
    send: (message) => python.send(stage, message),
  };
  const still = el.querySelector(":scope > .oc-still");
  const stage = new Stage(el, packed.spec, packed.values, frame, link);
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
    link.opening = false;
    el.dataset.ready = "true";
    if (python?.draws?.(el)) conversation.forget();
    else conversation.refresh(); // somebody may have moved a slider already
    stage.reach();
    if (broken) stage.fail(broken);
    else stage.tools.follow(window.location.hash);
  };
  const near = new IntersectionObserver((entries) => { // a page has many figures; only those that come near are unpacked
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    open();
  }, { rootMargin: "800px" });
  near.observe(el);
  stage.closed.signal.addEventListener("abort", () => near.disconnect());
  window.addEventListener("hashchange", () => stage.tools.follow(window.location.hash), { signal: stage.closed.signal });
  const notes = ["A saved page."];
  if (keys.size > 1 && !python) notes.push("Moving one control puts the others back where they began.");
  if (keys.size < stage.spec.controls.length && !python) notes.push("What is greyed out needs a kernel: open the notebook to move it.");
  stage.note.textContent = notes.join(" ");
  stage.note.hidden = notes.length === 1;
  stage.reach();
  el.stage = stage;
  return stage;
}

export default { render };
