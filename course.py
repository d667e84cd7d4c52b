#!/usr/bin/env python3
"""The course in one command. All it needs is Python 3.11 or newer.

    python3 course.py lab        open the lessons in JupyterLab
    python3 course.py progress   what you have done so far
    python3 course.py check      run a notebook and show what its checks say
    python3 course.py report     which mistakes a class made, from its marks
    python3 course.py slides     give a lesson as a lecture
    python3 course.py site       write the course as static web pages
    python3 course.py grade      grade a folder of notebooks
    python3 course.py hub        print what a JupyterHub needs
    python3 course.py nbgrader   lay the course out for nbgrader
    python3 course.py build      make the notebooks from their sources
    python3 course.py test       prove that everything holds
    python3 course.py bench      repeat the measurements
    python3 course.py doctor     what is installed, what is missing, and what for
    python3 course.py update     how a newer course comes beside your work

On Windows, type `py course.py` in place of `python3 course.py`. What a command takes: `python3 course.py slides --help`.

The first run makes a folder `.venv` beside this file and installs the course into it, which takes a few
seconds with uv and about half a minute with pip. Later runs start at once. Every word is handed to the
`optcourse` command inside. Delete `.venv` and nothing is left behind. docs/promises.md says what is held when two
set-ups run at once, or one is interrupted.

OPTCOURSE_NO_UV=1 uses pip even where uv is on the path.
"""
# The standard library alone, and no syntax newer than Python 3.6: an old Python must be able to read this
# file far enough to say that it is too old.

import ast
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time

try:
    import ctypes
except ImportError:  # a Python may be built without it
    ctypes = None

MINIMUM = (3, 11)
VERIFY = "--verify"  # a word of this file to itself, run by the Python of .venv
THEIRS = "Somebody else made this .venv: it is never deleted.\n"
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
# written last: there is one only where set-up came to its end
STAMP = os.path.join(VENV, "optcourse-stamp.json")
UNFINISHED = os.path.join(VENV, "optcourse-unfinished")  # written first, deleted last
TRASH = VENV + ".trash"
LOCK = VENV + ".lock"  # held while a set-up works, also by its installer; it says who that is

# Two retries, not pip's five: a person without a network should not wait for minutes to be told so.
PIP_INSTALL = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries=2"]

# Variables that put other modules in the place of the course's own, or run a file of somebody's in every kernel.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONPLATLIBDIR")
# Of the variables for pip and uv, those that say how packages are reached and kept. The others say what is
# installed and where to, which is ours to say.
REACHING = re.compile(
    "INDEX|LINKS|CACHE|CERT|TLS|PROXY|HOST|TIMEOUT|RETRIES|KEYRING|CONFIG_FILE|OFFLINE|NETWORK|CONCURRENT"
    "|LINK_MODE|PYTHON_INSTALL|PYTHON_DOWNLOADS|MIRROR|TOKEN|AUTH|CREDENTIAL|DISABLE_PIP|USE_FEATURE"
)

# Which optional requirements of pyproject.toml a command needs.
EXTRAS = {"test": ["test"], "bench": ["test", "bench"], "nbgrader": ["nbgrader"]}

# CI compares the optimizers with the real torch. It is no requirement of the project: elsewhere the recorded
# values do, and nobody downloads it to run the tests. Only pip (not uv) finds the CPU build on machines that
# keep it in a folder of files.
TORCH = "2.13.0"

# What a failed command printed -> what to tell the person. The first line that fits is used.
DIAGNOSES = [
    (
        ("No space left on device", "Disk quota exceeded"),
        "The disk is full. The course needs about 450 MB (700 MB with the tests) in {root}.",
    ),
    (
        ("Permission denied", "Read-only file system", "Access is denied"),
        "Something could not be written. Is {root} yours?\n"
        "Copy the course to a folder of your own and try there.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate", "SSLError"),
        "The package index was reached, but its certificate was not accepted. Behind the proxy of a\n"
        "company or a university, ask for its certificate file and\n"
        "set PIP_CERT (pip) or SSL_CERT_FILE (uv) to it.",
    ),
    (
        (
            "NewConnectionError",
            "Failed to establish a new connection",
            "Temporary failure in name resolution",
            "Name or service not known",
            "getaddrinfo failed",
            "dns error",
            "error sending request",
            "Failed to fetch",
            "Could not connect",
            "Connection refused",
            "Network is unreachable",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "timed out",
            "ProxyError",
        ),
        "The package index could not be reached. Is this machine online? The first run downloads\n"
        "about 120 MB; after that the course needs no network. Behind a proxy, set HTTPS_PROXY.\n"
        "Then run the same command again.",
    ),
]


