"""Numbers as a person reads them: three digits, a true minus, 2.0·10⁻⁵ and never 2e-05 (stage/numbers.js writes the same)."""

from __future__ import annotations

import math
import re

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER = re.compile(r"(?<![\w.])(-?)(\d+(?:\.\d+)?)e([+-]\d+)")
_MINUS = re.compile(r"(^|[\s(=×·\[,])-(?=\d)")
_INFINITE = re.compile(r"(^|[\s(=])(-?)inf\b")


def power(exponent: int) -> str:
    return "10" + str(exponent).translate(_RAISED)


def number(value: float, digits: int = 3) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    if exponent < -4 or exponent > 5:
        mantissa, e = f"{value:.1e}".split("e")
        return mantissa.replace("-", "−") + "·" + power(int(e))
    shown = f"{value:.{max(0, min(6, digits - 1 - exponent))}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown == "-0" else shown.replace("-", "−")


def typeset(words: str) -> str:
    """Words that hold numbers as Python writes them: with true minuses, and powers of ten where there was an e."""
    words = _POWER.sub(lambda m: f"{m[1]}{m[2] if '.' in m[2] else m[2] + '.0'}·{power(int(m[3]))}", words)
    words = _MINUS.sub(r"\1−", words)
    return _INFINITE.sub(lambda m: m[1] + ("−" if m[2] else "") + "∞", words)
