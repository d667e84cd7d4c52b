"""Plain values as JSON, both ways, between two processes of which one trusts nothing.

Numbers, texts, arrays of numbers, lists, tuples and dictionaries travel, and nothing else: no objects, no pickles,
no code. An array is its bytes in base64 with its shape and a type from a short list, so reading it takes no more
memory than the message itself. `decode` returns plain values or raises Unreadable, whatever it is given.

A call asks for thousands of gradients, one after another. Such a question and its reply are arrays alone, and travel as
their bytes.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

DTYPES = "|b1 |i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 <f2 <f4 <f8 <c8 <c16".split()
MAX_DEPTH = 20
MAX_DIMENSIONS = 8
MAX_ITEMS = 200_000  # values in a message, each of which is a Python object; an array is one
LARGEST = 2**63


class Unreadable(ValueError):
    """What cannot be read; the text says why."""

    @property
    def reason(self) -> str:
        return str(self)


def encode(value: Any, special: Callable[[Any], Any] | None = None) -> Any:
    """A value as JSON data; TypeError where it is none of the plain ones.

    special: turns other things into data of their own; it returns None for what it does not know.
    """
    if special is not None and (data := special(value)) is not None:
        return data
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        if abs(value) >= LARGEST:
            raise TypeError("a whole number is too large")
        return value
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value)
    if kind in (list, tuple):
        items = [encode(item, special) for item in value]
        return items if kind is list else {"tuple": items}
    if isinstance(value, Mapping):
        return {"dict": [[encode(key), encode(item, special)] for key, item in value.items()]}
    raise TypeError(f"it holds a {kind.__name__}")


def _encode_array(value: Any) -> dict:
    array = np.asarray(value)
    if array.dtype.kind in "fc" and array.dtype.itemsize > {"f": 8, "c": 16}[array.dtype.kind]:
        array = array.astype(array.dtype.kind + "8" if array.dtype.kind == "f" else "c16")
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype.str not in DTYPES:
        raise TypeError(f"it holds an array of dtype {array.dtype}")
    data = {"array": base64.b64encode(array.tobytes()).decode(), "dtype": array.dtype.str}
    return data | (
        {"shape": list(array.shape)} if isinstance(value, np.ndarray) else {"scalar": True, "shape": []}
    )


def decode(data: Any, special: Callable[[Mapping], Any] | None = None) -> Any:
    """The way back. Returns plain values, or raises Unreadable; never anything else.

    special: makes something of a dictionary that is none of the known ones, or raises KeyError.
    """
    try:
        return _decode(data, special, 0)
    except Unreadable:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable("the answer is not in plain numbers") from error


def _decode(data: Any, special: Callable[[Mapping], Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unreadable("the answer is nested too deeply")
    if data is None or type(data) in (bool, float, str):
        return data
    if type(data) is int:
        if abs(data) >= LARGEST:
            raise Unreadable("a whole number in the answer is too large")
        return data
    if type(data) is list:
        return [_decode(item, special, depth + 1) for item in data]
    if "array" in data:
        return _decode_array(data)
    if "complex" in data:
        real, imaginary = data["complex"]
        return complex(float(real), float(imaginary))
    if "tuple" in data:
        return tuple(_decode(item, special, depth + 1) for item in data["tuple"])
    if "dict" in data:
        return {_key(key): _decode(item, special, depth + 1) for key, item in data["dict"]}
    if special is None:
        raise Unreadable("the answer is not in plain numbers")
    return special(data)


def _key(key: Any) -> Any:
    if type(key) not in (str, int, float, bool):
        raise Unreadable("a key of a dictionary is neither a text nor a number")
    return key


def _decode_array(data: Mapping) -> Any:
    """An array. Its bytes must be as many as its shape and type say, before anything is made of them."""
    dtype, shape = data["dtype"], data["shape"]
    if dtype not in DTYPES or type(shape) is not list or len(shape) > MAX_DIMENSIONS:
        raise Unreadable("the answer holds an array of an unknown kind")
    if not all(type(n) is int for n in shape) or not _possible(shape):
        raise Unreadable("the answer holds an array of an impossible shape")
    raw = base64.b64decode(data["array"], validate=True)
    if len(raw) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise Unreadable("the answer holds an array whose shape does not fit its numbers")
    array = np.ndarray(shape, "|u1" if dtype == "|b1" else dtype, raw)
    array = array != 0 if dtype == "|b1" else array.copy()
    return array[()] if data.get("scalar") is True and not shape else array


def _possible(shape: Sequence[int]) -> bool:
    # an array of nothing may have a million rows, each of which would become an object
    return all(0 <= n < 2**31 for n in shape) and not (0 in shape and max(shape) > MAX_ITEMS)


def has_text(value: Any) -> bool:
    """Whether a plain value is a text or has one in its parts. NumPy would make each entry as wide as the longest text."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            return True
        if isinstance(item, list | tuple):
            todo += item
        elif isinstance(item, Mapping):
            todo += item.values()
    return False


