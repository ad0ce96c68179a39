"""A headless Chromium, spoken to by its DevTools protocol."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 60


def find_chromium():
    """Return the path of a Chromium; skip without one."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"NO CHROMIUM: none of {', '.join(NAMES)} is there to open pages with")


class Browser:
    """A Chromium with one page, which remembers what happened on it."""

    def __init__(self, folder: Path):
        websocket = pytest.importorskip(
            "websocket",
            reason="NO WEBSOCKET-CLIENT: pages are not opened in a browser",
        )
        self._process = subprocess.Popen(
            [
                find_chromium(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.events, self._n_sent, self._session = [], 0, None
        try:
            port, path = self._wait_for(folder / "DevToolsActivePort")
            self._socket = websocket.create_connection(
                f"ws://127.0.0.1:{port}{path}", timeout=_SECONDS
            )
            target = self.send("Target.createTarget", url="about:blank")["targetId"]
            attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.send(f"{domain}.enable")
        except BaseException:
            self._end()
            raise

    def _wait_for(self, file):
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            lines = file.read_text().split() if file.exists() else []
            if len(lines) == 2:
                return lines
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.skip("CHROMIUM DOES NOT START HERE: pages are not opened in a browser")

    def send(self, method, **params):
        """Return the result of a command."""
        self._n_sent += 1
        message = {"id": self._n_sent, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            found = json.loads(self._socket.recv())
            if found.get("id") == message["id"]:
                assert "error" not in found, found
                return found["result"]
            if "method" in found:
                self.events.append(found)

    def open(self, file: Path, *, scheme="light", media="", width=1280, height=900):
        """Show a file as a reader with such a screen sees it."""
        self.events.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", media=media, features=[feature])
        self.send("Page.navigate", url=file.as_uri())
        self.wait("document.readyState == 'complete' && location.protocol == 'file:'")

    def wait(self, condition):
        """Wait until an expression is true."""
        end = time.monotonic() + _SECONDS
        while not self.run(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.05)

    def run(self, script):
        """Return the value of an expression on the page."""
        found = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key):
        """Press and release a key."""
        codes = {"Tab": 9, "Enter": 13}
        texts = {"Enter": {"text": "\r"}}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **(texts.get(key, {}) if kind == "keyDown" else {}),
            )

    def close(self):
        """End the browser."""
        self._session = None
        self.send("Browser.close")
        self._socket.close()
        self._end()

    def _end(self):
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
