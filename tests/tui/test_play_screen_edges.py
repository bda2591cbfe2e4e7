"""The play screen under the mouse, without colour, at changing sizes, and Ctrl+C on it."""

import pytest

from mmplay.tui.screens.base import Prompt
from mmplay.tui.screens.play import PlayScreen
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in


def play_screen(pilot: object) -> PlayScreen:
    screen = pilot.app.screen  # type: ignore[attr-defined]
    assert isinstance(screen, PlayScreen)
    return screen


async def test_the_footers_keys_can_be_clicked() -> None:
    async with running(INCIDENT_RC7) as pilot:
        footer = text_of(pilot).splitlines()[-1]
        await pilot.click("#footer", offset=(footer.index(". frame"), 0))
        await settle(pilot)
        assert "frame 2/4" in text_of(pilot)
        await pilot.click("#footer", offset=(footer.index(", ."), 0))
        await settle(pilot)
        assert "frame 1/4" in text_of(pilot)
        await pilot.click("#footer", offset=(footer.index("search"), 0))
        await settle(pilot)
        assert "search the log" in text_of(pilot)


async def test_what_is_said_is_never_cut() -> None:
    async with running(INCIDENT_RC7) as pilot:
        said = "the rules of this kernel are not known; write a version that is " + "known " * 9
        play_screen(pilot).say(said.strip())
        await settle(pilot)
        assert said.split() == " ".join(text_of(pilot).splitlines()[-2:]).split()
        last = (await press(pilot, "full_stop")).splitlines()[-2:]
        assert last[0].startswith("╰")
        assert ", . frame" in last[1]


async def test_ctrl_c_says_how_to_quit() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        assert "press q to go back, Ctrl+Q to quit" in await press(pilot, "ctrl+c")
        assert pilot.app.is_running


async def test_ctrl_c_copies_a_selection() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        await press(pilot, "y")
        assert pilot.app.clipboard == "629"
        pilot.app.screen.text_select_all()
        await press(pilot, "ctrl+c")
        assert "629 <= 1300 - 1300/2" in pilot.app.clipboard


async def test_ctrl_c_stops_a_search() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        screen = play_screen(pilot)
        screen.finder.search.needle = "anything"

        def slow(start: int, direction: int, stopped: object) -> None:
            while not stopped():  # type: ignore[operator]
                pass

        screen.finder.search.find = slow  # type: ignore[method-assign]
        await pilot.press("n")
        await pilot.pause()
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert "search stopped" in text_of(pilot)


async def test_the_mouse_can_do_it_too() -> None:
    async with running(INCIDENT_RC7, (120, 40)) as pilot:
        await pilot.click("#timeline", offset=(119, 0))
        await settle(pilot)
        assert "frame 4/4" in text_of(pilot)
        await pilot.click("#counters", offset=(30, 3))
        await settle(pilot)
        assert "why: dirty" in text_of(pilot)
        await press(pilot, "tab", "tab")
        await pilot.click("#log", offset=(10, 3))
        await settle(pilot)
        assert "line 91/100" in text_of(pilot)
        await pilot.click("#counters", offset=(30, 1), times=2)
        await settle(pilot)
        assert "> why: free" in text_of(pilot)


async def test_without_colour_the_screen_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(INCIDENT_RC7) as pilot:
        coloured = text_of(pilot)
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(INCIDENT_RC7) as pilot:
        assert pilot.app.no_color
        assert text_of(pilot) == coloured


async def test_leaving_a_recording_quits_from_the_first_screen() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert not pilot.app.is_running


@pytest.mark.usefixtures("guessing")
async def test_growing_and_shrinking() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        await pilot.resize_terminal(70, 20)
        await settle(pilot)
        assert "mmplay needs 80x23" in text_of(pilot)
        assert "70x20" in text_of(pilot)
        await pilot.resize_terminal(200, 60)
        await settle(pilot)
        assert "SLUB: Unable" not in text_of(pilot)
        assert "GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK)" in text_of(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "1738 refused" in text_of(pilot)


@pytest.mark.parametrize("size", [(79, 20), (35, 4), (20, 5), (12, 2), (11, 1), (5, 1)])
async def test_a_tiny_terminal_is_told_what_it_lacks(size: tuple[int, int]) -> None:
    async with running(INCIDENT_NEXT, size) as pilot:
        shown = text_of(pilot)
        assert "80x23" in shown
        assert "q quits" in shown or "press q to quit" in shown or size[1] < 2
        assert "terminal has 35x4" in shown or size != (35, 4)


async def test_no_meaning_by_colour_alone() -> None:
    """The plain text of good and bad frames differs by words and glyphs."""
    async with running(INCIDENT_RC7) as pilot:
        kill = text_of(pilot)
        empty = await press(pilot, "full_stop", "full_stop")
    assert "refused" in kill
    assert "0!" in empty
    assert "no block" in empty
    assert "█" in kill
    assert "█" not in empty


async def test_unknown_values_are_not_zero() -> None:
    import io

    from mmplay.recordings.log.importing import LogToTrace, read_lines
    from mmplay.recordings.log.observed import from_bytes
    from mmplay.recordings.trace.writer import TraceWriter
    from mmplay.tui.app import MmplayApp

    stream = io.BytesIO()
    writer = TraceWriter(stream, {"title": "bare"})
    line = b"[    9.000000] demo: page allocation failure: order:0, mode:0x20\n"
    LogToTrace(writer).write(read_lines(io.BytesIO(line), "bare"))
    writer.close()
    app = MmplayApp(from_bytes(stream.getvalue(), "bare"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "No memory was printed until here." in text_of(pilot)
        assert "> free lists" in await press(pilot, "tab")


async def test_what_a_prompt_asks_for_is_not_cut() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        for key in ("b", "slash", "B", "E", "w", "x", "a"):
            shown = await press(pilot, key)
            prompt = pilot.app.screen.query_one(Prompt)
            assert prompt.placeholder in shown, key
            await press(pilot, "escape")


# other settings


@pytest.mark.parametrize("size", SIZES)
async def test_both_sides_of_other_settings_are_shown(size: tuple[int, int]) -> None:
    async with running(INCIDENT_NEXT, size) as pilot:
        assert "what if: KEY=VALUE" in await press(pilot, "w")
        screen = await type_in(pilot, "vm.min_free_kbytes=3000")
        for text in (
            *("what if vm.min_free_kbytes = 3000", "as logged", "as it would be"),
            *("1300 1743 2186", "743 1186 1629", "refused -> passes", "arithmetic only"),
        ):
            assert text in screen, text
        assert "zones, pages" in await press(pilot, "q")


async def test_a_setting_without_arithmetic_is_refused_with_the_reason() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        await press(pilot, "w")
        screen = await type_in(pilot, "vm.swappiness=1")
        assert "vm.swappiness: arithmetic cannot answer it" in screen
        assert "is not in the log" in screen


async def test_a_frame_without_a_verdict_has_nothing_to_compare() -> None:
    async with running("incident-run-atomic") as pilot:
        assert "#1 has no verdict to compare" in await press(pilot, "w")
