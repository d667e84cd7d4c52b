// A setting as something to give away: the address of a page, or the call in a notebook; and back. The address says it so that a
// person can read and write it: #03-valley?learning_rate=0.3&step=12, a point as 1,2, a walk as 1,2;3,4, a pinned run as &pin=….

import { show } from "./numbers.js";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const PINS = 3;

function changed(stage, values, from) { // the controls that are not where they began
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, from(name))));
}

// The name of the figure on its page.
function nameOf({ el, root }) {
  return el.id || String([...document.querySelectorAll(".oc-explorer")].indexOf(root) + 1);
}

// What the address calls what is no control; a control of that name comes first.
const keyOf = (stage, word) => (stage.control(word) ? `shown_${word}` : word);

// Writing --------------------------------------------------------------------------------------------------------------

const written = (value) => (Array.isArray(value) ? value.map((v) => v.toString()).join(Array.isArray(value[0]) ? ";" : ",") : String(value));

function queryOf(stage, { values, step = null, focus, pins = [] }) {
  const query = new URLSearchParams(Object.entries(changed(stage, values, (name) => stage.spec.initial[name])).map(([name, value]) => [name, written(value)]));
  if (focus) query.set(keyOf(stage, "focus"), focus);
  if (step !== null) query.set(keyOf(stage, "step"), step);
  for (const pin of pins) query.append(keyOf(stage, "pin"), queryOf(stage, { values: pin.values, focus: pin.focus }));
  return query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

export function addressOf(stage) {
  const address = new URL(window.location.href), { focus, pins } = stage.ui;
  address.hash = `${nameOf(stage)}?${queryOf(stage, { values: stage.values, step: stage.transport.step, focus, pins })}`;
  return address.href;
}

// Reading --------------------------------------------------------------------------------------------------------------

// { values, step, focus, pins } of the address, for this figure; { problem } where it cannot be read; null where it asks for
// another figure, or for none.
export function linkIn(address, stage) {
  const asked = address.replace(/^#/, ""), at = asked.indexOf("?");
  if (at < 0) return linkBefore(asked, stage);
  if (asked.slice(0, at) !== nameOf(stage)) return null;
  try {
    return settingIn(asked.slice(at + 1), stage);
  } catch (problem) {
    return { problem };
  }
}

function settingIn(query, stage) { // throws a sentence
  const setting = { values: { ...stage.spec.initial }, step: null, focus: "", pins: [] };
  for (const [name, text] of new URLSearchParams(query)) {
    const control = stage.control(name);
    if (control) setting.values[name] = read(control, text);
    else if (name === keyOf(stage, "focus")) setting.focus = text;
    else if (name === keyOf(stage, "pin")) { if (setting.pins.length < PINS) setting.pins.push(settingIn(text, stage)); }
    else if (name === keyOf(stage, "step")) setting.step = stepIn(text);
    else throw `This link asks for ${name}, which this figure does not have.`;
  }
  return setting;
}

function stepIn(text) {
  if (!/^\d+$/.test(text)) throw `This link asks for step “${text}”, which is no whole number.`;
  return Number(text);
}

const READ = { choice: (text) => text, toggle: (text) => ({ true: true, false: false })[text], range: number, point: place, walk: (text) => every(text.split(";").map(place)) };
const SHAPE = { choice: "a word", toggle: "true or false", range: "a number", point: "two numbers such as 1,2", walk: "places such as 1,2;3,4" };

function read({ name, kind, values }, text) {
  const value = READ[kind](text);
  if (value === undefined) throw `This link asks for ${name} “${text}”; it must be ${SHAPE[kind]}.`;
  // As it is shown is as it is typed: 0.3 means the value of the slider that reads 0.3.
  return kind === "range" ? values.find((known) => show(known) === show(value)) ?? value : value;
}

function number(text) {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

const every = (parts) => (parts.includes(undefined) ? undefined : parts);

function place(text) {
  const parts = text.split(",").map(number);
  return parts.length === 2 ? every(parts) : undefined;
}

// The form of a link until November 2026: #figure=…&setting=JSON.
function linkBefore(address, stage) {
  const asked = new URLSearchParams(address), { el, root } = stage;
  const known = [nameOf(stage), el.dataset.figure, String([...document.querySelectorAll(".oc-explorer")].indexOf(root) + 1)];
  if (!asked.has("setting") || !known.includes(asked.get("figure"))) return null;
  try {
    const { values = {}, step = null, focus = "", pins = [] } = JSON.parse(asked.get("setting"));
    const whole = (some) => ({ ...stage.spec.initial, ...some });
    return { values: whole(values), step: Number.isInteger(step) ? step : null, focus: String(focus), pins: pins.slice(0, PINS).map((pin) => ({ values: whole(pin.values), focus: String(pin.focus || "") })) };
  } catch {
    return { problem: "The setting in this link cannot be read." };
  }
}

// Why this page cannot show a setting, as a sentence; "" where it can.
export function problemWith(stage, { values, pins }) {
  const listed = { choice: true, toggle: true, range: true };
  for (const one of [values, ...pins.map((pin) => pin.values)]) {
    for (const [name, value] of Object.entries(one)) {
      const control = stage.control(name);
      if (!control) return `This link asks for ${name}, which this figure does not have.`;
      const [least, most] = [control.values[0], control.values[control.values.length - 1]];
      const drawn = stage.link.live && control.kind === "range" && value >= least && value <= most;
      const known = drawn || control.values.some((v) => same(v, value)) || same(value, stage.spec.initial[name]);
      if (listed[control.kind] && !known) return `This link asks for ${name} ${show(value)}, which this page does not have.`;
    }
    if (stage.link.live) continue;
    const moved = Object.keys(changed(stage, one, (name) => stage.spec.initial[name]));
    if (moved.length > 1) return `This link moves ${moved.join(" and ")} together; this page draws one at a time. Open the notebook to see it.`;
    if (moved.some((name) => !stage.conversation.covered().has(name))) return `This link moves ${moved[0]}, which this page cannot draw by itself: open the notebook to see it.`;
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
