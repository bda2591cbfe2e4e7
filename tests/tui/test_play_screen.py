"""The play screen, read as plain text at three sizes and driven by keys."""

import pytest

from mmplay.tui.cells import plain
from mmplay.tui.keys import COMMON_KEYS, DIGIT_KEYS, MENU_KEYS, PLAY_KEYS, footer_row
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.screens.play import PlayScreen
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in
from tests.waiting import PUMPS, as_long_as


def play_screen(pilot: object) -> PlayScreen:
    screen = pilot.app.screen  # type: ignore[attr-defined]
    assert isinstance(screen, PlayScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_frame_shows_what_matters(size: tuple[int, int]) -> None:
    async with running(INCIDENT_NEXT, size) as pilot:
        screen = text_of(pilot)
        assert len(screen.splitlines()) == size[1]
        assert max(map(len, screen.splitlines())) <= size[0]
        for text in (
            *("incident-next-20160311", "4.5.0-rc7-next-20160311+", "t=89.794733", "rec"),
            *(("1738 refused", "629 refused") if size[0] < 100 else ("6.8 MiB refused",)),
            "629 <= 1300 - 1300/2 = 650: refused, 22 pages",
            *("swapper/2 (0) was refused a page (order 0", "with 629 pages usable, DMA32 was"),
            *("printed 146.370 ms later", "swapper/2", "slab_unrecl", ", . frame", "q back"),
        ):
            assert text in screen, text


async def test_a_large_screen_shows_every_panel_and_whole_lines() -> None:
    async with running(INCIDENT_NEXT, (200, 60)) as pilot:
        screen = text_of(pilot)
        for title in ("zones, pages", "counters, pages", "why: DMA32 free", "log", "report"):
            assert title in screen, title
        for text in (
            "floors A 1737  H 1738  d 1741  m 1743",
            "call stack",
            "0x2088020",
        ):
            assert text in screen, text
        assert "mode:0x2200020(GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK)" in screen
        assert "281" in await press(pilot, *["tab"] * 5)


async def test_a_wide_screen_has_a_second_place_for_what_is_chosen() -> None:
    async with running(INCIDENT_NEXT, (120, 40)) as pilot:
        assert "floors A atomic 1737  H HIGH 1738  d HARDER 1741  m min 1743" in text_of(pilot)
        assert "call stack" in text_of(pilot)
        log = await press(pilot, "tab", "tab", "tab")
        assert "why: DMA32 free" in log or "why: free" in log
        assert "> log" in log
        assert "call stack" not in log
        assert "> free lists" in await press(pilot, "tab", "tab")


async def test_a_small_screen_shows_one_lower_panel_at_a_time() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        assert "why: DMA32 free" in text_of(pilot)
        assert "> counters" in await press(pilot, "tab")
        assert "> why" in await press(pilot, "tab")
        log = await press(pilot, "tab")
        assert "> log" in log
        assert "swapper/2: page allocation failure: order:0" in log
        assert "why:" not in log
        report = await press(pilot, "tab")
        assert "mode 0x2200020  GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK" in report
        assert "> free lists" in await press(pilot, "tab")
        lists = await press(pilot, "pagedown")
        assert "281" in lists
        assert "DMA32 lists sum to 629 pages" in lists
        await press(pilot, "tab")
        assert "> zones" in await press(pilot, "tab")
        assert "> counters" not in await press(pilot, "shift+tab")


async def test_frames_events_and_ends() -> None:
    async with running(INCIDENT_RC7) as pilot:
        assert "1/4" in text_of(pilot)
        assert "this is the first frame" in await press(pilot, "comma")
        second = await press(pilot, "full_stop")
        assert "frame 2/4" in second
        assert "page allocation failure: kthreadd" in second
        assert "kthreadd was refused a page (order 0): with 0 pages usable, DMA32 was 651" in second
        assert "why: DMA32 free" in second
        assert "dump of 1.963 s earlier" in second
        assert "1300 at min" in second
        assert "judged, has 0 free" in second
        third = await press(pilot, "t")
        assert "0! refused" in third
        assert "3 no block" in third
        assert "-3039" in third
        await press(pilot, "t")
        assert "there is no further event" in await press(pilot, "t")
        assert "frame 3/4" in await press(pilot, "T")
        assert "no markers" in await press(pilot, "right_square_bracket")
        assert "frame 1/4" in await press(pilot, "r")
        assert "frame 4/4" in await press(pilot, "Z")
        assert "this is the last frame" in await press(pilot, "full_stop")
        assert "frame 1/4" in await press(pilot, "apostrophe", "apostrophe")
        assert "frame 3/4" in await press(pilot, "5")
        assert "frame 1/4" in await press(pilot, "0")


async def test_go_to() -> None:
    async with running(INCIDENT_RC7) as pilot:
        await press(pilot, "b")
        assert "frame 2/4" in await type_in(pilot, "61.5264")
        await press(pilot, "b")
        assert "frame 4/4" in await type_in(pilot, "#4")
        await press(pilot, "b")
        assert "frame 1/4" in await type_in(pilot, "OOM")
        await press(pilot, "b")
        assert "frames go from #1 to #4" in await type_in(pilot, "#9")
        await press(pilot, "b")
        assert "> zones" in await press(pilot, "escape")
        assert play_screen(pilot).player.index == 0


async def test_search_goes_round_and_back() -> None:
    async with running(INCIDENT_RC7) as pilot:
        await press(pilot, "slash")
        found = await type_in(pilot, "kthreadd")
        assert "frame 2/4" in found
        assert "line 27: kthreadd (1 of 1)" in found
        await press(pilot, "slash")
        first = await type_in(pilot, "lowmem_reserve")
        assert "line 80: lowmem_reserve (3 of 4)" in first
        assert "line 82: lowmem_reserve (4 of 4)" in await press(pilot, "n")
        assert "line 9: lowmem_reserve (1 of 4)" in await press(pilot, "n")
        assert "line 82: lowmem_reserve" in await press(pilot, "N")
        await press(pilot, "slash")
        assert "not found: xyzzy" in await type_in(pilot, "xyzzy")


async def test_match_without_a_search_says_how_to_start_one() -> None:
    async with running(INCIDENT_RC7) as pilot:
        assert "press / to start a search" in await press(pilot, "n")


async def test_the_explanation_follows_the_cursor() -> None:
    async with running(INCIDENT_NEXT, (120, 40)) as pilot:
        assert "why: DMA free" in await press(pilot, "g")
        assert "why: DMA managed" in await press(pilot, "down")
        assert "1732 = 443392 to 443647" in await press(pilot, "down")
        assert "why: DMA high" in await press(pilot, "left")
        low = await press(pilot, "h")
        assert "why: DMA low" in low
        assert "min + gap = 11 + 3 = 14" in low
        assert "why: DMA min" in await press(pilot, "h")
        assert "why: DMA low" in await press(pilot, "l")
        assert "why: free" in await press(pilot, "tab")
        assert "113936 of 125404 file pages = 91 %" in await press(pilot, "down", "down")


async def test_the_cursor_stays_on_the_number_that_was_asked_about() -> None:
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        assert "why: DMA32 free" in text_of(pilot)
        assert "why: DMA free" in await press(pilot, "g")
        assert "why: DMA free" in await press(pilot, "full_stop")


async def test_links_lead_to_the_numbers_behind_a_number() -> None:
    async with running(INCIDENT_NEXT, (120, 40)) as pilot:
        assert "> why: DMA free" in await press(pilot, "g", "enter")
        opened = await press(pilot, "enter")
        assert "> why: DMA min" in opened
        assert "5248 to 5251" in opened
        assert "> why: DMA free" in await press(pilot, "backspace")
        assert "> zones" in await press(pilot, "backspace")


async def test_density() -> None:
    async with running(INCIDENT_NEXT, (120, 40)) as pilot:
        assert "page_check_address" not in text_of(pilot)
        raw = await press(pilot, "v")
        assert "density: raw" in raw
        assert "dump_stack+0x4f/0x68" in raw
        calm = await press(pilot, "v")
        assert "density: calm" in calm
        assert "An order-0 request" not in calm
        assert "An order-0 request" in await press(pilot, "v")


async def test_zoom_fills_the_screen_and_returns() -> None:
    async with running(INCIDENT_NEXT, (120, 40)) as pilot:
        await press(pilot, "tab", "tab", "tab")
        zoomed = await press(pilot, "z")
        assert "zones, pages" not in zoomed
        assert "SLUB: Unable" not in zoomed
        assert "90.549072" in zoomed
        assert "zones, pages" in await press(pilot, "q")
        assert isinstance(pilot.app.screen, PlayScreen)


ZOOMED = (
    ("zones", "6.8 MiB refused"),
    ("counters", "pagetables"),
    ("explain", "in all zones"),
    ("log", "swapper/2: page allocation failure"),
    ("report", "nf_conntrack"),
    ("lists", "DMA32 lists sum to 629 pages"),
)
"""(panel, what it shows when it has the screen to itself)."""


@pytest.mark.parametrize("size", SIZES)
async def test_every_panel_can_have_the_screen_to_itself(size: tuple[int, int]) -> None:
    async with running(INCIDENT_NEXT, size) as pilot:
        await press(pilot, "z")
        for number, (name, text) in enumerate(ZOOMED):
            zoomed = await press(pilot, "tab") if number else text_of(pilot)
            panel = play_screen(pilot).panels.panel(name)
            assert panel.region.size == (size[0], size[1] - 5 - (size[0] < 100)), name
            assert text in zoomed, name
            assert zoomed.count("━┓") == 1
        history = await press(pilot, "tab")
        assert "zones, pages" not in history
        for floor in ("HARDER 975", "HIGH 650", "low 1743"):
            assert floor in history
        assert "6.8 MiB refused" in await press(pilot, "tab")


async def test_playing_ends_at_the_last_frame() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        player = play_screen(pilot).player
        await press(pilot, *["greater_than_sign"] * 20)
        assert "x64" in text_of(pilot)
        play_screen(pilot).action_play_or_pause()
        assert player.playing
        assert "> x64" in text_of(pilot)
        for _ in as_long_as(lambda: player.playing, PUMPS):
            await pilot.pause()
        assert player.index == 1
        assert "end of the recording" in text_of(pilot)
        assert "x1/8" in await press(pilot, *["less_than_sign"] * 20)


async def test_help_lists_every_key() -> None:
    async with running(INCIDENT_NEXT, (200, 60)) as pilot:
        screen = await press(pilot, "question_mark")
        for act in (*PLAY_KEYS, *COMMON_KEYS):
            assert act.shown in screen
            assert act.help[:28] in screen, act.help
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, PlayScreen)


async def test_the_palette_offers_every_act() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        titles = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
        for act in (*PLAY_KEYS, *DIGIT_KEYS):
            assert act.help in titles
        await press(pilot, "colon")
        screen = await type_in(pilot, "last frame")
        await settle(pilot)
        assert "2/2" in screen or "2/2" in text_of(pilot)


def test_every_act_can_be_done() -> None:
    from mmplay.tui.app import MmplayApp

    for screen, acts in ((PlayScreen, (*PLAY_KEYS, *DIGIT_KEYS)), (MenuScreen, MENU_KEYS)):
        for act in (*acts, *COMMON_KEYS):
            name, _, rest = act.action.partition("(")
            owner = MmplayApp if name.startswith("app.") else screen
            assert hasattr(owner, f"action_{name.removeprefix('app.')}"), act.action
            assert not rest or rest.endswith(")")
    keys = [key for act in (*PLAY_KEYS, *DIGIT_KEYS, *COMMON_KEYS) for key in act.keys.split(",")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("width", [30, 80, 200])
def test_the_footer_keeps_help_and_the_way_out(width: int) -> None:
    text = plain(footer_row(PLAY_KEYS, width)).rstrip()
    assert len(text) <= max(width, 18)
    assert text.endswith("? keys  q back")
