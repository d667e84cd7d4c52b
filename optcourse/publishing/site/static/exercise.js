// Cells of the reader's in the page, exercises above all: the cell is a field to write in, and Python in the page (python.js) runs and
// checks it. What is written stays in this browser, under the site's path and the lesson.

(() => {
  const { python } = window.optcourse;
  if (!python) return;
  const element = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  const { work } = window.optcourse; // work.cells: by cell its text, and whether it ran to its end
  let saving = 0; // what was typed last is not kept yet
  const keep = () => { clearTimeout(saving); saving = 0; work.keep(); };
  addEventListener("pagehide", () => { if (saving) keep(); });

  const INDENT = "    ";
  const insert = (field, text) => { if (!document.execCommand("insertText", false, text)) field.setRangeText(text, field.selectionStart, field.selectionEnd, "end"); };

  // CodeMirror comes with the first cell that is edited. Where it cannot be loaded, the plain text area stays.
  let editor = null;
  const better = () => {
    editor ??= python.script(`assets/${document.body.dataset.editor}`).then(() => window.optcourse.codemirror.editor, (error) => { console.warn(error); return null; });
    return editor;
  };

  class Exercise {
    constructor(place) {
      this.place = place;
      this.cell = place.dataset.edit;
      this.box = place.closest(".box, .cell");
      this.title = this.box.getAttribute("aria-label") ?? "A cell for you";
      this.given = place.querySelector("pre").textContent.replace(/\n$/, "");
      const { exercise = "" } = place.dataset; // its check and hints may stand further down
      this.said = document.querySelector(`[data-of="${exercise}"]`);
      this.check = this.said?.dataset.check;
      this.hints = [...document.querySelectorAll(`[data-hint="${exercise}"]`)];
      this.edit = element("button", { type: "button", className: "plain", textContent: "Edit", onclick: () => { this.open(); this.field.focus(); python.wake(); } });
      if (this.said) { // that it is not checked here
        this.said.hidden = true;
        addEventListener("optcourse:unable", () => { this.said.hidden = false; });
      }
      this.shown = place.nextElementSibling?.matches(".out") ? place.nextElementSibling : null; // what it printed when the page was made
      place.after(element("div", { className: "tools" }, this.edit));
      const kept = work.cells[this.cell];
      if (typeof kept?.text !== "string") return;
      this.open();
      if (kept.ended === true) python.ended.set(this.cell, kept.text);
      if (kept.right === true) this.say("It was right when you last checked it.");
    }

    open() {
      const { title } = this, field = element("textarea", { className: "editor", spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off", value: this.kept });
      const keys = element("p", { className: "keys", id: `keys-${this.cell}`, textContent: "The Tab key indents. Escape, then Tab, leaves the code." });
      field.setAttribute("aria-label", `${title}: your code`);
      field.setAttribute("aria-describedby", keys.id);
      field.setAttribute("autocorrect", "off");
      field.addEventListener("input", () => this.written());
      field.addEventListener("keydown", (event) => this.key(event));
      this.field = field;
      const act = (words, what, more = {}) => element("button", { type: "button", className: "plain", textContent: words, onclick: what, ...more });
      this.runs = [act("Run", () => this.run(), { title: "Shift+Enter" })];
      if (this.check) this.runs.push(act("Check", () => this.run(this.check), { title: "Ctrl+Enter" }));
      this.stop = act("Stop", () => python.stop(), { hidden: true });
      const { hints } = this;
      const hint = act("Hint", () => {
        const next = hints.find((node) => !node.open);
        if (next) next.open = true;
        (next ?? hints.at(-1)).scrollIntoView({ block: "nearest" });
      });
      this.tools = element("div", { className: "tools", role: "toolbar" }, ...this.runs, ...(hints.length ? [hint] : []), this.stop, act("Reset", () => this.reset()));
      this.tools.setAttribute("aria-label", `${title}: run and check`);
      this.state = element("p", { className: "state", role: "status" });
      this.out = element("div", { className: "answer" });
      this.out.setAttribute("aria-live", "polite");
      this.place.hidden = true;
      this.edit.parentElement.replaceWith(field, keys, this.tools, this.state, this.out);
      this.grow();
      this.improve(field);
    }

    async improve(field) {
      const text = field.value, edit = await better();
      if (!edit || field.value !== text) return; // what the reader has begun to write stays under the hand
      const focused = document.activeElement === field;
      const runs = ["Mod-Enter", "Ctrl-Enter"].map((key) => [key, () => this.run(this.check)]);
      this.field = edit(field, [["Shift-Enter", () => this.run()], ...runs], () => this.written());
      if (focused) this.field.focus();
    }

    get kept() { return work.cells[this.cell]?.text ?? this.given; }

    grow() { if (this.field.matches?.("textarea")) this.field.rows = Math.min(40, this.field.value.split("\n").length + 1); }

    written() {
      this.grow();
      work.cells[this.cell] = { text: this.field.value, ended: false };
      clearTimeout(saving);
      saving = setTimeout(keep, 300);
    }

    key(event) {
      const { field } = this;
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.run(event.shiftKey ? undefined : this.check);
      } else if (event.key === "Enter") { // the next line begins where this one does, and after a colon further in
        const line = field.value.slice(0, field.selectionStart).split("\n").pop();
        event.preventDefault();
        insert(field, `\n${/^ */.exec(line)[0]}${/:\s*(#.*)?$/.test(line) ? INDENT : ""}`);
      } else if (event.key === "Tab" && !event.shiftKey && !this.leaving) { // Escape, then Tab goes on
        event.preventDefault();
        insert(field, INDENT);
      }
      this.leaving = event.key === "Escape";
    }

    async run(check) {
      if (this.busy) return;
      const source = this.field.value, { cell } = this;
      this.set(true);
      this.out.replaceChildren();
      this.shown?.remove();
      const owner = {
        begun: () => this.say("Python is at it."), // it may have had to start first
        say: (sentence, act) => this.say(sentence, act),
        cancelled: () => { this.set(false); this.say("Stopped."); },
        failed: (sentence) => this.say(sentence),
        unable: (sentence) => this.say(sentence),
      };
      owner.begun();
      try {
        const { words } = await python.ask(check ? { act: "check", cell, source, check } : { act: "run", cell, source }, owner);
        this.say("");
        this.show(words, Boolean(check));
        python.ended.delete(cell);
        if (!words.error) python.ended.set(cell, source);
        const same = this.field.value === source, right = check ? words.events.some(({ status }) => status === "passed") : work.cells[cell]?.right === true;
        work.cells[cell] = { text: this.field.value, ended: !words.error && same, right: right && same };
        keep();
        for (const { kind, id, ...fields } of words.events) work.record(kind, id, fields);
        python.mended(words.mended);
      } catch (error) {
        this.say(`This could not be run: ${error.message}.`);
      }
      this.set(false);
    }

    set(busy) {
      this.busy = busy;
      this.stop.hidden = !busy;
      for (const button of this.runs) button.setAttribute("aria-disabled", String(busy));
    }

    say(sentence, act) {
      this.state.replaceChildren(...(sentence ? [sentence] : []));
      if (sentence && act && !this.busy) this.state.append(" ", element("button", { type: "button", className: "plain", textContent: "Cancel", onclick: act }));
    }

    show(words, checked) {
      const lines = (text, name) => element("pre", { className: name, textContent: text });
      if (words.html) this.out.innerHTML = words.html; // written by the course's own check, the reader's text in it escaped
      if (words.printed) this.out.append(lines(words.printed, "printed"));
      if (words.value) this.out.append(lines(words.value, "value"));
      if (words.error) this.out.append(element("p", { className: "wrong", textContent: words.error }));
      else if (!this.out.childNodes.length) this.say(checked ? "The check said nothing." : "Done. It printed nothing.");
    }

    reset() {
      if (this.field.value !== this.given && !confirm("Put the text of the lesson back? What you have written here is lost.")) return;
      this.field.value = this.given;
      delete work.cells[this.cell];
      python.ended.delete(this.cell);
      this.out.replaceChildren();
      this.say("");
      this.grow();
      keep();
    }
  }

  for (const place of document.querySelectorAll("[data-edit]")) new Exercise(place);
})();
