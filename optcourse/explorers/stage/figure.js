// The figure: its parts on the page, the values that they share, and what is seen now.

import { makeControl, placeMarks } from "./controls.js";
import { Conversation } from "./conversation.js";
import { button, element, setText } from "./dom.js";
import { Hand, heldBy } from "./hand.js";
import { clamp, narrate } from "./numbers.js";
import { Painter } from "./painter.js";
import { Transport } from "./transport.js";

const SPEAK = 600; // ms without input before a screen reader is told what is seen now
let figures = 0;

export class Stage {
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
