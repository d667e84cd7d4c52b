// The figure: its parts on the page, the values that they share, and what is seen now.

import { makeControl } from "./controls.js";
import { Conversation } from "./conversation.js";
import { button, element, setText } from "./dom.js";
import { FocusRow } from "./focus.js";
import { Hand } from "./hand.js";
import { History } from "./history.js";
import { keyDown } from "./keys.js";
import { Maps } from "./maps.js";
import { clamp, narrate } from "./numbers.js";
import { Painter } from "./painter.js";
import { Panels } from "./panels.js";
import { Pins } from "./pins.js";
import { Readout, partsOf, inWords } from "./readout.js";
import { States } from "./states.js";
import { Tools } from "./tools.js";
import { Transport } from "./transport.js";
import { Tween, frameBetween } from "./tween.js";

const SPEAK = 600; // ms without input before a screen reader is told what is seen now
const WAITS = 300; // ms that a frame may take before the picture pales
const TEXT = 16; // px: the size of text for which all sizes are written
const SEEN_FROM_AFAR = 1.16; // how much larger words on a picture are on a slide, against the text beside it
const STOPPED = "The notebook has stopped. **Run this cell again** to move everything; what is not greyed out still moves.";
let figures = 0;

export class Stage {
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
