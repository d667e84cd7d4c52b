// What a reader does on this site stays in this browser: by lesson, under the path of the site, so that two courses on one host do not
// meet. Events are those of the notebook's progress file (optcourse/progress.py), which `optcourse progress --add` reads.

(() => {
  const here = document.body.dataset, prefix = `optcourse:${new URL(here.up || "./", location.href).pathname}:`;
  const MOST = 2000; // events of a lesson
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const memory = new Map(); // where nothing may be kept: as long as the page is open

  function read(key) {
    let text = memory.get(key) ?? null;
    try { text = localStorage.getItem(key) ?? text; } catch { /* forbidden here */ }
    try {
      const { cells, events } = JSON.parse(text) ?? {};
      return {
        cells: isObject(cells) ? cells : {},
        events: Array.isArray(events) ? events.filter((e) => isObject(e) && [e.time, e.kind, e.id].every((part) => typeof part === "string")) : [],
      };
    } catch { // somebody else's text
      return { cells: {}, events: [] };
    }
  }

  function write(key, work) {
    const text = JSON.stringify(work);
    try { localStorage.setItem(key, text); } catch { memory.set(key, text); }
  }

  function keys(begin) {
    const found = new Set([...memory.keys()]);
    try { for (let k = 0; k < localStorage.length; k++) found.add(localStorage.key(k)); } catch { /* forbidden here */ }
    return [...found].filter((key) => key.startsWith(begin));
  }

  const mine = prefix + here.lesson, now = here.lesson ? read(mine) : null;

  window.optcourse.work = {
    cells: now?.cells ?? {},
    keep: () => { if (now) write(mine, now); },
    record(kind, id, fields) {
      if (!now) return;
      now.events = read(mine).events; // another tab may have added some
      now.events.push({ time: `${new Date().toISOString().slice(0, 19)}+00:00`, kind, id, ...fields });
      if (now.events.length > MOST) now.events.splice(0, now.events.length - MOST);
      write(mine, now);
    },
    events: () => now?.events ?? [],
    first: (kind, id) => now?.events.find((event) => event.kind === kind && event.id === id) ?? null,
    has: (kind, id, number) => Boolean(now?.events.some((event) => event.kind === kind && event.id === id && event.number === number)),
    // Every lesson's events, by the lesson's name.
    all: () => new Map(keys(prefix).map((key) => [key.slice(prefix.length), read(key).events])),
    erase() {
      for (const key of [...keys(prefix), ...keys("optcourse:predict:")]) { memory.delete(key); try { localStorage.removeItem(key); } catch { /* forbidden here */ } }
    },
  };
})();
