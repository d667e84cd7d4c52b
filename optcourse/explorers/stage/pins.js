// Pinned runs: each stays on the picture as a ghost with a letter, and what is seen now is compared with them.

import { button, element, setText } from "./dom.js";
import { iconButton } from "./icons.js";
import { numeral, show } from "./numbers.js";

const LETTERS = ["A", "B", "C"];
const NAMED = ["range", "choice"]; // kinds of control: the first two are always said, the others where they differ

export function runOf(frame, name) {
  return (frame.runs || []).find((run) => run.name === name) || null;
}

// By what pins are compared: [words, number]; null where nothing is known.
export function numberOf(frame, focus) {
  if (frame.pin) return frame.pin;
  const losses = runOf(frame, focus)?.quantities.loss?.[0];
  return losses ? ["ends at", losses[Math.min(frame.num_steps ?? Infinity, losses.length - 1)]] : null;
}

// The controls whose values differ: what a pinned run is named by, and what the sentence says.
export function differing(controls, values, others) {
  return controls.filter(({ name }) => others.some((other) => JSON.stringify(other[name]) !== JSON.stringify(values[name])));
}

export function settingOf(controls, values) {
  const said = (value) => (typeof value === "boolean" ? (value ? "on" : "off") : typeof value === "number" ? numeral(value) : show(value));
  return controls.map(({ name, label, kind }) => {
    const value = values[name];
    if (kind === "walk") return `${label} of ${value.length - 1} steps`;
    return `${label} ${Array.isArray(value) ? `(${value.map(said).join(", ")})` : said(value)}`;
  }).join(", ");
}

// "lower than A (0.0087) and B (0.0066), higher than C (2)": what is seen now beside each pin, [letter, number].
export function comparison(number, pins) {
  const size = (v) => (Number.isNaN(v) ? Infinity : v), now = size(number);
  const list = (kept) => {
    const names = kept.map(([letter, theirs]) => `${letter} (${numeral(size(theirs))})`);
    return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : names[0];
  };
  const sorts = [["lower than", (v) => now < v], ["higher than", (v) => now > v], ["the same as", (v) => now === v]];
  return sorts.map(([words, holds]) => [words, pins.filter(([, theirs]) => holds(size(theirs)))])
    .filter(([, kept]) => kept.length).map(([words, kept]) => `${words} ${list(kept)}`).join(", ");
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// A pin is {letter, values, step, focus, frame, words}: the letter and the words stand on the picture. They lie in `stage.ui.pins`.
export class Pins {
  constructor(stage) {
    this.stage = stage;
    this.chips = new Map(); // by pin
    this.button = iconButton("pin", "Pin this run to compare", () => this.add(), { key: "P", className: "oc-pin" });
    this.button.append(element("span", { className: "oc-pin-word", textContent: "Pin", "aria-hidden": "true" }));
    stage.transport.bar.append(this.button);
  }

  get all() {
    return this.stage.ui.pins;
  }

  get possible() { // there is something to compare
    return numberOf(this.stage.frame, this.focus) !== null;
  }

  get focus() {
    const { ui, frame } = this.stage;
    return runOf(frame, ui.focus) ? ui.focus : frame.focus || "";
  }

  add() { // what is seen now; a fourth takes the place and the letter of the oldest
    const { stage } = this;
    if (!this.possible) return;
    const kept = this.all.length < LETTERS.length ? this.all : this.all.slice(1);
    const letter = LETTERS.find((one) => !kept.some((pin) => pin.letter === one));
    stage.ui.pins = [...kept, { letter, values: structuredClone(stage.values), focus: this.focus, frame: stage.frame, words: "" }];
    stage.draw();
    stage.speakNow(`Pinned as ${letter}`);
  }

  remove(pin) {
    const { stage } = this, chip = this.chips.get(pin), next = (chip.node.nextElementSibling || chip.node.previousElementSibling)?.querySelector("button");
    stage.ui.pins = this.all.filter((one) => one !== pin);
    stage.draw();
    (next || this.button).focus();
  }

  restore(pin) {
    this.stage.restore({ values: structuredClone(pin.values), step: this.stage.transport.step, focus: pin.focus, frame: pin.frame });
  }

  match() { // names and chips; called before the pictures are painted
    const { stage } = this, { controls } = stage.spec;
    for (const pin of this.all) {
      const [first] = differing(controls, pin.values, [stage.values]);
      pin.words = pin.focus !== this.focus ? pin.focus : first ? settingOf([first], pin.values) : "the same";
    }
    for (const [pin, { node }] of this.chips) if (!this.all.includes(pin)) { node.remove(); this.chips.delete(pin); }
    for (const pin of this.all) if (!this.chips.has(pin)) this.make(pin);
    const others = [stage.values, ...this.all.map((pin) => pin.values)];
    for (const pin of this.all) {
      const named = controls.filter((control) => NAMED.includes(control.kind)).filter((control, i) => i < 2 || differing([control], pin.values, others).length);
      setText(this.chips.get(pin).setting, [pin.focus, settingOf(named, pin.values)].filter(Boolean).join(", "));
      const chip = this.chips.get(pin), colour = stage.painter.color(runOf(pin.frame, pin.focus)?.role || "path");
      if (chip.colour !== colour) chip.letter.style.color = chip.colour = colour;
    }
    stage.pinned.hidden = !this.all.length;
    this.button.hidden = !this.possible;
  }

  make(pin) {
    const { stage } = this, [words, number] = numberOf(pin.frame, pin.focus), setting = element("span");
    const letter = element("span", { className: "oc-letter", textContent: pin.letter });
    const back = button("", () => this.restore(pin), { className: "oc-back", title: `Back to this setting: ${settingOf(stage.spec.controls, pin.values)}` });
    back.append(letter, setting, element("span", { className: "oc-soft", textContent: `${words} ${numeral(number)}` }));
    const off = iconButton("close", `Remove ${pin.letter}`, () => this.remove(pin));
    const node = element("li", {}, back, off);
    this.chips.set(pin, { node, letter, setting });
    stage.pinned.append(node);
  }

  // The sentence that compares what is seen now with the pins; null where there is none.
  sentence() {
    const { stage } = this, now = numberOf(stage.frame, this.focus);
    if (!this.all.length || !now) return null;
    const differ = differing(stage.spec.controls, stage.values, this.all.map((pin) => pin.values));
    const setting = [this.focus, settingOf(differ, stage.values)].filter(Boolean).join(", ") || "This setting";
    const pins = this.all.map((pin) => [pin.letter, numberOf(pin.frame, pin.focus)[1]]);
    return `${capital(setting)}, ${now[0]} ${numeral(now[1])}: ${comparison(now[1], pins)}.`;
  }
}
