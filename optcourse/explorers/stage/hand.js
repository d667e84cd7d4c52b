// The hand on the picture: points are dragged, walks are clicked, and the arrow keys do the same.

import { isInside, valuesAt } from "./axes.js";
import { clamp, nearest, show } from "./numbers.js";

const KEYS = {
  point: (label) => `Arrow keys move ${label}, with Shift further. `,
  range: (label) => `Arrow keys change ${label}. `,
  walk: () => "Arrow keys aim, with Shift further; Enter steps there. ",
};

// Which control the picture holds, of those that a mark of it can drag; null: none. A page has no frames for points.
export function heldBy(stage) {
  const drags = stage.frame.panels.flatMap((p) => p.marks).filter((m) => m.drag).map((m) => stage.control(m.drag));
  const movable = (kind) => drags.find((c) => c.kind === kind && (kind === "range" || stage.link.live));
  return ["point", "walk", "range"].map(movable).find(Boolean) || null;
}

export class Hand {
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
