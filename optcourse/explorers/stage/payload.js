// What Python sends: the numbers of frames as bytes, and how a saved page keeps them (encode.py and page.py write them).

export function decode(meta, bytes) {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const arrays = meta.arrays.map(([offset, type, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = type === "f8" ? new Float64Array(buffer, offset, size) : new Float32Array(buffer, offset, size);
    data.shape = shape;
    return data;
  });
  const fill = (kept) => {
    const out = { ...kept };
    for (const key in out) if (out[key] && typeof out[key] === "object" && "array" in out[key]) out[key] = arrays[out[key].array];
    return out;
  };
  const marks = meta.marks.map(fill);
  const panels = meta.panels.map((p) => ({ xscale: "linear", yscale: "linear", title: "", weight: 1, ...p }));
  return meta.frames.map((frame) => ({
    ...frame,
    narration: frame.narration && fill(frame.narration),
    panels: frame.panels.map(([p, ms]) => ({ ...panels[p], marks: ms.map((m) => marks[m]) })),
  }));
}

export function bytesOf(view) {
  return view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export async function unsqueeze(text) { // see page.py, squeezed
  const packed = fromBase64(text);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true), planes = new Uint8Array(buffer, 4), rows = planes.length / 4;
  const out = new Uint8Array(planes.length);
  for (let k = 0; k < 4; k++) for (let i = 0; i < rows; i++) out[4 * i + k] = planes[k * rows + i];
  return out.subarray(0, size);
}
