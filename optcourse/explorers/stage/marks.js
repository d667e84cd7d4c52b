// The marks of a panel: one method for each kind that a scene knows (figures/scene.py), and its sample for the legend.

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

export class Pencil {
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
