// Scales: linear, logarithmic if values span decades, or symmetric logarithmic if they also cross zero.

const DECADES = 15;
const LINEAR_WIDTH = 0.7;

// Format a value with four digits.
function figure(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

// Choose a scale for curves, each a list of values.
function chooseScale(wanted, curves, fromZero) {
  let [low, high, least, most] = [Infinity, -Infinity, Infinity, 0];
  for (const values of curves) {
    let size = 0;
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      size = Math.max(size, Math.abs(value));
    }
    if (size > 0) [least, most] = [Math.min(least, size), Math.max(most, size)];
  }
  if (low > high) [low, high] = [0, 1];
  const positive = low > 0;
  const spans = positive ? high / low >= DECADES : most / least >= DECADES;
  let kind = wanted === "linear" || most === 0 || (wanted === "auto" && !spans) ? "linear" : "log";
  if (kind === "log" && !positive) kind = "symlog";
  if (kind === "linear" && fromZero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  return makeScale(kind, low, high, least);
}

function makeScale(kind, low, high, linearTo) {
  const raise = {
    linear: (value) => value,
    log: (value) => (value > 0 ? Math.log10(value) : NaN),
    symlog: (value) => {
      const size = Math.abs(value) / linearTo;
      return Math.sign(value) * (size > 1 ? LINEAR_WIDTH + Math.log10(size) : LINEAR_WIDTH * size);
    },
  }[kind];
  let [bottom, top] = [raise(low), raise(high)];
  const room = top > bottom ? (top - bottom) * 0.04 : kind === "linear" ? Math.abs(top) * 0.1 || 1 : 0.1;
  [bottom, top] = [bottom - (kind === "linear" && low === 0 ? 0 : room), top + room];
  const part = (value) => (raise(value) - bottom) / (top - bottom);
  return { part, ticks: ticksOf(kind, low, high, linearTo) };
}

function ticksOf(kind, low, high, linearTo) {
  if (kind === "linear") return roundTicks(low, high, 6);
  const powers = [];
  const first = Math.floor(Math.log10(kind === "log" ? low : linearTo));
  const last = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high))));
  const steps = last - first <= 2 ? [1, 2, 5] : [1];
  const stride = Math.ceil((last - first) / 6) || 1;
  for (let power = first; power <= last; power += stride) {
    powers.push(...steps.map((step) => step * 10 ** power));
  }
  if (kind === "log") return powers.filter((tick) => tick >= low && tick <= high);
  const larger = powers.filter((tick) => tick >= linearTo);
  return [...larger.map((tick) => -tick), 0, ...larger].filter((tick) => tick >= low && tick <= high);
}

// Return round numbers within an interval, at most `about` of them.
function roundTicks(low, high, about) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / about));
  for (const factor of [1, 2, 2.5, 5, 10, 20]) {
    const step = factor * power;
    const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
    if (last - first < about) {
      const count = last - first + 1;
      return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
    }
  }
  return [low, high];
}
