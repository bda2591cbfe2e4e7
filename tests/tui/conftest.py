"""How the screen's tests wait: for what the app says, not until the process looks idle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from textual import app, pilot
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from mmplay.tui.play import stage

NEVER_MS = 10**9


@pytest.fixture(scope="session", autouse=True)
def styles_once() -> Iterator[None]:
    """Let all apps of this process share what their style sheets say: a fifth of an app's start."""
    parse, known = Stylesheet._parse_rules, dict[Any, list[RuleSet]]()

    def parsed(sheet: Stylesheet, css: str, *where: Any, **more: Any) -> list[RuleSet]:
        key = (css, where, *more.items(), *sheet._variables.items())
        if key not in known:
            known[key] = parse(sheet, css, *where, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parsed)
        yield


@pytest.fixture(autouse=True)
def no_guessing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away Textual's wait of 20 ms or more for the processor, thrice a key.

    Tests wait by `tests.tui.screens.settle` alone: for the keyboard, for the workers and for the
    drawing. One that asks for `guessing` is about something that none of these ends.
    """
    if "guessing" in request.fixturenames:
        return

    async def at_once(min_sleep: float = 0, max_sleep: float = 0) -> None:
        await asyncio.sleep(0)

    for module in (app, pilot):
        monkeypatch.setattr(module, "wait_for_idle", at_once)


@pytest.fixture
def guessing() -> None:
    """See `no_guessing`."""


@pytest.fixture
def held_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no move of a picture go on by itself: the test holds its clock, `Stage._tick`."""
    monkeypatch.setattr(stage, "STEP_MS", NEVER_MS)
