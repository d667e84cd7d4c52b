// Save my work: the lesson as a notebook with the reader's code and answers, which JupyterLab opens and `optcourse grade` takes.
// What it carries, and what its checksum is: optcourse/saved.py.

(() => {
  const { work, python } = window.optcourse, button = document.querySelector("[data-save]");
  if (!button || !python) return;
  const said = document.querySelector("[data-saved]");
  const textOf = ({ source }) => [source].flat().join("");
  const bytesOf = (text) => new TextEncoder().encode(text);
  const whole = (text) => new TextDecoder().decode(bytesOf(text)); // half a character can stand in no file

  function crc32(bytes) {
    let sum = -1;
    for (const byte of bytes) {
      sum ^= byte;
      for (let k = 0; k < 8; k++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
    }
    return (~sum >>> 0).toString(16).padStart(8, "0");
  }

  async function save() {
    const notebook = structuredClone(await python.notebook()), events = work.events(), name = document.body.dataset.lesson;
    let mine = 0;
    for (const cell of notebook.cells) {
      const text = work.cells[cell.id]?.text;
      if (cell.cell_type !== "code" || typeof text !== "string" || text === textOf(cell)) continue;
      cell.source = whole(text).split(/(?<=\n)/);
      mine += 1;
    }
    const progress = whole(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const checksum = crc32(bytesOf([...notebook.cells.map(textOf), progress].join("\0")));
    Object.assign(notebook.metadata.optcourse ??= {}, { progress, checksum });
    const address = URL.createObjectURL(new Blob([`${JSON.stringify(notebook, null, 1)}\n`], { type: "application/x-ipynb+json" }));
    Object.assign(document.createElement("a"), { href: address, download: `${name}.ipynb` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
    return `Saved as ${name}.ipynb, with ${count(mine, "cell")} that you wrote and ${count(events.length, "answer")}. Hand it in, or open it in JupyterLab. Its checksum shows damage on the way; it proves nothing else: not who wrote it, nor where.`;
  }

  button.hidden = false;
  button.addEventListener("click", async () => {
    try { said.textContent = await save(); } catch (error) { said.textContent = `This could not be saved: ${error.message}.`; }
  });
})();