class Stop(Exception):
    """The set-up cannot go on. The text is what the person reads, and says what to do."""


def say(text):
    print("course: " + text)
    sys.stdout.flush()


def find_uv():
    return None if os.environ.get("OPTCOURSE_NO_UV") else shutil.which("uv")


# ---- which Python --------------------------------------------------------------------------------


def find_newer_python():
    """A Python on the path that is new enough and really starts, or None."""
    for minor in range(20, MINIMUM[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and python_version(found) >= MINIMUM:
            return found
    return None


def python_version(executable):
    """(major, minor) of a Python, or (0, 0) where it does not start."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        output = subprocess.check_output([executable, "-c", code], stderr=subprocess.DEVNULL, timeout=30)
        major, minor = output.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return (0, 0)


def require_new_enough_python(argv):
    """Go on with a newer Python where this one is too old and a newer one is at hand, else say what to do."""
    if sys.version_info[:2] >= MINIMUM or find_uv():  # uv finds or fetches a Python by itself
        return
    here = "Python {}.{}".format(*sys.version_info[:2])
    newer = find_newer_python()
    if newer is None:
        raise Stop(
            "This is {} ({}); the course needs Python {}.{} or newer, and none was found on the path.\n"
            "Install one from https://www.python.org/downloads/ or with your system's package manager, and\n"
            "call it by name, such as:  python3.12 course.py lab".format(here, sys.executable, *MINIMUM)
        )
    say(f"this is {here}, which is too old; going on with {newer}")
    command = [newer, os.path.join(ROOT, "course.py")] + argv
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(newer, command)


# ---- the environment -----------------------------------------------------------------------------


def fingerprint():
    """What the environment depends on. The folder is part of it, because an environment cannot be moved."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        requirements = hashlib.sha256(file.read()).hexdigest()
    return {"pyproject": requirements, "python": "{}.{}".format(*sys.version_info[:2]), "root": ROOT}


def read_stamp():
    """The stamp of a finished set-up; an empty one where there is none or it cannot be read."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
        return stamp if isinstance(stamp, dict) and isinstance(stamp.get("extras"), list) else {}
    except (OSError, ValueError):
        return {}


def is_ready(stamp, wanted, extras):
    return (
        os.path.exists(PYTHON)
        and not os.path.exists(UNFINISHED)
        and all(stamp.get(key) == value for key, value in wanted.items())
        and set(extras) <= set(stamp["extras"])
    )


def ensure_environment(extras):
    """Make `.venv` hold the project and these extras. Does nothing where it does already."""
    wanted = fingerprint()
    if is_ready(read_stamp(), wanted, extras):
        return
    if not os.access(ROOT, os.W_OK):
        raise Stop(
            f"The folder {ROOT} cannot be written by you, so the course cannot be set up in it.\n"
            "Copy it to a folder of your own and run the same command there."
        )
    with alone():
        stamp = read_stamp()  # again: another set-up may have done it while we waited
        if not is_ready(stamp, wanted, extras):
            set_up(wanted, stamp, extras)


def set_up(wanted, stamp, extras):
    uv, started = find_uv(), time.time()
    # Somebody's own .venv (`uv sync` makes one, for example) is installed into, and never deleted on the way.
    theirs = stamp.get("theirs", False)
    reason = why_anew(stamp, wanted)
    if reason:
        say(reason)
        theirs = False
        create_environment(uv)
    elif stamp:
        say("the requirements changed: bringing .venv up to date")
    else:
        say("found a .venv that this command did not make: installing into it")
        theirs = True
    mark_unfinished(theirs)
    extras = sorted(set(extras) | set(stamp.get("extras", [])))
    install(uv, extras)
    check_environment(extras)
    wanted = dict(wanted, extras=extras, theirs=theirs)
    with open(STAMP + ".part", "w", encoding="utf-8") as file:
        json.dump(wanted, file, indent=1)
    os.replace(STAMP + ".part", STAMP)
    os.remove(UNFINISHED)
    say(f"ready after {time.time() - started:.0f} s")


@contextlib.contextmanager
def alone():
    """Work in this folder alone. Where another set-up does, wait for its end, and say who it is."""
    handle = wait_for_lock()
    # The installer holds the lock, too: killed alone, this process would leave it behind, still writing.
    os.set_inheritable(handle, True)
    try:
        os.ftruncate(handle, 0)
        who = "process {} on {}, since {}".format(
            os.getpid(), socket.gethostname(), time.strftime("%H:%M:%S")
        )
        os.write(handle, who.encode("utf-8", "replace"))
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows deletes no open file
            os.remove(LOCK)
        os.close(handle)


def wait_for_lock():
    """The open lock, held by us."""
    said = None
    while True:
        handle = os.open(LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if try_lock(handle) and is_still(handle, LOCK):
                return handle
            if said is None or time.time() - said > 60:
                who = os.read(handle, 200).decode("utf-8", "replace") or "it just began"
                say(f"another set-up works in this folder ({who}): waiting for its end. Ctrl-C: not to wait")
                said = time.time()
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        time.sleep(0.2)


def try_lock(handle):
    """Whether the lock is ours now; also where the system has no locks, as on some network drives."""
    if os.name == "nt":
        import msvcrt

        os.lseek(handle, 1 << 20, os.SEEK_SET)  # far beyond the words, which others may read
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def is_still(handle, path):
    """Whether the file was not deleted, by the one whom we waited for."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


def why_anew(stamp, wanted):
    """Why `.venv` must be made from scratch, as a sentence, or None where it can be kept."""
    if not os.path.lexists(VENV):
        return "setting up .venv, once (later runs start at once)"
    if is_theirs(stamp):
        if python_version(PYTHON) < MINIMUM:
            raise Stop(
                "{} is there, but this command did not make it, and it holds no Python {}.{} or newer\n"
                "that starts. Move it away or delete it, and run the same command again.".format(
                    VENV, *MINIMUM
                )
            )
        return None
    if os.path.exists(UNFINISHED):
        # A package may lie there half-written and look whole to the installer.
        return "the last set-up did not come to its end: starting it again"
    if stamp and stamp.get("root") != wanted["root"]:
        return "the course's folder was moved: making .venv again"
    if stamp and stamp.get("python") != wanted["python"]:
        return ".venv was made with Python {} and this is {}: making it again".format(
            stamp.get("python"), wanted["python"]
        )
    if not os.path.exists(PYTHON):
        return "the Python that .venv was made with is gone: making .venv again"
    return None


def is_theirs(stamp):
    """Whether somebody else made `.venv`; a set-up of ours that ended too early left its mark."""
    if not os.path.exists(UNFINISHED):
        return stamp.get("theirs", not stamp)
    with open(UNFINISHED, encoding="utf-8") as file:
        return THEIRS in file.read()


def create_environment(uv):
    if uv is None:
        missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
        if missing:
            raise Stop(
                "This Python ({}) came without its module {}, which the set-up needs. One of these helps:\n"
                "  Debian, Ubuntu:  sudo apt install python{}.{}-venv\n"
                "  anywhere:        install uv (https://docs.astral.sh/uv/); it is used when on the path\n"
                "Then run the same command again.".format(
                    sys.executable, " and ".join(missing), *sys.version_info[:2]
                )
            )
    # Moved away before it is deleted: a deletion that is interrupted must not leave half of it under the real
    # name.
    delete(TRASH)
    if os.path.lexists(VENV):
        os.rename(VENV, TRASH)
    os.mkdir(VENV)
    mark_unfinished()
    if uv:
        python = sys.executable if sys.version_info[:2] >= MINIMUM else ">={}.{}".format(*MINIMUM)
        # --seed puts pip into it, for those who type `%pip install` in a notebook.
        run("making .venv with uv", [uv, "venv", "--allow-existing", "--seed", "--python", python, VENV])
    else:
        run("making .venv", [sys.executable, "-m", "venv", VENV])
    delete(TRASH)


def delete(path):
    """A folder, or a link to one that stays."""
    if os.path.islink(path):
        os.remove(path)
    elif os.path.isdir(path):
        shutil.rmtree(path)


def mark_unfinished(theirs=False):
    with open(UNFINISHED, "w", encoding="utf-8") as file:
        file.write("A set-up began and did not end. `python3 course.py lab` starts it again.\n")
        file.write(THEIRS * theirs)


def install(uv, extras):
    # Not the folder's own name: [, # and a space at its end mean something else to pip and uv.
    project = "." + ("[{}]".format(",".join(extras)) if extras else "")
    what = "the course" + (" and what its {} needs".format(" and ".join(extras)) if extras else "")
    if uv:
        run(f"installing {what} with uv", [uv, "pip", "install", "--python", PYTHON, "--editable", project])
    else:
        run(
            f"installing {what} with pip (half a minute or more)",
            PIP_INSTALL + ["--editable", project],
            **settings_of_pip(),
        )
    if (
        ROOT != ROOT.rstrip()
    ):  # a .pth file's lines end where their words do, so that this folder cannot stand in one
        site = run(
            "asking where packages go", [PYTHON, "-c", "import sysconfig as s; print(s.get_path('purelib'))"]
        )
        with open(os.path.join(site[-1], "optcourse-folder.pth"), "w", encoding="utf-8") as file:
            file.write(f"import sys; sys.path.append({ROOT!a})\n")


# ---- what was installed --------------------------------------------------------------------------


def check_environment(extras):
    """Stop where the environment does not hold what its own records say, or its packages do not start."""
    command = [PYTHON, "-I", os.path.join(ROOT, "course.py"), VERIFY] + extras
    try:
        run("looking at what was installed", command)
    except Stop as stop:
        raise Stop(
            f"{stop}\nIf it comes to the same end again, a download that was kept is broken: empty the cache of pip\n"
            "(`pip cache purge`) or of uv (`uv cache clean`)."
        ) from None


def look_again(extras):
    """For `doctor`: where the environment has lost something since, the next set-up makes it anew."""
    try:
        check_environment(extras)
    except Stop as stop:
        with alone():
            mark_unfinished(read_stamp().get("theirs", False))
        say(f"{stop}\n\n.venv is not whole: `python3 course.py lab` sets it up again.")


def faults(extras):
    """What is wrong with the environment that runs this, a sentence each. Only its own, newer Python comes here."""
    found = []
    places = {os.path.realpath(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    for place in places:
        for name in sorted(os.listdir(place)):
            if name.endswith(".dist-info") and not name.startswith("~"):  # pip's word for what it is deleting
                found += faults_of_files(place, name)
    for name in required(extras):
        found += faults_of_imports(name)
    try:
        cli = importlib.import_module("optcourse.cli")
        if not os.path.samefile(os.path.dirname(os.path.dirname(os.path.abspath(cli.__file__))), ROOT):
            found.append(f"optcourse is another one: {cli.__file__}")
    except Exception as error:
        found.append(f"optcourse does not start: {error!r}")
    return found


def faults_of_files(place, name):
    """Whether every file that a package lists is there, as long as it says."""
    import csv

    try:
        with open(os.path.join(place, name, "RECORD"), encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row and not row[0].endswith(".pyc")]
    except OSError:
        return [f"{name} has no list of its files"]
    wrong = [row[0] for row in rows if not is_whole(os.path.join(place, row[0]), (row + ["", ""])[2])]
    if not wrong:
        return []
    return [f"{name}: of {len(rows)} files, {len(wrong)} are missing or cut off, such as {wrong[0]}"]


def is_whole(path, size):
    try:
        return os.stat(path).st_size == int(size) if size else os.path.exists(path)
    except OSError:
        return False


def required(extras):
    """The names that pyproject.toml asks for."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    lines = list(project.get("dependencies", []))
    for extra in extras:
        lines += project.get("optional-dependencies", {}).get(extra, [])
    return [re.match(r"[\w.-]+", line).group() for line in lines]


def faults_of_imports(name):
    """Whether a package that we ask for starts."""
    import importlib.metadata

    try:
        files = importlib.metadata.distribution(name).read_text("RECORD") or ""
    except importlib.metadata.PackageNotFoundError:
        return [f"{name} is not installed"]
    for module in sorted(set(re.findall(r"^(\w+)/__init__\.py,", files, re.MULTILINE))):
        try:
            importlib.import_module(module)
        except (Exception, SystemExit) as error:
            return [f"{name} does not start: {error!r}"]
    return []


# ---- other installers and commands ---------------------------------------------------------------


def ensure_torch():
    """The pinned torch, for the benchmarks and for the live comparison in CI."""
    code = "import importlib.metadata as m; print(m.version('torch'))"
    found = subprocess.Popen([PYTHON, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    version = found.communicate()[0].decode().strip()
    if version.split("+")[0] == TORCH:
        return
    with alone():
        run(
            f"installing torch {TORCH} to compare with",
            PIP_INSTALL + ["torch==" + TORCH],
            **settings_of_pip(),
        )


def run(title, command, **variables):
    """Run one step of the set-up: its output as one moving line on a terminal, whole only where it fails."""
    say(title)
    environment = dict(own_environment(), PYTHONUNBUFFERED="1", VIRTUAL_ENV=VENV, **variables)
    lines, width = [], shutil.get_terminal_size().columns - 12
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
        close_fds=False,  # the lock; nothing else can be inherited
        preexec_fn=end_with_parent if ctypes and sys.platform == "linux" else None,
    )
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if "Retrying" in line and not any("Retrying" in earlier for earlier in lines[:-1]):
                say("the package index does not answer at once; trying again (this can take a minute)")
            if sys.stdout.isatty() and lines[-1].strip():
                sys.stdout.write("\r\033[K        " + lines[-1].strip()[:width])
                sys.stdout.flush()
        code = process.wait()
    except BaseException:  # Ctrl-C above all: never leave the installer running behind the person's back
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        process.stdout.close()
        if sys.stdout.isatty():
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()
    if code != 0:
        raise Stop(explain(title, lines))
    return lines


def end_with_parent():
    """In the installer: killed when we are. Elsewhere than on Linux it ends by itself, and holds the lock until then."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def settings_of_pip():
    """What a person's pip.conf says of how packages are reached, as variables; the rest of it is left out."""
    output = run(
        "reading pip's settings", [PYTHON, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    )
    found = {"PIP_CONFIG_FILE": os.devnull}
    for line in output:
        setting = re.match(r"[\w-]+\.([\w-]+)=('.*'|\".*\")$", line)
        name = "PIP_" + setting.group(1).upper().replace("-", "_") if setting else ""
        if REACHING.search(name) and name not in os.environ:
            found[name] = ast.literal_eval(setting.group(2))
    return found


def own_environment():
    """The variables without those that redirect Python, pip or uv; a person's own say nothing of this `.venv`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and (name[:4] != "PIP_" and name[:3] != "UV_" or REACHING.search(name))
    }
    return dict(kept, PYTHONNOUSERSITE="1")


def explain(title, lines):
    """Why a step failed, in a sentence where the reason is known, after the end of what it printed."""
    text = "\n".join(lines)
    tail = "\n".join("    " + line[:150] for line in lines[-10:])
    known = [sentence for signs, sentence in DIAGNOSES if any(sign in text for sign in signs)]
    if known:
        sentence = known[0].format(root=ROOT)
    else:
        sentence = (
            "The lines above say why. Run the same command again when it is mended: the set-up starts anew."
        )
        if "uv" in title:
            sentence += "\nTo go without uv, set OPTCOURSE_NO_UV=1."
    return f"failed: {title}\n{tail}\n\n{sentence}"


# ---- the command ---------------------------------------------------------------------------------


def hand_over(argv):
    """Become the `optcourse` command inside the environment, as if it had been activated."""
    left_out = [name for name in FOREIGN if os.environ.get(name)]
    if left_out:
        say("left out: {}. The course has packages of its own".format(", ".join(left_out)))
    environment = own_environment()
    environment.update(VIRTUAL_ENV=VENV, PATH=BIN + os.pathsep + os.environ.get("PATH", ""))
    # -P: a file in the current folder must not stand in for a module (a learner's numpy.py, say).
    command = [PYTHON, "-P", "-m", "optcourse.cli"] + argv
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(PYTHON, command, environment)
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # the command inside got it too, and ends in its own way


def interrupt(signum, frame):
    raise KeyboardInterrupt


def main(argv):
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal or pipe may not have every letter of a folder's name
            stream.reconfigure(errors="backslashreplace")
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    if argv[0] == VERIFY:
        found = faults(argv[1:])
        print("\n".join(found))
        return 1 if found else 0
    signal.signal(signal.SIGTERM, interrupt)
    try:
        require_new_enough_python(argv)
        extras = list(EXTRAS.get(argv[0], []))
        if any(word.split("=")[0] == "--scheduler" for word in argv):
            extras.append("cluster")
        ensure_environment(extras)
        if argv[0] == "doctor":
            look_again(read_stamp()["extras"])
        if argv[0] == "bench" or (argv[0] == "test" and os.environ.get("CI") == "true"):
            ensure_torch()
    except KeyboardInterrupt:
        print(
            "\ncourse: interrupted. Nothing is broken: the same command starts the set-up again.",
            file=sys.stderr,
        )
        return 130
    except Stop as stop:
        print(f"course: {stop}", file=sys.stderr)
        return 1
    except OSError as error:
        print("course: " + explain("setting up .venv", [str(error)]), file=sys.stderr)
        return 1
    return hand_over(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
