// The first page: what is done, where to go on, and what was kept, to take along or to erase.

(() => {
  const place = document.querySelector("[data-done]");
  if (!place) return;
  const { work } = window.optcourse;
  const passed = (events) => new Set(events.filter((e) => e.kind === "check" && e.status === "passed").map((e) => e.id)).size;

  function show() {
    const all = work.all(), events = [...all.values()].flat().sort((a, b) => (a.time < b.time ? -1 : 1));
    place.hidden = !events.length;
    for (const row of document.querySelectorAll("[data-lesson-row]")) {
      const { lessonRow: name, exercises } = row.dataset, mine = all.get(name) ?? [], done = passed(mine);
      row.textContent = !mine.length ? "" : done && done >= Number(exercises) ? "✔ done" : `◐ begun, ${done} of ${exercises} exercises right`;
    }
    const last = [...all].filter(([, list]) => list.length).sort(([, a], [, b]) => (a.at(-1).time < b.at(-1).time ? 1 : -1))[0]?.[0];
    const link = place.querySelector("[data-go-on]"), row = last && document.querySelector(`[data-lesson-row="${CSS.escape(last)}"]`);
    link.hidden = !row;
    if (row) {
      link.href = `lessons/${last}.html`;
      link.textContent = `Go on with lesson ${last.slice(0, 2)}`;
    }
    place.querySelector("[data-sum]").textContent = `${events.length} answers are kept in this browser, and nowhere else.`;
    return events;
  }

  place.querySelector("[data-take]").addEventListener("click", () => {
    const lines = show().map((event) => `${JSON.stringify(event)}\n`).join("");
    const address = URL.createObjectURL(new Blob([lines], { type: "application/jsonl" }));
    Object.assign(document.createElement("a"), { href: address, download: "progress.jsonl" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
  place.querySelector("[data-erase]").addEventListener("click", () => {
    if (!confirm("Erase all answers and all code that this browser keeps of this course? They cannot be brought back.")) return;
    work.erase();
    show();
  });
  show();
})();
