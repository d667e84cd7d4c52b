// The run, step by step: play, one step back and on, the ends, the slider over the steps, and how fast it plays.

import { element, setText } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { railed } from "./rail.js";

const SPEEDS = [1, 2, 0.5];
const WHOLE = 6000; // ms of a run, at speed 1
const PLAY = "Play the run step by step";

export class Transport {
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
