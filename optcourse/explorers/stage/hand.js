// The hand on the pictures. On a map: read a value, keep the place, start there, zoom, pan. On a curve: choose the step.
// On both: points are dragged, walks are clicked. Keys do all of it too.

import { isInside } from "./axes.js";
import { clamp, nearest, numeral } from "./numbers.js";
import { partsOf, reading, stepsOf, inWords } from "./readout.js";
import { panned, showing, zoomedAt } from "./zoom.js";

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

export class Hand {
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
