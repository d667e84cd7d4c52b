// Reading a field at one place: the loss there and its slope, between the points of the grid (as figures/field.py samples it).

// {loss, gradient}; null where the place lies outside of the field.
export function readAt({ values, extent }, x, y) {
  const [rows, columns] = values.shape, [xlo, xhi, ylo, yhi] = extent;
  if (!(x >= xlo && x <= xhi && y >= ylo && y <= yhi)) return null;
  const across = weightsAt((x - xlo) / (xhi - xlo), columns), up = weightsAt((y - ylo) / (yhi - ylo), rows);
  let loss = 0, dx = 0, dy = 0;
  for (let j = 0; j < 4; j++) {
    let along = 0, slope = 0;
    for (let i = 0; i < 4; i++) {
      const value = beyond((r) => beyond((c) => values[r * columns + c], across.first + i, columns), up.first + j, rows);
      along += across.weights[i] * value;
      slope += across.slopes[i] * value;
    }
    loss += up.weights[j] * along;
    dy += up.slopes[j] * along;
    dx += up.weights[j] * slope;
  }
  return { loss, gradient: [dx / (xhi - xlo), dy / (yhi - ylo)] };
}

function weightsAt(part, count) { // of the four points around a place, and how each changes along the whole grid
  const place = part * (count - 1), cell = Math.max(0, Math.min(count - 2, Math.floor(place))), t = place - cell;
  const weights = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
  const slopes = [(4 - 3 * t) * t - 1, (9 * t - 10) * t, (8 - 9 * t) * t + 1, (3 * t - 2) * t];
  return { first: cell - 1, weights: weights.map((w) => w / 2), slopes: slopes.map((s) => (s / 2) * (count - 1)) };
}

function beyond(at, index, count) { // beyond its ends the grid goes on as a parabola
  if (index < 0) return 3 * at(0) - 3 * at(1) + at(2);
  if (index >= count) return at(count - 3) - 3 * at(count - 2) + 3 * at(count - 1);
  return at(index);
}

const HEIGHTS = new WeakMap(); // of a field's values

export function rangeOf({ values }) { // the lowest and the highest of a field
  if (!HEIGHTS.has(values)) HEIGHTS.set(values, { low: values.reduce((a, b) => Math.min(a, b), Infinity), high: values.reduce((a, b) => Math.max(a, b), -Infinity) });
  return HEIGHTS.get(values);
}
