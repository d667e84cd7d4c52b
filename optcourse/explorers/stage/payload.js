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
  const marks = meta.marks.map(fill), fields = meta.fields.map(fill);
  const columns = (list) => list.map((one) => arrays[one.array]); // of a quantity: its value at a step is columns.map((c) => c[step])
  const runs = meta.runs.map((run) => ({ ...run, quantities: Object.fromEntries(run.quantities.map(([name, list]) => [name, columns(list)])) }));
  const panels = meta.panels.map((p) => ({ xscale: "linear", yscale: "linear", title: "", weight: 1, ...p }));
  return meta.frames.map((frame) => ({
    ...frame,
    narration: frame.narration && fill(frame.narration),
    runs: (frame.runs || []).map((r) => runs[r]),
    panels: frame.panels.map(([p, ms, f]) => ({ ...panels[p], marks: ms.map((m) => marks[m]), field: fields[f] })),
  }));
}

export function bytesOf(view) {
  return view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export async function unpack(block) { // see packing.py
  const stream = new Blob([block]).stream().pipeThrough(new DecompressionStream("deflate"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer()), head = new DataView(plain.buffer, 0, 8);
  const size = head.getUint32(0, true), length = head.getUint32(4, true);
  const words = JSON.parse(new TextDecoder().decode(plain.subarray(8, 8 + size)));
  const planes = plain.subarray(8 + size), rows = planes.length / 4, numbers = new Uint32Array(rows);
  for (let i = 0, sum = 0; i < rows; i++) {
    sum = (sum + (planes[i] | (planes[rows + i] << 8) | (planes[2 * rows + i] << 16) | (planes[3 * rows + i] << 24))) >>> 0;
    numbers[i] = sum;
  }
  return { words, data: new Uint8Array(numbers.buffer, 0, length), size: plain.length };
}
