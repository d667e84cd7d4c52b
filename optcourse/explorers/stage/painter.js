// The picture of one panel: a map with bands, levels and paths, or a plot whose lines carry their names at their ends.

import { isMap, ticksOf, viewOf } from "./axes.js";
import { bandColour, bandOf, isSpeck, linesOf, loopsOf, pathOf, sampled } from "./field.js";
import { apart, Ink, levelLabels, Room } from "./labels.js";
import { listed, Pencil, SIZES } from "./marks.js";
import { numeral } from "./numbers.js";
import { Camera, levelsOnSurface, paintSurface } from "./tilt.js";

const BACK = ["line", "band", "heat", "span", "rule", "bars"]; // kinds that lie below the runs, where they belong to none
const MANY = 4; // runs: with more, those that are not in focus are paler
const STRIP = 130; // px: a plot that is not as high has one line of words for each name
const LONGEST = [40, 96]; // px, the longest of the arrows of a step
const LONGEST_VALUE = "0.000946"; // no value at the end of a line is written wider

export class Painter extends Pencil {
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
