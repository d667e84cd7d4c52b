// Manners for the questions of a notebook: what ipywidgets leave out for people who use the keyboard or a screen reader.
// A group of choices is named by its question; arrow keys look at the choices and Space commits to one; what comes as an
// answer is announced; and when a button has done its work, the focus goes to what it brought.

function dress(box) {
  box.setAttribute("role", "group");
  box.setAttribute("data-lm-suppress-shortcuts", "true"); // keys belong to the question, not to the notebook
  box.addEventListener("keydown", (event) => event.stopPropagation());
  const own = "optcourse-" + Math.random().toString(36).slice(2); // every figure of a page loads this file anew
  let held = null, count = 0;
  box.addEventListener("focusin", (event) => { held = event.target; });

  const before = (node, selector) => { // the question stands before its choices
    const all = [...box.querySelectorAll(selector)];
    return all.filter((n) => n.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
  };
  const polish = () => {
    for (const text of box.querySelectorAll(".optcourse-question:not([id])")) text.id = `${own}-question-${++count}`;
    for (const group of box.querySelectorAll(".optcourse-choices .widget-radio-box:not([role])")) {
      group.setAttribute("role", "radiogroup");
      const question = before(group, ".optcourse-question");
      if (question) group.setAttribute("aria-labelledby", question.id);
      group.addEventListener("keydown", look, true);
      group.dataset.name = `${own}-choices-${++count}`;
    }
    for (const radio of box.querySelectorAll("[data-name] input[type=radio]:not([name])")) radio.name = radio.closest("[data-name]").dataset.name;
    for (const entry of box.querySelectorAll(".optcourse-number input:not([aria-describedby])")) {
      const question = before(entry, ".optcourse-question");
      if (question) entry.setAttribute("aria-describedby", question.id);
    }
    for (const answer of box.querySelectorAll(".optcourse-answer:not([aria-live])")) {
      answer.setAttribute("aria-live", "polite");
      answer.setAttribute("tabindex", "-1");
    }
  };
  polish();
  new MutationObserver((changes) => {
    polish();
    if (changes.some(({ target }) => target === held && target.disabled)) {
      const answer = [...box.querySelectorAll(".optcourse-answer")].filter((n) => n.textContent.trim()).pop();
      answer?.focus();
    }
  }).observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
}

function look(event) { // by itself an arrow key would answer, on its way, every choice that it passes
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const radios = [...event.currentTarget.querySelectorAll("input[type=radio]:enabled")];
  radios[(radios.indexOf(event.target) + by + radios.length) % radios.length]?.focus();
}

function render({ el }) {
  el.style.display = "none";
  let tries = 0;
  const find = () => { // the box is put together piece by piece
    const box = el.closest(".optcourse-box");
    if (box) { if (!box.dataset.manners) { box.dataset.manners = "true"; dress(box); } } else if (tries++ < 200) setTimeout(find, 50);
  };
  find();
}

export default { render };
