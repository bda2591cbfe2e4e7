"""The glossary screen, read as plain text at three sizes and driven by keys."""

from __future__ import annotations

import pytest

from mmplay.levels.catalogue import find_level
from mmplay.levels.glossary import glossary
from mmplay.tui.app import MmplayApp
from mmplay.tui.screens.glossary import GlossaryScreen
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.screens.play import PlayScreen
from tests.conftest import INCIDENT_NEXT
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in


@pytest.mark.parametrize("size", SIZES)
async def test_f8_opens_the_glossary_from_the_menu(size: tuple[int, int]) -> None:
    async with running(None, size) as pilot:
        screen = await press(pilot, "f8")
        assert isinstance(pilot.app.screen, GlossaryScreen)
        assert len(screen.splitlines()) == size[1]
        assert max(map(len, screen.splitlines())) <= size[0]
        count = len(glossary())
        for text in (
            *(f"glossary   {count} of {count} terms", "> terms", "DMA32", "zone of memory"),
            *("struct zone include/linux/mmzone.h (4.5)", "levels   L01", "/ search", "q back"),
        ):
            assert text in screen, text
        await press(pilot, "f8")
        assert isinstance(pilot.app.screen, MenuScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_on_the_term_of_the_number(size: tuple[int, int]) -> None:
    async with running(INCIDENT_NEXT, size) as pilot:
        screen = await press(pilot, "f8")
        assert "Pages on the zone's free lists." in screen
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, PlayScreen)
        await press(pilot, "down", "right", "right")
        screen = await press(pilot, "f8")
        assert isinstance(pilot.app.screen, GlossaryScreen)
        assert "free pages" not in screen.split("levels")[0]
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PlayScreen)


async def test_in_a_level_it_opens_on_a_term_of_the_question_and_the_menu_on_the_level() -> None:
    app = MmplayApp(level=find_level("L11"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert "╭─ PF_MEMALLOC ─" in await press(pilot, "f8")
        await press(pilot, "escape", "escape")
        assert isinstance(pilot.app.screen, MenuScreen)
        shown = await press(pilot, "tab", "shift+tab")
        assert "│L11 The fire-key" in shown.partition("levels and recordings")[2]
        assert "is kept" not in shown


async def test_the_cursor_shows_terms_and_enter_follows_links() -> None:
    async with running(None) as pilot:
        await press(pilot, "f8")
        screen = await press(pilot, "down")
        assert "╭─ DMA ─" in screen
        assert "the first 16 MB" in screen
        screen = await press(pilot, "enter")
        assert "> DMA ━" in screen
        screen = await press(pilot, "right", "enter")
        assert "> lowmem_reserve" in screen
        assert "above/ratio" in screen
        screen = await press(pilot, "enter")
        assert "> lowmem_reserve_ratio" in screen
        screen = await press(pilot, "backspace")
        assert "> lowmem_reserve ━" in screen
        screen = await press(pilot, "backspace")
        assert "> DMA ━" in screen
        screen = await press(pilot, "backspace")
        assert "> terms" in screen


async def test_searching_lists_the_best_first_and_escape_lists_all() -> None:
    async with running(None) as pilot:
        await press(pilot, "f8", "slash")
        screen = await type_in(pilot, "conntrack")
        assert "a tracked connection" in screen
        assert "conntrack: press Esc to list all terms again" in screen
        assert f"of {len(glossary())} terms" in screen
        await press(pilot, "slash")
        screen = await type_in(pilot, "xyzzy")
        assert "no term contains xyzzy" in screen
        assert "a tracked connection" in screen
        screen = await press(pilot, "escape")
        assert f"glossary   {len(glossary())} of" in screen
        assert "a tracked connection" in screen
        await press(pilot, "slash", "escape")
        assert isinstance(pilot.app.screen, GlossaryScreen)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_a_link_out_of_a_search_lists_all_again() -> None:
    async with running(None) as pilot:
        await press(pilot, "f8", "slash")
        await type_in(pilot, "nf_conn")
        screen = await press(pilot, "tab", "right", "enter")
        assert "> softirq" in screen
        assert f"glossary   {len(glossary())} of" in screen


async def test_every_act_is_in_the_help_and_the_palette() -> None:
    async with running(None) as pilot:
        await press(pilot, "f8")
        screen = await press(pilot, "question_mark")
        for text in ("search the terms", "back to the term before", "glossary: what a term means"):
            assert text[:26] in screen, text
        await press(pilot, "escape", "colon")
        await pilot.press(*"glossary")
        await settle(pilot)
        assert "glossary: what a term means" in text_of(pilot)


async def test_copying_takes_the_name() -> None:
    async with running(None) as pilot:
        assert "copied zone" in await press(pilot, "f8", "y")
        assert pilot.app.clipboard == "zone"


@pytest.mark.parametrize("size", SIZES)
async def test_every_term_is_shown_whole(size: tuple[int, int]) -> None:
    async with running(None, size) as pilot:
        await press(pilot, "f8")
        screen = pilot.app.screen
        assert isinstance(screen, GlossaryScreen)
        text = screen.query_one("#term")
        for name in list(glossary())[:: max(1, len(glossary()) // 12)]:
            screen._go_to(name)
            await pilot.pause()
            assert len(text.rows) <= text.size.height  # type: ignore[attr-defined]
            assert name in text_of(pilot)
