"""Plain values as JSON, both ways, between two processes of which one trusts nothing.

Numbers, texts, arrays of numbers, lists, tuples and dictionaries travel, and nothing else: no objects, no pickles,
no code. An array is its bytes in base64 with its shape and a type from a short list, so reading it takes no more
memory than the message itself. `decode` returns plain values or raises Unreadable, whatever it is given.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
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
    # an array of nothing may have a million rows, each of which would become an object
    if not all(type(n) is int and 0 <= n < 2**31 for n in shape) or (0 in shape and max(shape) > MAX_ITEMS):
        raise Unreadable("the answer holds an array of an impossible shape")
    raw = base64.b64decode(data["array"], validate=True)
    if len(raw) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise Unreadable("the answer holds an array whose shape does not fit its numbers")
    array = np.ndarray(shape, "|u1" if dtype == "|b1" else dtype, raw)
    array = array != 0 if dtype == "|b1" else array.copy()
    return array[()] if data.get("scalar") is True and not shape else array


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
    """JSON data out of bytes, or Unreadable. Counts the items before it makes objects of them."""
    if raw.count(b",") > MAX_ITEMS:
        raise Unreadable("the answer has too many parts")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the message is not readable") from error


def dumps(message: Any) -> bytes:
    """A message as bytes, headed by its length."""
    raw = json.dumps(message, separators=(",", ":")).encode()
    return len(raw).to_bytes(4, "big") + raw
