
// The worker behind a page: Python, which never blocks the page and can be ended at any time. It is made of a text, after Pyodide's own
// scripts, and asks nobody for anything: what Pyodide would fetch was handed to it.

(() => {
  const bytesOf = (texts) => {
    if (Uint8Array.fromBase64) {
      const parts = texts.map((text) => Uint8Array.fromBase64(text)), all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) { all.set(part, at); at += part.length; }
      return all;
    }
    const plain = atob(texts.join("")), all = new Uint8Array(plain.length);
    for (let k = 0; k < plain.length; k++) all[k] = plain.charCodeAt(k);
    return all;
  };
  // not by a Blob: the worker of a page that was opened from a folder may not read one in WebKit
  const inflated = (bytes) => new Response(new Response(bytes).body.pipeThrough(new DecompressionStream("deflate")));

  let lesson = null; // optcourse.inpage.Lesson

  async function start({ files, info, cells, replay }) {
    self.fetch = async (address) => { // what Pyodide asks for
      const name = String(address?.url ?? address).split("/").pop(), file = files[name];
      if (!file) throw new Error(`${name} is not here`);
      const bytes = bytesOf(file.texts), response = file.packed ? inflated(bytes) : new Response(bytes);
      return new Response(response.body, { headers: { "content-type": name.endsWith(".wasm") ? "application/wasm" : "application/zip" } });
    };
    // Where its code is refused, Pyodide tells only the console, and waits for ever.
    const { instantiateStreaming } = WebAssembly;
    const refused = new Promise((_, failed) => {
      WebAssembly.instantiateStreaming = (...given) => instantiateStreaming(...given).catch((error) => { failed(error); throw error; });
    });
    const python = await Promise.race([refused, loadPyodide({
      indexURL: "https://in-the-page.invalid/",
      lockFileContents: JSON.stringify({ info, packages: {} }),
      createPyodideModule: typeof _createPyodideModule === "function" ? _createPyodideModule : undefined,
    })]);
    python.unpackArchive(bytesOf(files["packages.zip"].texts), "zip", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
    lesson = python.pyimport("optcourse.inpage").Lesson(cells);
    return { words: JSON.parse(lesson.replay(replay)) };
  }

  function heard(answer) {
    if (!answer) return {};
    const [words, view] = [answer.get(0), answer.get(1)], buffer = view.getBuffer("u8");
    const data = buffer.data.slice(); // Python's own memory moves
    for (const proxy of [buffer, view]) proxy.release?.() ?? proxy.destroy?.();
    answer.destroy();
    return { words: JSON.parse(words), data };
  }

  const reply = ({ cell, message }) => heard(lesson.reply(cell, message));

  // A table comes in pieces: between two of them this worker hears what else is asked, and that nobody wants the table any more.
  const dropped = new Set();
  async function table({ cell, message }, id) {
    const pieces = lesson.reply_in_pieces(cell, message);
    try {
      let answer;
      for (;;) {
        const { value, done } = pieces.next();
        if (done) return heard(answer);
        answer = value;
        if (answer) continue;
        await new Promise((later) => { setTimeout(later); });
        if (dropped.delete(id)) return {};
      }
    } finally {
      dropped.delete(id);
      pieces.destroy();
    }
  }
  const drop = ({ table: id }) => { dropped.add(id); return {}; };

  const run = ({ cell, source }) => ({ words: JSON.parse(lesson.run(cell, source)) });
  const check = ({ cell, source, check: by }) => ({ words: JSON.parse(lesson.check(cell, source, by)) });
  const ACTS = { start, reply, table, drop, run, check };

  self.onmessage = async ({ data: { id, act, ...given } }) => {
    try {
      const answer = await ACTS[act](given, id);
      self.postMessage({ id, ...answer }, answer.data ? [answer.data.buffer] : []);
    } catch (error) {
      self.postMessage({ id, error: String(error.message ?? error).trim().split("\n").pop() });
    }
  };
})();
