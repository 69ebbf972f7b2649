// Turns columns of numbers into SVG paths.

// The exponential moving average, corrected for the bias towards the first value.
function smoothed(values, factor) {
  if (!factor) return values;
  const found = new Float32Array(values.length);
  let [sum, weight] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isFinite(values[i])) {
      sum = sum * factor + values[i] * (1 - factor);
      weight = weight * factor + (1 - factor);
    }
    found[i] = Number.isFinite(values[i]) ? sum / weight : NaN;
  }
  return found;
}

// The first index at which x is at or above a position.
function indexAt(x, position) {
  let [from, to] = [0, x.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (x[middle] < position) from = middle + 1;
    else to = middle;
  }
  return from;
}

// The index nearest to a position.
function nearestIndex(x, position) {
  const after = Math.min(indexAt(x, position), x.length - 1);
  return after > 0 && position - x[after - 1] < x[after] - position ? after - 1 : after;
}

// The range of indices in view, and one more on each side.
function inView(x) {
  return [Math.max(indexAt(x, state.view[0]) - 1, 0), Math.min(indexAt(x, state.view[1]) + 1, x.length)];
}

// The ranges of indices without a gap and with finite heights.
function* unbroken(each, heights, from, to) {
  let begin = from;
  for (let i = from; i <= to; i += 1) {
    const ends = i === to || !Number.isFinite(heights[i]);
    if (ends || (i > begin && each.x[i] - each.x[i - 1] > each.gap)) {
      if (i > begin) yield [begin, i];
      begin = ends ? i + 1 : i;
    }
  }
}

function linePath(each, values, place) {
  const [from, to] = inView(each.x);
  const heights = Array.from({ length: to }, (_, i) => (i < from ? NaN : place.y(values[i])));
  let path = "";
  for (const [begin, end] of unbroken(each, heights, from, to)) {
    for (let i = begin; i < end; i += 1) {
      path += `${i === begin ? "M" : "L"}${place.x(each.x[i]).toFixed(1)} ${heights[i].toFixed(1)}`;
    }
    if (end === begin + 1) path += "h1.5"; // a point
  }
  return path;
}

function bandPath(each, column, place) {
  if (column.low === column.high) return "";
  const [from, to] = inView(each.x);
  const highs = Array.from({ length: to }, (_, i) => (i < from ? NaN : place.y(column.high[i])));
  let path = "";
  for (const [begin, end] of unbroken(each, highs, from, to)) {
    let back = "";
    for (let i = begin; i < end; i += 1) {
      const x = place.x(each.x[i]).toFixed(1);
      path += `${i === begin ? "M" : "L"}${x} ${highs[i].toFixed(1)}`;
      const low = place.y(column.low[i]);
      back = `L${x} ${(Number.isFinite(low) ? low : place.bottom).toFixed(1)}${back}`;
    }
    path += `${back}Z`;
  }
  return path;
}
