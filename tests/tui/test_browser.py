"""The screen in a real browser: a level to its end by keys, a replay, a second visitor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyte
import pytest

from mmplay.levels.catalogue import find_level
from tests.levels.proofs import answers_of

pytest.importorskip("textual_serve", reason="textual-serve is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")

TOP = Path(__file__).parents[2]
PATIENCE_MS = 60_000


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "mmplay", "serve", "--port", "0", "--keep", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(TOP), "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(
        command, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().decode().strip()
        server.send_signal(signal.SIGINT)
        assert server.wait() == 0


@pytest.fixture
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        one = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


class Visitor:
    """Somebody with a browser window of his own; what the socket brings is read as a terminal."""

    def __init__(self, browser: Any, address: str) -> None:
        self.context = browser.new_context(viewport={"width": 1000, "height": 600})
        self.asked: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page = self.context.new_page()
        with self.page.expect_websocket(timeout=PATIENCE_MS) as opened:
            self.page.goto(address)
        self.socket = opened.value
        query = parse_qs(urlsplit(self.socket.url).query)
        self.screen = pyte.Screen(int(query["width"][0]), int(query["height"][0]))
        self.stream = pyte.ByteStream(self.screen)
        self.socket.on("framereceived", self._take)

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.stream.feed(frame)

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        while text not in "\n".join(self.screen.display):
            self.socket.wait_for_event("framereceived", timeout=PATIENCE_MS)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


def play_l03(visitor: Visitor) -> None:
    """Play the third level of the list by right answers."""
    level = find_level("L03")
    visitor.sees("L03 Three lines on the glass")
    visitor.press("ArrowDown", "ArrowDown", "Enter")
    visitor.sees("Find out what each line is for")
    visitor.press("Enter")
    answers = answers_of(level)
    for number, (question, answer) in enumerate(zip(level.questions, answers, strict=True), 1):
        visitor.sees(f"question {number}/{len(answers)}")
        values = [option.value for option in question.options]
        visitor.press(*([str(values.index(answer) + 1)] if values else ["p", *answer, "Enter"]))
        visitor.sees(f"{number} of {len(answers)} right")
        visitor.press("Enter")
    visitor.sees("won")


def test_a_level_a_replay_and_a_second_visitor(browser: Any, address: str) -> None:
    first, second = Visitor(browser, address), Visitor(browser, address)
    play_l03(first)
    first.press("q", "q")
    first.sees("stars 3/60")
    second.sees("stars 0/60")

    second.press("2", "Enter")
    second.sees("frame 1/4")
    second.press(".")
    second.sees("frame 2/4")
    second.press("q")
    second.sees("stars 0/60")

    host = urlsplit(address).netloc
    assert {urlsplit(url).netloc for url in first.asked + second.asked} == {host}
    second.press("Control+q")
    second.page.get_by_text("Start again").click(timeout=PATIENCE_MS)
    first.sees("stars 3/60")
