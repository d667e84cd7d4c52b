// Python in the page: loaded in pieces on the first value that no table has, in a worker, and ended by a click. Figures ask it what they
// ask a kernel in a notebook, exercises hand it their text. Nothing here loads anything before it is asked.

(() => {
  const { python: folder, notebook: lesson, up } = document.body.dataset;
  if (!folder) return;
  const script = (src) => new Promise((done, failed) => {
    const carried = document.querySelector(`script[data-carried="${src}"]`);
    if (carried) { // an exported lecture has inside what a page of the site has beside it
      const own = Object.assign(document.createElement("script"), { textContent: carried.textContent });
      carried.remove();
      document.head.append(own);
      own.remove();
      done();
      return;
    }
    document.head.append(Object.assign(document.createElement("script"), { src: up + src, onload: done, onerror: () => failed(new Error(`${src.split("/").pop()} cannot be loaded`)) }));
  });
  const MB = (bytes) => (bytes / 1e6).toFixed(1);
  const AT_ONCE = 3; // pieces that come at the same time
  const LONG = 3000; // ms of one answer, after which it is said, and can be stopped
  const COMES = "Python is starting; then it goes on here.";

  let manifest = null, notebook = null;
  const pieces = []; // texts
  let state = "asleep"; // "loading", "starting", "awake", "unable"
  let why = ""; // it is unable
  let round = 0; // goes up with each start, and when one is given up
  let worker = null, starting = null, number = 0;
  const waiting = []; // { rank, owner, ask, done, failed }, a table also { stale, dropped }, in the order in which they came
  let running = null, busy = 0; // what was asked, but no table
  let table = null; // the one that is being computed: it gives way to all else
  const ended = new Map(); // cells that the reader has run to their end: their texts, in the order in which they ended
  const drawn = new Set(); // cells whose figures draw a function of the reader's
  const stages = () => [...document.querySelectorAll("[data-call]")].map((el) => el.stage).filter(Boolean);

  // Starting -----------------------------------------------------------------------------------------------------------

  async function load(mine) {
    if (!manifest) await script(`${folder}/manifest.js`);
    await given();
    const sum = (wanted) => manifest.pieces.reduce((all, [, size], k) => all + (wanted(k) ? size : 0), 0), total = sum(() => true);
    const tell = () => say(`Python is coming, ${MB(sum((k) => pieces[k] !== undefined))} of ${MB(total)} MB; then it goes on here.`);
    tell();
    const missing = manifest.pieces.map((_, k) => k).filter((k) => pieces[k] === undefined);
    const one = async () => {
      while (missing.length && round === mine) {
        await script(`${folder}/${String(missing.shift()).padStart(2, "0")}.js`);
        if (round === mine) tell();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  async function given() { // the lesson as it is handed out
    if (!notebook) await script(lesson);
    return notebook;
  }
  const codeCells = () => notebook.cells.filter((cell) => cell.cell_type === "code").map(({ id, source }) => ({ id, source: [source].flat().join("") }));

  const textsOf = (file) => manifest.pieces.flatMap(([name], k) => (name === file ? [pieces[k]] : []));

  async function codeAddress() {
    const bytes = Uint8Array.from(atob(textsOf("code").join("")), (c) => c.charCodeAt(0));
    const code = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).blob();
    return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  }

  async function wake() {
    const mine = ++round;
    state = "loading";
    try {
      await load(mine);
      if (round !== mine) return;
      state = "starting";
      say(COMES);
      const address = await codeAddress();
      if (round !== mine) return;
      worker = new Worker(address);
      const files = Object.fromEntries(Object.entries(manifest.files).filter(([name]) => name !== "code").map(([name, packed]) => [name, { packed, texts: textsOf(name) }]));
      const { words: mended } = await new Promise((done, failed) => {
        starting = { done, failed };
        worker.onmessage = ({ data }) => heard(data);
        worker.onerror = (event) => { event.preventDefault(); failed(new Error(event.message || "the worker did not start")); };
        worker.postMessage({ id: 0, act: "start", files, info: manifest.info, cells: JSON.stringify(codeCells()), replay: JSON.stringify([...ended]) });
      });
      URL.revokeObjectURL(address);
      if (round !== mine) return;
      worker.onerror = (event) => { event.preventDefault(); giveUp((owner) => owner.failed(`Python has ended (${event.message || "without a reason"}). The next move starts it again.`)); };
      state = "awake";
      say("");
      window.optcourse.python.mended(mended);
      pump();
      for (const stage of stages()) stage.conversation.settle(); // tables for who has moved meanwhile
    } catch (error) {
      if (round !== mine) return;
      console.warn(error);
      why = `Python cannot start here (${error.message}). What is not greyed out works all the same. Loading this page again tries it anew.`;
      giveUp((owner) => owner.unable(why), "unable");
      for (const stage of stages()) stage.conversation.changed(false);
      dispatchEvent(new Event("optcourse:unable"));
    }
  }

  // Ends the worker; who has asked for something hears so.
  function giveUp(tell, next = "asleep") {
    const owners = new Set([running, table, ...waiting].filter(Boolean).map(({ owner }) => owner));
    say("");
    round += 1;
    worker?.terminate();
    worker = running = table = starting = null;
    waiting.length = 0;
    state = next;
    for (const owner of owners) { owner.cancelled(); tell(owner); }
  }

  const cancel = () => giveUp(() => {});

  function stop() { // ends what runs; the cells that had ended are run again
    giveUp(() => {});
    wake();
  }

  // The queue: what a reader has pressed, then a frame, then a table; the newest first, what is stale not at all ----------

  function say(sentence) {
    for (const owner of new Set(waiting.map((job) => job.owner))) owner.say(sentence, cancel);
  }

  function add(job) {
    if (state === "unable") { job.owner.cancelled(); job.owner.unable(why); return; }
    waiting.push(job);
    if (state === "asleep") wake();
    else if (state === "awake") pump();
    else if (state === "starting") job.owner.say(COMES, cancel);
  }

  function pump() {
    if (table?.stale()) drop();
    while (state === "awake" && !running && waiting.length) {
      const best = waiting.reduce((one, job) => (job.rank <= one.rank ? job : one));
      if (best.stale && table) return; // one table at a time
      waiting.splice(waiting.indexOf(best), 1);
      if (best.stale?.()) { best.dropped(); continue; }
      best.id = ++number;
      worker.postMessage({ id: best.id, ...best.ask });
      if (best.stale) { table = best; continue; }
      running = best;
      best.owner.begun?.();
      clearTimeout(busy);
      busy = setTimeout(() => { if (running === best) best.owner.say("Python is still working at this.", stop); }, LONG);
    }
  }

  function drop() { // nobody wants the table any more
    worker.postMessage({ id: ++number, act: "drop", table: table.id });
    table.dropped();
    table = null;
  }

  function heard({ id, error, ...answer }) {
    if (id === 0) { if (error) starting?.failed(new Error(error)); else starting?.done(answer); return; }
    const job = [running, table].find((one) => one?.id === id);
    if (!job) return;
    if (job === running) { running = null; clearTimeout(busy); } else table = null;
    job.owner.say("", null);
    if (error) job.failed(error); else job.done(answer);
    pump();
  }

  const owners = new WeakMap(); // of figures: one for all that a figure asks
  function ownerOf(stage) {
    if (!owners.has(stage)) owners.set(stage, {
      say: (sentence, stops) => stage.state("waking", sentence, { words: "Cancel", do: stops }),
      cancelled: () => { stage.state("waking", ""); stage.conversation.cancel(); },
      failed: (sentence) => stage.fail(sentence),
      unable: (sentence) => stage.fail(sentence),
    });
    return owners.get(stage);
  }

  window.optcourse.python = {
    manifest: (given) => { manifest = given; },
    piece: (k, text) => { pieces[k] = text; },
    notebook: given,
    lesson: (data) => { notebook = data; },
    get able() { return state !== "unable"; },
    get awake() { return state === "awake"; },
    ended, stop, script,
    wake: () => { if (state === "asleep") wake(); },
    // Something of the page's own, `owner` as above; the answer is promised.
    ask: (ask, owner) => new Promise((done, failed) => add({ rank: 0, owner, ask, done, failed: (error) => failed(new Error(error)) })),
    // A message of a figure: the answer is received as from a kernel.
    send(stage, message) {
      const { conversation } = stage, isTable = message.kind === "table";
      add({
        rank: isTable ? 2 : 1, owner: ownerOf(stage),
        ask: { act: isTable ? "table" : "reply", cell: stage.el.dataset.call, message: JSON.stringify(message) },
        // the hand has moved on, or the reader's function is another one: this table is of no use
        ...(isTable && { stale: () => conversation.fetching?.key !== message.key || conversation.key(message.control) !== message.key, dropped: () => conversation.fetched(message.key) }),
        done: ({ words, data }) => { if (words) conversation.receive(words, data ? [data.buffer] : []); },
        failed: (error) => conversation.receive({ kind: "error", key: message.key, sentence: `This picture could not be drawn: ${error}. It still shows the last one that could.` }, []),
      });
    },
    draws: (el) => drawn.has(el.dataset.call),
    // The reader's function is another one: figures of these cells forget what they were told of the one before.
    mended(list) {
      for (const cell of list) drawn.add(cell);
      for (const stage of stages()) if (list.includes(stage.el.dataset.call)) stage.conversation.forget();
      if (state === "awake") pump();
    },
  };
})();
