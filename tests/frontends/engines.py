"""Three browser engines behind one small driver: a page is opened, scripted, typed at, pointed at and looked at.

Chromium is driven by Playwright. Firefox and WebKitGTK speak WebDriver without a program of another's between: Firefox through
its Marionette socket, WebKitGTK through its WebKitWebDriver. Both take the same commands.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import os
import re
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image

from tests.conftest import free_port, stop_tree, until

SIZE = (1400, 1000)
KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Home": "\ue011", "End": "\ue010", "Enter": "\ue007"}
# Where distributions put WebKitGTK's own small browser, for the driver to start.
MINIBROWSERS = ("/usr/lib/*/webkit2gtk-4.?/MiniBrowser", "/usr/libexec/webkit2gtk-4.?/MiniBrowser")


class Engine:
    """A browser with one page. `name` is an engine's; what a page complained of is in `complaints()`."""

    def open(self, url: str) -> None:
        raise NotImplementedError

    def run(self, code: str, *arguments: Any) -> Any:
        """What the body of a function returns in the page; `arguments` are `arguments[0]` and so on there."""
        raise NotImplementedError

    def press(self, *keys: str) -> None:
        raise NotImplementedError

    def drag(self, *places: tuple[float, float]) -> None:
        """Go to the first place with the pointer, press, go to the others one after the other, let go."""
        raise NotImplementedError

    def click(self, x: float, y: float) -> None:
        # JupyterLab's menus open what a pointer has moved on, not what it has come to.
        self.drag((x, y))

    def screen(self) -> bytes:
        """A PNG of what is seen."""
        raise NotImplementedError

    def complaints(self) -> list[str]:
        """Errors in the console since the page was opened."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def wait(self, code: str, *arguments: Any) -> Any:
        """What the body of a function gives as soon as it is true."""
        return until(lambda: self.run(code, *arguments))

    def pixels(self, boxes: list[dict[str, float]]) -> list[bytes]:
        """What is seen in parts of the page, each given as {left, top, width, height} in CSS pixels."""
        image = Image.open(io.BytesIO(self.screen())).convert("RGB")
        scale = image.width / self.run("return window.innerWidth")
        corners = [(b["left"], b["top"], b["left"] + b["width"], b["top"] + b["height"]) for b in boxes]
        return [image.crop([round(scale * corner) for corner in box]).tobytes() for box in corners]


class Chromium(Engine):
    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self.hear)

    def hear(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

    def open(self, url: str) -> None:
        self.errors.clear()
        self.page.goto(url)

    def run(self, code: str, *arguments: Any) -> Any:
        return self.page.evaluate(
            f"(given) => (function () {{ {code} }}).apply(null, given)", list(arguments)
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, *places: tuple[float, float]) -> None:
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def screen(self) -> bytes:
        return self.page.screenshot()

    def complaints(self) -> list[str]:
        return self.errors

    def close(self) -> None:
        self.context.close()


class WebDriver(Engine):
    """The commands that Firefox and WebKit share; `send` gives one to the browser."""

    def send(self, command: str, **given: Any) -> Any:
        raise NotImplementedError

    def begin(self) -> None:
        width, height = SIZE
        self.send("WebDriver:SetWindowRect", x=0, y=0, width=width, height=height)
        self.send("WebDriver:SetTimeouts", script=120_000, pageLoad=240_000, implicit=0)

    def open(self, url: str) -> None:
        self.send("WebDriver:Navigate", url=url)

    def run(self, code: str, *arguments: Any) -> Any:
        return self.send("WebDriver:ExecuteScript", script=code, args=list(arguments))

    def press(self, *keys: str) -> None:
        codes = [KEYS.get(key, key) for key in keys]
        strokes = [{"type": kind, "value": code} for code in codes for kind in ("keyDown", "keyUp")]
        self.act({"type": "key", "id": "keys", "actions": strokes})

    def drag(self, *places: tuple[float, float]) -> None:
        def move(place: tuple[float, float], aside: int = 0) -> dict[str, Any]:
            x, y = (round(part) for part in place)
            return {"type": "pointerMove", "x": x - aside, "y": y, "origin": "viewport", "duration": 50}

        first, *rest = places
        steps = [move(first, 4), move(first), {"type": "pointerDown", "button": 0}]
        steps += [*map(move, rest), {"type": "pointerUp", "button": 0}]
        self.act({"type": "pointer", "id": "hand", "parameters": {"pointerType": "mouse"}, "actions": steps})

    def act(self, source: dict[str, Any]) -> None:
        self.send("WebDriver:PerformActions", actions=[source])

    def screen(self) -> bytes:
        return base64.b64decode(self.send("WebDriver:TakeScreenshot", full=False))


class Firefox(WebDriver):
    """Marionette: messages are `LENGTH:[type, id, command, parameters]` on a socket."""

    # No call home, no first page, no question at the end; what the console says is kept.
    SETTINGS = {
        "app.normandy.enabled": False,
        "app.update.enabled": False,
        "browser.safebrowsing.blockedURIs.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "browser.tabs.warnOnClose": False,
        "devtools.console.stdout.chrome": False,
        "devtools.console.stdout.content": True,
        "datareporting.policy.dataSubmissionEnabled": False,
        "extensions.update.enabled": False,
        "messaging-system.rsexperimentloader.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "toolkit.telemetry.enabled": False,
    }

    def __init__(self, program: str, folder: Path) -> None:
        port = free_port()
        lines = {**self.SETTINGS, "marionette.port": port}
        text = "".join(
            f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in lines.items()
        )
        (folder / "user.js").write_text(text)
        self.path, self.old = folder / "firefox.log", 0
        self.log = self.path.open("wb")
        command = [
            program,
            "--headless",
            "--marionette",
            "--no-remote",
            "--profile",
            str(folder),
        ]
        self.process = started(command, self.log, folder)
        self.socket = until(lambda: self.connected(port))
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self.read()  # who it is
        self.send("WebDriver:NewSession", acceptInsecureCerts=False)
        self.begin()

    def connected(self, port: int) -> socket.socket | None:
        assert self.process.poll() is None, self.path.read_text(errors="replace")[-2000:]
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=300)
        return None

    def read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self.stream.read(1)
            assert byte, "Firefox has closed the connection"
            length += byte
        return json.loads(self.stream.read(int(length[:-1])))

    def send(self, command: str, **given: Any) -> Any:
        self.number += 1
        text = json.dumps([0, self.number, command, given]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self.read()
        assert number == self.number
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def complaints(self) -> list[str]:
        lines = self.path.read_text(errors="replace")[self.old :].splitlines()
        # Firefox's own parts complain there, too; they put their names first, and a page's words are quoted.
        return [
            line
            for line in lines
            if re.match(r"console\.error: (?!\w+: )|JavaScript error: (https?|file|blob):", line)
        ]

    def open(self, url: str) -> None:
        self.old = len(self.path.read_text(errors="replace"))
        super().open(url)

    def close(self) -> None:
        self.stream.close()
        self.socket.close()
        stop_tree(self.process)
        self.log.close()


class WebKit(WebDriver):
    """WebDriver over HTTP, and MiniBrowser on a screen that nobody sees."""

    ROUTES = {
        "WebDriver:SetWindowRect": ("POST", "window/rect"),
        "WebDriver:SetTimeouts": ("POST", "timeouts"),
        "WebDriver:Navigate": ("POST", "url"),
        "WebDriver:ExecuteScript": ("POST", "execute/sync"),
        "WebDriver:PerformActions": ("POST", "actions"),
        "WebDriver:TakeScreenshot": ("GET", "screenshot"),
    }

    def __init__(self, program: str, minibrowser: str, folder: Path) -> None:
        self.path = folder / "webkit.log"
        self.log = self.path.open("wb")
        shown = screen_nobody_sees(self.log, folder)
        self.screen_process, display = shown
        self.port = free_port()
        self.session = ""
        self.process = started([program, f"--port={self.port}"], self.log, folder, DISPLAY=display)
        options = {"binary": minibrowser, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        until(self.answers)
        self.session = f"/session/{self.ask('POST', '/session', wanted)['sessionId']}"
        self.begin()

    def answers(self) -> bool:
        assert self.process.poll() is None, self.path.read_text(errors="replace")[-2000:]
        with contextlib.suppress(ConnectionRefusedError):
            return bool(self.ask("GET", "/status"))
        return False

    def ask(self, method: str, path: str, given: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            body = None if given is None else json.dumps(given)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def send(self, command: str, **given: Any) -> Any:
        method, path = self.ROUTES[command]
        return self.ask(method, f"{self.session}/{path}", given if method == "POST" else None)

    # WebKit keeps the console of an automated page to itself. So the page is written into one that listens already.
    LISTENING = """
        const said = window.complaints = [];
        addEventListener("error", (e) => said.push(`${e.message || e.target.outerHTML} ${e.filename || ""}`), true);
        addEventListener("unhandledrejection", (e) => said.push(`unhandled: ${e.reason}`));
        const { error } = console;
        console.error = (...words) => { said.push(words.map(String).join(" ")); error.apply(console, words); };
    """
    WRITTEN = f"""
        const [html, url] = arguments;
        document.open();
        {LISTENING}
        history.replaceState(null, "", url);
        document.write(html);
        document.close();
    """

    def open(self, url: str) -> None:
        if url.startswith("file:"):  # no page may write itself into another file's: it is heard from here on
            super().open(url)
            self.run(self.LISTENING)
            return
        # From a page of the same server without scripts, and without a rule against them as those of an API have:
        # the new one gets this one's window.
        super().open("/".join([*url.split("/")[:3], "robots.txt"]))
        with urllib.request.urlopen(url, timeout=240) as answer:
            self.run(self.WRITTEN, answer.read().decode(), url)
        self.wait("return document.readyState === 'complete'")

    def complaints(self) -> list[str]:
        return self.run("return window.complaints")

    def close(self) -> None:
        self.ask("DELETE", self.session)
        stop_tree(self.process)
        stop_tree(self.screen_process)
        self.log.close()


def started(command: list[str], log: Any, home: Path, **variables: str) -> subprocess.Popen:
    """A process with a home of its own, so that nobody's settings are read or written."""
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **variables}
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
    )


def screen_nobody_sees(log: Any, home: Path) -> tuple[subprocess.Popen, str]:
    """An X server without a screen, and its name; it takes a free number by itself and says which."""
    there, here = os.pipe()
    try:
        process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(here), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[here],
            start_new_session=True,
        )
    finally:
        os.close(here)
    with os.fdopen(there) as answer:
        number = answer.readline().strip()  # the end of it where Xvfb could not start
    assert number, Path(log.name).read_text(errors="replace")[-2000:]
    return process, f":{number}"


def minibrowser() -> str | None:
    found = [path for pattern in MINIBROWSERS for path in sorted(Path("/").glob(pattern[1:]))]
    return str(found[-1]) if found else None
