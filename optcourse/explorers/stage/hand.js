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
