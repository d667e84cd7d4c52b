"""A scene's words as Python would write their numbers: with e and a plain minus."""

import re

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def plain(words: str) -> str:
    words = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(RAISED), words)
    return words.replace("−", "-").replace("∞", "inf")
