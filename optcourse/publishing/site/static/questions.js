// Predictions and quizzes on a page without a kernel.

function node(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// One question. A prediction is committed to, once; an answer of a quiz may be changed, each is told about.
function ask(el, data, name, label) {
  const commits = data.kind === "prediction";
  const form = node("form", { className: "question" });
  const fieldset = node("fieldset");
  const legend = node("legend", { innerHTML: `<strong>${label}</strong> ${data.question}` });
  const answer = node("div", { className: "answer" });
  answer.setAttribute("role", "status");
  fieldset.append(legend);
  const radios = data.choices.map((choice, k) => {
    const radio = node("input", { type: "radio", name, id: `${name}-${k}`, value: k });
    fieldset.append(node("div", { className: "choice" }, radio, node("label", { htmlFor: radio.id, innerHTML: choice })));
    return radio;
  });
  let number = null;
  if (!data.choices.length) {
    number = node("input", { type: "text", inputMode: "decimal", id: `${name}-number`, autocomplete: "off" });
    const words = data.unit ? `Your number (${data.unit})` : "Your number";
    fieldset.append(node("div", { className: "choice" }, node("label", { htmlFor: number.id, textContent: words + ":" }), number));
  }
  form.append(fieldset);
  if (commits) form.append(node("button", { type: "submit", textContent: "Commit" }));
  form.append(answer);
  el.append(form);

  const show = () => {
    const picked = radios.findIndex((radio) => radio.checked);
    if (number) {
      const guess = Number(number.value.trim().replace(",", "."));
      if (!number.value.trim() || !Number.isFinite(guess)) return void (answer.textContent = "Type a number first, for instance 0.5 or 1e-3.");
      const right = Math.abs(guess - data.answer) <= 1e-12 + data.tolerance * Math.abs(data.answer);
      answer.innerHTML = data.after[right ? 0 : 1].replace("{guess}", `${guess}${data.unit ? " " + data.unit : ""}`);
    } else {
      if (picked < 0) return void (answer.textContent = "Choose one of the answers first.");
      answer.innerHTML = data.after[picked];
    }
    if (!commits) return;
    fieldset.disabled = true;
    form.querySelector("button").disabled = true;
    form.querySelector("button").textContent = "Committed";
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  if (!commits) for (const radio of radios) radio.addEventListener("change", show);
}
