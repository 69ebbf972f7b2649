// The data of the runs: numbers are little-endian 32-bit floats in base64.

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

function column(packed, length) {
  if (packed.constant !== undefined) {
    const mean = new Float32Array(length).fill(packed.constant);
    return { mean, low: mean, high: mean };
  }
  const mean = numbers(packed.mean);
  if (!packed.low) return { mean, low: mean, high: mean };
  return { mean, low: numbers(packed.low), high: numbers(packed.high) };
}

// The values that a loss recorded in a run, while training or validating.
function unpackSeries(packed, run, runIndex) {
  const x = numbers(packed.x);
  return {
    run,
    runIndex,
    name: packed.name,
    objective: packed.objective,
    x,
    count: packed.count ? numbers(packed.count) : new Float32Array(x.length).fill(1),
    raw: column(packed.raw, x.length),
    weighted: column(packed.weighted, x.length),
    weight: column(packed.weight, x.length),
    broken: packed.broken,
    gap: usualGap(x),
    validation: Object.entries(packed.validation).map(([section, values]) =>
      ({ section, series: unpackSeries({ ...values, validation: {} }, run, runIndex) })),
  };
}

// Three times the median distance of neighbours: points further apart are not joined by a line.
function usualGap(x) {
  const gaps = [];
  for (let i = 1; i < x.length; i += 1) if (x[i] > x[i - 1]) gaps.push(x[i] - x[i - 1]);
  gaps.sort((a, b) => a - b);
  return gaps.length ? 3 * gaps[gaps.length >> 1] : Infinity;
}

// Return the length of the dashes of a validation section.
function dashOf(section) {
  return 5 + 4 * data.sections.indexOf(section);
}

const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs;
const series = runs.flatMap((run, index) => run.losses.map((packed) => unpackSeries(packed, run, index)));
const objectives = [...new Set(series.map((each) => each.objective))];
const several = runs.length > 1;