def loads(raw: bytes) -> Any:
    """JSON data out of bytes, or a packed question, or Unreadable. Counts the items before it makes objects of them."""
    if raw[:1] == QUESTION:
        return _question(raw)
    if raw.count(b",") > MAX_ITEMS:
        raise Unreadable("the answer has too many parts")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the message is not readable") from error


def dumps(message: Any) -> bytes:
    """A message as bytes, headed by its length; one that is packed stays as it is."""
    raw = message if type(message) is bytes else json.dumps(message, separators=(",", ":")).encode()
    return len(raw).to_bytes(4, "big") + raw


# -- packed: arrays alone --------------------------------------------------------------------------

QUESTION, REPLY = b"?", b"="  # JSON begins with neither
NOTHING, ARRAY, SCALAR, FLOAT = range(4)
CODES = {name: code for code, name in enumerate(DTYPES)}
TYPES = [np.dtype("|u1" if name == "|b1" else name) for name in DTYPES]
# Kind, type and number of dimensions, and the shape. All parts fill whole numbers of 8 bytes, so that no array lies askew.
HEADS = [struct.Struct(f"<BBB5x{dimensions}Q") for dimensions in range(MAX_DIMENSIONS + 1)]
MAX_PACKED = 20  # values


def pack_question(key: str, args: Sequence, kwargs: Mapping[str, Any]) -> bytes | None:
    """A question for the value of a case's callable; None where something in it is neither an array nor None."""
    head = "\0".join([key, *kwargs]).encode()
    data = _pack([*args, *kwargs.values()])
    if data is None or len(head) > 255 or "\0" in "".join(kwargs):
        return None
    return b"".join((QUESTION, bytes((len(head),)), head, bytes(-(2 + len(head)) % 8), data))


def pack_reply(value: Any) -> bytes | None:
    """A value as a packed message; None where it is no array and no float."""
    data = _pack([value])
    return None if data is None else REPLY + bytes(7) + data


def unpack_reply(raw: bytes) -> Any:
    """The value of a packed reply; an array is the reader's own."""
    [value] = _unpack(raw, 8)
    return value.copy() if isinstance(value, np.ndarray) else value


class Packed(dict):
    """A question that came packed: its values are read and tried already."""


def _question(raw: bytes) -> Packed:
    try:
        first = 2 + raw[1]
        key, *names = raw[2:first].decode().split("\0")
        values = _unpack(raw, first + -first % 8)
    except (IndexError, UnicodeDecodeError) as error:
        raise Unreadable("the message is not readable") from error
    positions = len(values) - len(names)
    if positions < 0 or first > len(raw):
        raise Unreadable("the message is not readable")
    named = dict(zip(names, values[positions:], strict=True))
    return Packed(ask=key, args=values[:positions], kwargs=named)


def _pack(values: Iterable) -> bytes | None:
    parts = []
    for value in values:
        if value is None:
            parts.append(HEADS[0].pack(NOTHING, 0, 0))
            continue
        kind = ARRAY if type(value) is np.ndarray else SCALAR
        if type(value) is float:
            kind, value = FLOAT, np.float64(value)
        elif not isinstance(value, np.ndarray | np.generic):
            return None
        code = CODES.get(value.dtype.str)
        if code is None or value.ndim > MAX_DIMENSIONS:
            return None
        data = value.tobytes()
        parts += (HEADS[value.ndim].pack(kind, code, value.ndim, *value.shape), data, bytes(-len(data) % 8))
    return b"".join(parts)


def _unpack(raw: bytes, at: int) -> list:
    """Arrays that nobody can write to, as they lie in the message; numbers, and None."""
    values: list = []
    while at < len(raw):
        try:
            kind, code, dimensions = raw[at : at + 3]
            head, dtype = HEADS[dimensions], TYPES[code]
            shape = head.unpack_from(raw, at)[3:]
        except (ValueError, IndexError, struct.error) as error:
            raise Unreadable("the message is not readable") from error
        at += head.size
        size = math.prod(shape) * dtype.itemsize if kind != NOTHING else 0
        single = kind != ARRAY
        if not _possible(shape) or size > len(raw) - at or (single and shape) or len(values) == MAX_PACKED:
            raise Unreadable("the message holds an array of an impossible shape")
        if kind == NOTHING:
            values.append(None)
            continue
        array = np.ndarray(shape, dtype, raw, at)
        if DTYPES[code] == "|b1":
            array = array != 0
        values.append(array if kind == ARRAY else float(array) if kind == FLOAT else array[()])
        at += size + -size % 8
    return values
