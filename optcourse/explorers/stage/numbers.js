// Numbers as text: as Python writes them, in sentences about a step, on sliders.

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const RAISED = Object.fromEntries(Object.entries(SUPER).map(([plain, raised]) => [raised, plain]));
export const power = (e) => "10" + String(e).split("").map((c) => SUPER[c]).join("");

export function general(value, digits) {
  // Python's format(value, ".Ng")
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent >= digits) {
    const [m, e] = value.toExponential(digits - 1).split("e");
    const short = m.includes(".") ? m.replace(/\.?0+$/, "") : m;
    return short + "e" + e[0] + (e.length < 3 ? "0" : "") + e.slice(1);
  }
  const fixed = value.toFixed(Math.max(0, digits - 1 - exponent));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

// A number as a person reads it: three digits, a true minus, 2.0·10⁻⁵ and never 2e-05 (figures/numbers.py writes the same).
export function numeral(value, digits = 3) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent > 5) {
    const [mantissa, e] = value.toExponential(1).split("e");
    return mantissa.replace("-", "−") + "·" + power(Number(e));
  }
  return String(Number(value.toFixed(Math.max(0, Math.min(6, digits - 1 - exponent))))).replace("-", "−");
}

// Words that hold numbers as Python writes them: with true minuses, and powers of ten where there was an e.
export function typeset(words) {
  return words
    .replace(/(?<![\w.])(-?)(\d+(?:\.\d+)?)e([+-]\d+)/g, (_, minus, mantissa, e) => `${minus}${mantissa.includes(".") ? mantissa : mantissa + ".0"}·${power(Number(e))}`)
    .replace(/(^|[\s(=×·\[,])-(?=\d)/g, "$1−")
    .replace(/(^|[\s(=])(-?)inf\b/g, (_, before, minus) => before + (minus && "−") + "∞");
}

export function narrate(narration, step) {
  const numbers = narration.numbers;
  const [rows, columns] = numbers.shape;
  if (step >= rows && narration.last) return narration.last;
  const row = numbers.subarray(Math.min(step, rows - 1) * columns, (Math.min(step, rows - 1) + 1) * columns);
  return typeset(narration.template.replaceAll("{t}", String(step)).replace(/\{(\d+):(?:\.(\d+))?([gfed])\}/g, (_, i, digits, how) => {
    const value = row[Number(i)];
    if (how === "d") return String(Math.round(value));
    if (!Number.isFinite(value)) return general(value, 3);
    if (how === "f") return value.toFixed(Number(digits));
    if (how === "e") return value.toExponential(Number(digits));
    return general(value, Number(digits));
  }));
}

export const show = (v) => (typeof v === "number" ? typeset(general(v, 4)) : String(v));

export function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}

export function typedNumber(text) { // NaN where it is none
  return Number(text.trim().replaceAll("−", "-").replace(/·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/, (_, e) => "e" + [...e].map((c) => RAISED[c]).join("")) || NaN);
}

export function clamp(v, [lo, hi]) {
  return Math.max(lo, Math.min(hi, v));
}
