// The marks of a panel: one method for each kind that a scene knows (figures/scene.py), and its sample for the key.

export const SIZES = { tick: 11.5, name: 12, label: 12.5 }; // px of words in a picture
const FALLBACK = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const GHOSTS = { A: [2, 3.5], B: [8, 4], C: [1, 3, 7, 3] }; // dashes of pinned runs
const TONES = { background: "surface", text: "ink", axis: "soft", grid: "line" }; // what the page's own theme may decide

export class Pencil {
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

export const listed = (values) => (values.length === undefined ? [values] : values);

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
