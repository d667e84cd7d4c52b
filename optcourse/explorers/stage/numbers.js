// Numbers as text: as Python writes them, in sentences about a step, on sliders.

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
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

export function narrate(narration, step) {
  const numbers = narration.numbers;
  const [rows, columns] = numbers.shape;
  if (step >= rows && narration.last) return narration.last;
  const row = numbers.subarray(Math.min(step, rows - 1) * columns, (Math.min(step, rows - 1) + 1) * columns);
  return narration.template.replaceAll("{t}", String(step)).replace(/\{(\d+):(?:\.(\d+))?([gfed])\}/g, (_, i, digits, how) => {
    const value = row[Number(i)];
    if (how === "d") return String(Math.round(value));
    if (!Number.isFinite(value)) return general(value, 3);
    if (how === "f") return value.toFixed(Number(digits));
    if (how === "e") return value.toExponential(Number(digits));
    return general(value, Number(digits));
  });
}

export const show = (v) => (typeof v === "number" ? general(v, 4).replace("e-0", "e-").replace("e+0", "e") : String(v));

export function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}

export function typedNumber(text) { // NaN where it is none
  return Number(text.trim().replace("−", "-") || NaN);
}

export function clamp(v, [lo, hi]) {
  return Math.max(lo, Math.min(hi, v));
}
