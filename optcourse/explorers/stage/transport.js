// The run, step by step: play, one step back and on, and the slider over the steps.

import { button, element, setText } from "./dom.js";

const PLAY = "▶ Play";
const PAUSE = "⏸ Pause";

export class Transport {
  constructor(stage) {
    this.stage = stage;
    this.step = null; // null: the whole run, however long it is
    this.playing = null;
    const named = (words, label, act) => button(words, act, { "aria-label": label, title: label });
    const step = (by) => () => { stage.pause(); stage.go(stage.at() + by); };
    this.play = named(PLAY, "Play the run step by step", () => stage.toggle());
    this.play.className = "oc-play";
    this.scrub = element("input", { type: "range", min: 0, step: 1, "aria-label": "step of the run" });
    this.scrub.addEventListener("input", () => { stage.pause(); stage.go(Number(this.scrub.value)); });
    this.count = element("span", { className: "oc-stepcount" });
    this.bar = element("div", { className: "oc-bar", hidden: true },
      this.play, named("◀", "One step back", step(-1)), named("▶|", "One step on", step(1)), this.scrub, this.count);
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

  toggle() {
    const { stage } = this;
    if (this.playing) return stage.pause();
    if (this.at() >= this.last) this.step = 0;
    this.play.textContent = PAUSE;
    this.play.setAttribute("aria-label", "Pause the run");
    // A whole run in about six seconds; for who wants no motion, six still pictures a second apart.
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const stride = still ? Math.ceil(this.last / 6) : 1;
    const pace = still ? 1000 : Math.max(16, Math.min(400, 6000 / Math.max(1, this.last)));
    let last = performance.now();
    const tick = (now) => {
      const ahead = Math.floor((now - last) / pace);
      if (ahead > 0) { last += ahead * pace; stage.go(this.at() + ahead * stride); }
      if (this.at() >= this.last) return stage.pause();
      this.playing = requestAnimationFrame(tick);
    };
    stage.go(this.at());
    this.playing = requestAnimationFrame(tick);
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.play.textContent = PLAY;
    this.play.setAttribute("aria-label", "Play the run step by step");
  }

  draw(step) { // null: this figure has no steps
    this.bar.hidden = step === null;
    if (step === null) return;
    this.scrub.max = this.last;
    this.scrub.value = step;
    this.scrub.setAttribute("aria-valuetext", `step ${step} of ${this.last}`);
    setText(this.count, `step ${step} of ${this.last}`);
  }
}
