// A setting as something to give away: the address of a page, or the call in a notebook; and back.

import { show } from "./numbers.js";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function changed(stage, values, from) { // the controls that are not where they began
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, from(name))));
}

// The name of the figure on its page.
function nameOf({ el, root }) {
  return el.dataset.figure || String([...document.querySelectorAll(".oc-explorer")].indexOf(root) + 1);
}

export function addressOf(stage) {
  const begun = (name) => stage.spec.initial[name], { step } = stage.transport;
  const setting = { values: changed(stage, stage.values, begun), focus: stage.ui.focus };
  if (step !== null) setting.step = step;
  if (stage.ui.pins.length) setting.pins = stage.ui.pins.map((pin) => ({ values: changed(stage, pin.values, begun), focus: pin.focus }));
  const address = new URL(window.location.href);
  address.hash = new URLSearchParams({ figure: nameOf(stage), setting: JSON.stringify(setting) }).toString();
  return address.href;
}

// { values, step, focus, pins } of the address, for this figure; null where it asks for another one, or for none.
export function linkIn(address, stage) {
  const asked = new URLSearchParams(address.replace(/^#/, ""));
  if (asked.get("figure") !== nameOf(stage)) return null;
  try {
    const { values = {}, step = null, focus = "", pins = [] } = JSON.parse(asked.get("setting"));
    const whole = (some) => ({ ...stage.spec.initial, ...some });
    return { values: whole(values), step: Number.isInteger(step) ? step : null, focus: String(focus), pins: pins.slice(0, 3).map((pin) => ({ values: whole(pin.values), focus: String(pin.focus || "") })) };
  } catch {
    return { problem: "The setting in this link cannot be read." };
  }
}

// Why this page cannot show a setting, as a sentence; "" where it can.
export function problemWith(stage, { values, pins }) {
  for (const one of [values, ...pins.map((pin) => pin.values)]) {
    for (const [name, value] of Object.entries(one)) {
      const control = stage.spec.controls.find((c) => c.name === name);
      if (!control) return `This link asks for ${name}, which this figure does not have.`;
      if (control.values.length && !control.values.some((known) => same(known, value)) && !same(value, stage.spec.initial[name])) return `This link asks for ${name} ${show(value)}, which this page does not have.`;
    }
    const moved = Object.keys(changed(stage, one, (name) => stage.spec.initial[name]));
    if (moved.length > 1 || moved.some((name) => !stage.conversation.covered().has(name))) return `This link asks for a setting of ${moved.join(" and ")} that needs a kernel: open the notebook to see it.`;
  }
  return "";
}

const python = (value) => {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `(${value.map(python).join(", ")}${value.length === 1 ? "," : ""})`;
  return JSON.stringify(value);
};

export function callOf(stage) {
  const values = changed(stage, stage.values, (name) => stage.control(name).default);
  return `${stage.spec.call}(${Object.entries(values).map(([name, value]) => `${name}=${python(value)}`).join(", ")})`;
}

export function wordsOf(stage) { // the setting as a sentence
  const said = (value) => (typeof value === "boolean" ? (value ? "on" : "off") : Array.isArray(value) ? `(${value.map(said).join(", ")})` : show(value));
  const parts = stage.spec.controls.map(({ name, label, unit }) => `${label} ${said(stage.values[name])}${unit ? ` ${unit}` : ""}`);
  if (stage.frame.num_steps !== undefined) parts.push(`step ${stage.at()} of ${stage.frame.num_steps}`);
  return parts.join(" · ");
}
