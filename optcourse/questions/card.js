// A question as it is asked: its choices as cards or a field for a number, and what is said when somebody has chosen. The same card
// in a notebook (through anywidget) and on a page. Chosen and true are both marked, each with words beside its colour.
// shell.py puts Pulse, which the figures use, before this.

const TICK = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M4 10.5 8.2 15 16 5.5"/></svg>';
const VALLEY = '<ellipse cx="32" cy="22" rx="29" ry="12"/>';
const own = Math.random().toString(36).slice(2); // every card of a notebook loads this file anew
let cards = 0;

function part(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// `data` has question, choices, drawings, unit, commit, watch; `label` stands before the question. `send(guess)` asks whoever knows;
// `show(answer)` of what is returned puts the answer there: guess, truth, right, says; or a complaint or an error, a sentence each.
function ask(el, data, label, send) {
  const name = `oc-question-${own}-${++cards}`;
  const heading = part("p", { className: "oc-asks", id: name, innerHTML: `<strong>${label}</strong> ${data.question}` });
  const told = part("div", { className: "oc-told", tabIndex: -1 });
  told.setAttribute("role", "status");
  const fieldset = part("fieldset");
  fieldset.setAttribute("aria-labelledby", name);
  const form = part("form", { className: "oc-question" }, heading, fieldset);
  const options = data.choices.map((words, k) => choice(data, words, k, name));
  const radios = options.map((option) => option.firstChild);
  let entry = null, button = null;
  if (options.length) {
    const list = part("div", { className: "oc-options" }, ...options);
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-labelledby", name);
    list.addEventListener("keydown", look);
    fieldset.append(list);
  } else {
    entry = part("input", { type: "text", inputMode: "decimal", id: `${name}-number`, autocomplete: "off" });
    entry.setAttribute("aria-describedby", name);
    fieldset.append(part("label", { className: "oc-entry" }, data.unit ? `Your number (${data.unit}):` : "Your number:", entry));
  }
  if (data.commit) fieldset.append(button = part("button", { type: "submit", textContent: "Commit" }));
  form.append(told);
  el.append(form);

  const guessed = () => (entry ? entry.value : radios.findIndex((radio) => radio.checked));
  const commit = (event) => { event?.preventDefault(); if (!fieldset.disabled) send(guessed()); };
  form.addEventListener("submit", commit);
  if (!data.commit) for (const radio of radios) radio.addEventListener("change", () => send(guessed()));
  if (entry) entry.addEventListener("keydown", (event) => { if (event.key === "Enter") commit(event); });

  const mark = (answer) => options.forEach((option, k) => {
    const mine = k === answer.guess, right = k === answer.truth;
    option.classList.toggle("oc-mine", mine);
    option.classList.toggle("oc-true", right);
    const words = [mine && "you said", right && (data.commit ? "this happens" : "right")].filter(Boolean).join(", and ");
    option.lastChild.innerHTML = right ? TICK + words : words;
  });
  const show = (answer, { old = false } = {}) => {
    if (answer.complaint || answer.error) { told.textContent = answer.complaint || answer.error; told.classList.toggle("oc-failed", Boolean(answer.error)); return; }
    if (radios[answer.guess]) radios[answer.guess].checked = true;
    else if (entry && old) entry.value = answer.guess;
    if (data.commit) { fieldset.disabled = true; button.textContent = "Committed"; }
    const speak = () => {
      mark(answer);
      told.innerHTML = answer.says;
      if (data.commit && !old) told.focus({ preventScroll: true }); // the button that had the focus is off now
    };
    const figure = data.watch && !old && document.querySelector(`.oc-explorer[data-name="${data.watch.figure}"]`);
    if (figure) watch(figure, data.watch, speak);
    else speak();
  };
  return { form, fieldset, show };
}

function choice(data, words, k, name) {
  const radio = part("input", { type: "radio", name, value: k });
  const drawn = data.drawings?.[k] ? `<svg viewBox="0 0 64 40" aria-hidden="true">${VALLEY}<path d="${data.drawings[k]}"/></svg>` : "";
  return part("label", { className: "oc-option" }, radio, part("span", { innerHTML: drawn }), part("span", { innerHTML: words }), part("em"));
}

function look(event) { // by itself an arrow key would choose, and in a quiz answer, every choice that it passes
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const radios = [...event.currentTarget.querySelectorAll("input:enabled")];
  radios[(radios.indexOf(event.target) + by + radios.length) % radios.length]?.focus();
}

// The picture answers first: the setting before is pinned, the new one is played, then the words come.
function watch(figure, { before, after }, speak) {
  const { stage } = figure.parentElement, calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  figure.scrollIntoView({ block: "nearest" });
  stage.compare(before, after, !calm).then(speak, speak);
}

// Hints: each a little more concrete, opened one at a time.
function hints(el, data, send) {
  const list = part("div", { className: "oc-hints" }), button = part("button", { type: "button" });
  button.setAttribute("aria-label", `Open the next hint for ${data.title}`);
  list.setAttribute("role", "status");
  const failed = part("p", { className: "oc-told" });
  failed.setAttribute("role", "status");
  const fieldset = part("fieldset", {}, button);
  el.append(part("div", { className: "oc-question" }, list, fieldset, failed));
  let open = 0;
  const name = () => {
    button.textContent = open < data.count ? `Hint ${open + 1} of ${data.count}` : "That was the last hint";
    button.setAttribute("aria-label", `${button.textContent}: ${data.title}`);
    button.disabled = open >= data.count;
  };
  const show = (answer) => {
    if (answer.error) { failed.textContent = answer.error; return; }
    for (const [k, words] of answer.hints.entries()) {
      if (k < open) continue;
      list.append(part("p", { className: "oc-advice", tabIndex: -1, innerHTML: `<strong>Hint ${k + 1} of ${data.count}</strong> ${words}` }));
    }
    const held = document.activeElement === button;
    open = answer.hints.length;
    name();
    if (held && button.disabled) list.lastChild.focus();
  };
  button.addEventListener("click", () => send(open + 1));
  name();
  return { fieldset, show };
}

function render({ model, el }) {
  const box = part("div", { className: "oc-card" });
  box.setAttribute("role", "group");
  box.setAttribute("data-lm-suppress-shortcuts", "true"); // keys belong to the question, not to the notebook
  box.addEventListener("keydown", (event) => event.stopPropagation());
  const gone = part("p", { className: "oc-gone" });
  gone.setAttribute("role", "status");
  el.append(box);
  const data = model.get("asked"), shown = new Map();
  const send = (number) => (guess) => pulse.send({ number, guess });
  const made = data.kind === "hints" ? [hints(box, data, send(0))]
    : data.kind === "words" ? (box.append(part("div", { innerHTML: data.words })), [])
    : data.questions.map((question, k) => ask(box, question, question.label, send(k)));
  box.append(gone);
  for (const node of box.querySelectorAll("input, button")) node.setAttribute("data-lm-suppress-shortcuts", "true");
  const draw = (old) => { // what has been answered, here or in another view
    for (const [number, answer] of Object.entries(model.get("told"))) {
      const key = JSON.stringify(answer);
      if (shown.get(number) !== key) made[number]?.show(answer, { old });
      shown.set(number, key);
    }
  };
  const pulse = new Pulse(model, (alive) => {
    gone.innerHTML = alive ? "" : "The notebook has stopped. <strong>Run this cell again</strong> to answer.";
    box.classList.toggle("oc-stopped", !alive);
    for (const { fieldset } of made) fieldset.classList.toggle("oc-off", !alive);
    for (const input of box.querySelectorAll("input, button")) input.disabled = !alive;
  });
  const hear = (message) => { pulse.heard(); if (message.number !== undefined) made[message.number].show(message); };
  const changed = () => draw(false);
  model.on("msg:custom", hear);
  model.on("change:told", changed);
  draw(true);
  return () => {
    model.off("msg:custom", hear);
    model.off("change:told", changed);
    pulse.close();
  };
}

// On a page nobody answers: what is said to each choice came along.
function askPage(el, data, changed = () => {}) {
  return data.questions.map((question, k) => {
    const made = ask(el, question, question.label, (guess) => {
      const answer = answerOn(question, guess);
      made.show(answer);
      if (!answer.complaint) changed(k, answer.guess, answer);
    });
    return { ...made, remember: (guess) => { const answer = answerOn(question, guess); if (!answer.complaint) made.show(answer, { old: true }); } };
  });
}

function answerOn(question, guess) {
  const { answers, answer, tolerance } = question;
  if (question.choices.length) return answers[guess] ?? { complaint: "Choose one of the answers first." };
  const number = Number(String(guess).trim().replace(",", ".") || NaN);
  if (!Number.isFinite(number)) return { complaint: "Type a number first, for instance 0.5 or 1e-3." };
  const right = Math.abs(number - answer) <= 1e-12 + tolerance * Math.abs(answer), found = answers[right ? 0 : 1];
  return { ...found, guess: number, says: found.says.replace("{guess}", () => `${number} ${question.unit || ""}`.trim()) };
}

export default { render };
