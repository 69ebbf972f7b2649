// The choices of the reader, which every chart draws.

const whole = [data.begin, data.end];
const state = {
  quantity: "weighted", // or "raw"
  scale: "auto", // or "linear", "log"
  smoothing: 0.8,
  view: whole,
  cursor: null, // a position on the time axis
  hidden: new Set(), // names of curves
};
const listeners = [];
let scheduled = false;

// Change the state, and redraw all charts once before the next frame.
function update(change) {
  Object.assign(state, change);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    for (const listener of listeners) listener();
  });
}

// Show part of the time axis, within the run and at least two points wide.
function zoom(begin, end) {
  const least = (2 * (whole[1] - whole[0])) / data.stretches;
  const length = Math.min(Math.max(end - begin, least), whole[1] - whole[0]);
  const middle = (begin + end) / 2;
  const from = Math.min(Math.max(middle - length / 2, whole[0]), whole[1] - length);
  update({ view: [from, from + length] });
}
