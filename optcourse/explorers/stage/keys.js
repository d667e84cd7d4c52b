// The keys of a figure, while the focus is inside it and not in a text field. A map and a curve have more, see hand.js.

const ACTS = {
  " ": (stage) => stage.toggle(),
  ",": (stage) => stage.stepBy(-1),
  ".": (stage) => stage.stepBy(1),
  p: (stage) => stage.pins?.add(),
  z: (stage) => stage.history.undo(),
  f: (stage) => stage.tools.fill(),
};
const OWN = { " ": "button, select, input[type=checkbox], input[type=radio], summary, a" }; // these mean something else there

export function keyDown(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, act = ACTS[key];
  if (!act || event.target.matches("input[type=text], textarea")) return;
  if (OWN[key] && event.target.matches(OWN[key])) return;
  if (event.target.matches("select") && key.match(/^\w$/)) return; // a letter chooses there
  if (" ,.".includes(key) && stage.frame.num_steps === undefined) return;
  event.preventDefault();
  act(stage);
}
