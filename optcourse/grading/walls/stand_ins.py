"""What a submission finds, behind the walls, where grading has nothing: no plots, no widgets, no library of the course.

A stand-in is quiet, so that a plot in the cell of an answer costs nothing. It hands on what the real thing hands on
(`tqdm(range(9))`, `@njit`), and it notes who asks it for a value, so that nobody's answer fails without a reason.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types

# What stands in the course's own environment, and has nothing to say to an answer.
STAND_INS = "matplotlib mpl_toolkits IPython ipywidgets anywidget ipympl".split()
# Stand-ins that hand on what they are given, as the real things do: `tqdm(range(9))`, `@njit`, `ic(w)`.
ITERATE = "tqdm tqdm_notebook track progress_bar progressbar alive_it".split()
RANGES = "trange tnrange prange".split()
WRAP = "jit njit pjit lru_cache cache memoize profile interact compile".split()
PASS_ON = ["ic"]
MAX_TEXT = 500
TOUCHED: list[str] = []  # stand-ins that were called or used for a value
VALUED: list[str] = []  # stand-ins that were used for a value


class LeftOut:
    """What a submission finds where grading leaves something out: it does nothing, quietly, but it notes who asks for a value."""

    def __init__(self, name="", *args, **kwargs):
        object.__setattr__(self, "_left_out", name if type(name) is str else "")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOut(f"{self._left_out}.{name}")

    def __setattr__(self, name, value):
        pass

    def __call__(self, *args, **kwargs):
        _note(TOUCHED, self._left_out)
        name = self._left_out.rpartition(".")[2]
        if name in ITERATE and (args or "iterable" in kwargs):
            return HandedOn(args[0] if args else kwargs["iterable"])
        if name in RANGES and args:
            return HandedOn(range(*args))
        if name in WRAP and args and callable(args[0]):
            return args[0]
        if name in PASS_ON and args:
            return args[0] if len(args) == 1 else args
        if name == "display" and "display_id" not in kwargs:
            return None
        return LeftOut(self._left_out)

    def __enter__(self):
        return LeftOut(self._left_out)

    def asked_for_its_value(self, *args, **kwargs):
        _note(TOUCHED, self._left_out)
        _note(VALUED, self._left_out)
        return LeftOut(self._left_out)

    __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = asked_for_its_value
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = asked_for_its_value
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __pos__ = __abs__ = asked_for_its_value

    def __setitem__(self, key, value):
        pass

    def __bool__(self):
        self.asked_for_its_value()
        return False

    def __len__(self):
        self.asked_for_its_value()
        return 0

    def __float__(self):
        self.asked_for_its_value()
        return float("nan")

    def __lt__(self, other):
        self.asked_for_its_value()
        return False

    __gt__ = __le__ = __ge__ = __eq__ = __lt__
    __hash__ = object.__hash__

    def __int__(self):
        self.asked_for_its_value()
        raise TypeError(f"`{self._left_out}` is not there")

    def __round__(self, digits=None):
        return self.asked_for_its_value()

    __index__ = __complex__ = __int__

    def __exit__(self, *error):
        return False

    def __iter__(self):
        """Empty, but for `figure, axes = plt.subplots()`: as many as there are names on the left."""
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        if 0 <= at < len(code) - 1 and code[at] == UNPACK:
            return iter([LeftOut(self._left_out) for _ in range(code[at + 1])])
        self.asked_for_its_value()
        return iter([])

    def __format__(self, spec):
        return "…"

    def __repr__(self):
        return "…"


UNPACK = __import__("opcode").opmap["UNPACK_SEQUENCE"]


def _note(where, name):
    if len(where) < 100:
        where.append(name)


class HandedOn(LeftOut):
    """A progress bar: it goes through what it was given, and shows nothing."""

    def __init__(self, iterable):
        super().__init__("")
        object.__setattr__(self, "_iterable", iterable)

    def __iter__(self):
        return iter(self._iterable)

    def __len__(self):
        return len(self._iterable)

    def __bool__(self):
        return True

    def __enter__(self):
        return self


class StandIn(types.ModuleType):
    """A module that grading leaves out."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOut(f"{self.__name__}.{name}")


class StandIns:
    """Finds stand-ins for the modules that are left out, also where the real ones are installed."""

    def __init__(self, kept):
        self.kept = kept

    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root in STAND_INS or (root == "optcourse" and name not in self.kept):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


def decorated(decorator):
    """A decorator; one that is left out leaves the function as it is."""
    return (lambda thing: thing) if type(decorator) is LeftOut else decorator


def no_input(prompt=""):
    """Nobody is there to answer."""
    _note(TOUCHED, "input")
    _note(VALUED, "input")
    return ""
