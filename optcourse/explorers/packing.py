"""Tables of frames as they travel: one compressed block, the same over a comm, over HTTP and in a saved page.

Numbers come as float32 whose last byte is nothing (`encode`). Neighbours in an array differ little, so of each number only
the difference to the one before is kept; then all first bytes of every four, all second ones, …: like beside like. Plain
compression leaves 75 % of such a table, this 45 %.
"""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np

# The largest block that a control of a lesson may need: behind a hub a class shares one line. The sweep holds them to it.
WIRE_BYTES = 200_000
LEVEL = 6


def pack(words: dict, data: bytes) -> bytes:
    """A reply's words and numbers as one block. `unpack` of stage/payload.js, and of this module, open it."""
    written = json.dumps(words, allow_nan=False, separators=(",", ":")).encode()
    head = struct.pack("<II", len(written), len(data))
    return zlib.compress(head + written + _shuffled(data), LEVEL)


def unpack(block: bytes) -> tuple[dict, bytes]:
    """The words and the numbers of a block."""
    plain = zlib.decompress(block)
    size, length = struct.unpack_from("<II", plain)
    planes = np.frombuffer(plain, np.uint8, offset=8 + size).reshape(4, -1)
    differences = np.ascontiguousarray(planes.T).view("<u4").ravel()
    data = np.cumsum(differences, dtype=np.uint32).astype("<u4").tobytes()[:length]
    return json.loads(plain[8 : 8 + size]), data


def _shuffled(data: bytes) -> bytes:
    numbers = np.frombuffer(data + bytes(-len(data) % 4), "<u4")
    differences = np.diff(numbers, prepend=np.uint32(0)).astype("<u4")
    return differences.view(np.uint8).reshape(-1, 4).T.tobytes()
