// After the first touch in a lesson, where the host and the browser allow it, the whole course is kept for visits without a network
// (offline.js). A page that is not touched loads nothing for it, nor does one whose reader saves data. From a folder nothing is needed.

(() => {
  const { lesson, up } = document.body.dataset, worker = `${up}offline.js`;
  const without = (error) => console.info(`The course is not kept for visits without a network: ${error.message}`);
  let host = null;
  try { host = location.protocol.startsWith("http") && navigator.serviceWorker; } catch (error) { without(error); }
  if (!host) return;

  if (host.controller?.scriptURL === new URL(worker, location).href) { // this page comes from what is kept: is there a newer version?
    host.addEventListener("controllerchange", () => location.reload()); // now
    host.addEventListener("message", () => {
      const words = "A newer version of this course is here. It is shown once no other page of the course is open; what you wrote stays.";
      document.querySelector(".foot div").append(Object.assign(document.createElement("p"), { role: "status", className: "newer", textContent: words }));
    });
    host.getRegistration().then((found) => found?.waiting?.postMessage("take over"), without);
  }

  if (!lesson || navigator.connection?.saveData) return;
  const keep = () => {
    for (const touch of ["pointerdown", "keydown"]) removeEventListener(touch, keep);
    host.register(worker, { updateViaCache: "none" }).catch(without);
  };
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, keep);
})();
