"""Level files: what is read, and one line of complaint for everything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.levels.level_list import shipped_levels
from mmplay.levels.level_text import LevelError
from mmplay.levels.load import load_level, read_level, read_moves
from tests.levels.proofs import DOOR, EATER, NUMBER, level, level_text

GOAL = '[[win]]\ncounter = "zones.DMA32.free"\nop = ">"\nvalue = 1\ntext = "t"\n'
MOVE = '[[solution]]\naction = "answer"\nkey = "low"\nvalue = "16"\n'


def complaint(text: str) -> str:
    with pytest.raises(LevelError) as error:
        read_level(text, "t.toml")
    said = str(error.value)
    assert "\n" not in said
    assert len(said) < 1500
    return said


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if part in line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\na = 2\n", "2: a: is no TOML: it stands there twice"),
        ("a = 1\nb = [1,\n 2\n\n[c]\n", "2: b: is no TOML: a bracket is not closed"),
        ("a = 1\nb = it is\n", "2: b: is no TOML: no value follows; a text needs quotes"),
        ('a = "x\nb = 2\n', "1: a: is no TOML: the quote is not closed"),
        ("= 3\n", "1: is no TOML: Invalid statement"),
        ("format = 1\n\n[ask]\nid = 1\n", "3: ask: write [[ask]], at most 120 of them"),
    ],
)
def test_a_slip_in_the_toml_is_told_where_it_is(text: str, said: str) -> None:
    assert complaint(text) == f"t.toml:{said}"


def test_only_a_kernel_that_can_be_simulated_is_played_on() -> None:
    said = complaint(level_text(DOOR).replace('"4.5-rc7"', '"6.6"'))
    assert said.endswith("kernel: '6.6' is no word of this key; there are 4.5-rc7, next-20160311")


def test_a_slot_that_nothing_fills_is_told_with_its_key() -> None:
    text = level_text(NUMBER.replace('text = "', 'text = "{x} '))
    said = f"t.toml:{line_of(text, '{x}')}: text: 'x' is no number that is drawn; "
    assert complaint(text).startswith(said)


def test_an_assignment_is_no_level() -> None:
    said = complaint('format = 1\nkind = "assignment"\n')
    assert (
        said == "t.toml: is an assignment: 'mmplay play --assignment t.toml --student ID' plays it"
    )


def test_a_question_is_asked_once_for_each_line() -> None:
    questions = level(DOOR).questions
    assert [one.id for one in questions] == ["door.1", "door.2", "door.3"]
    assert questions[1].text == "13 pages are free. Does it pass?"
    assert questions[1].truth == "passes DMA32 plain 13 min"
    assert questions[2].before == ("set_free DMA32 12",)
    assert {one.group for one in questions} == {"door"}


def test_several_moves_of_one_action() -> None:
    moves = level(NUMBER + '[[solution]]\naction = "answer"\nvalues = ["low  16"]\n').solution
    assert [(one.action, one.value) for one in moves] == [("answer", "low 16")]


def test_par_counts_acts_only() -> None:
    waits = '[[solution]]\naction = "wait"\nvalue = "5"\n[[solution]]\naction = "mark"\n'
    act = '[[solution]]\naction = "dirty_ratio"\nvalue = "5"\n'
    assert level(NUMBER + waits + MOVE + act, 'allow = ["dirty_ratio"]').par == 1


MANY_FORMS = "draw = {" + ", ".join(f"{name} = {[*range(20)]}" for name in "abc") + "}"

WRONG = [
    # tables, keys, machine, a part of the line, what is said
    (DOOR, "colour = 1", "", "colour", "no key of this table"),
    (DOOR, "stide = 1", "", "stide", "did you mean stride?"),
    (DOOR, 'terms = ["slab", "softriq"]', "", "terms", "did you mean softirq?"),
    (DOOR, "stride = 0", "", "stride", "whole number from 1"),
    (DOOR, 'stride = "1"', "", "stride", "whole number"),
    (DOOR, "stride = true", "", "stride", "whole number"),
    (DOOR, "stride = 1.5", "", "stride", "whole number"),
    (DOOR, "shuffle = 1", "", "shuffle", "true or false"),
    (DOOR, "right = 2", "", "right", "no key of this table"),
    (DOOR + "pick = 4", "", "", "pick", "there are 3 lines"),
    (DOOR + "draw = 5", "", "", "draw", "write {name = "),
    (DOOR + "draw = {free = 5}", "", "", "draw", "write {name = "),
    (DOOR + "draw = {free = [1.5]}", "", "", "draw", "write {name = "),
    (DOOR + MANY_FORMS, "", "", "draw", "over 1000 forms"),
    (DOOR + "draw = {free = []}", "", "", "draw", "write {name = "),
    (DOOR + 'draw = {Free = ["min"]}', "", "", "draw", "small letters"),
    (DOOR + 'draw = {free = ["mim + 1"]}', "", "", "draw", "'mim' is no question"),
    (DOOR + 'hints = ["{fre}"]\ndraw = {free = ["min + 1"]}', "", "", "each", "did you mean free?"),
    (DOOR, 'allow = ["dirty_ration"]', "", "allow", "did you mean dirty_ratio?"),
    (DOOR, 'allow = "sync"', "", "allow", "list"),
    (DOOR, "allow = [1]", "", "allow", "text"),
    (DOOR, 'limits = ["acts many"]', "", "limits", "NAME COUNT"),
    (DOOR, 'act_after = "dor"', "", "act_after", "did you mean door."),
    (DOOR, 'limits = ["actz 1"]', "", "limits", "did you mean acts?"),
    (DOOR, 'choices = ["dirty_ratio 5 | five"]', "", "choices", "not in `allow`"),
    (DOOR, 'in_vain = ["dirty_ratio 5 | five"]', "", "in_vain", "not in `allow`"),
    (DOOR, 'choices = [" | five"]', "", "choices", "VALUE | what is shown"),
    (DOOR, 'end = "free of DMA32"', "", "end", "is not a condition"),
    (DOOR, 'end = "turn soon"', "", "end", "no number of turns"),
    (DOOR, 'end = "turn 99999999"', "", "end", "no number of turns from 0"),
    (DOOR, 'against = "a\\u001b[31m"', "", "against", "printable"),
    ("", "", "", "format", "needs a [[win]] or an [[ask]]"),
    (DOOR + DOOR, "", "", "", "question 'door' already"),
    (DOOR.replace('id = "door"', 'id = "a door"'), "", "", "a door", "write a letter"),
    (DOOR.replace("passes", "pases"), "", "", "truth", "did you mean passes?"),
    (DOOR.replace('DMA32 plain {0} min"', 'x in 2.4"'), "", "", "truth", "2.4"),
    (DOOR.replace("set_free", "set_fre"), "", "", "before", "did you mean set_free?"),
    (DOOR.replace("{0} min", "{3} min"), "", "", "each", "has no word {3}"),
    (DOOR.replace("pass?", "{0}" * 99).replace("14", "1" * 900), "", "", "each", "over 4000"),
    (DOOR + 'at = "after dor"', "", "", "after dor", "no question before this one"),
    (DOOR + 'at = "after door"', "", "", "after door", "no question before this one"),
    (DOOR + 'at = "zones.DMA32.fre <= 5"', "", "", "fre <= 5", "did you mean zones.DMA32.free?"),
    (DOOR + 'when = "+x turns"', "", "", "when", "no number of turns"),
    (DOOR + 'when = "after door"', "", "", "when", "comes true"),
    (DOOR.replace('["yes", "no"]', '["yes"]'), "", "", "options", "two or more"),
    (NUMBER + 'kind = "number"\noptions = ["1", "2"]', "", "", "options", "typed"),
    (NUMBER + 'kind = "numbre"', "", "", "kind", "did you mean number?"),
    (NUMBER + "tolerance = -1", "", "", "tolerance", "whole number from 0"),
    (NUMBER.replace("marks DMA32 low", "metric alloc_fial"), "", "", "truth", "alloc_fail?"),
    (GOAL.replace("zones.DMA32.free", "alloc_fial"), "", "", "counter", "alloc_fail?"),
    (GOAL.replace('">"', '"=>"'), "", "", "op", "no word of this key"),
    (GOAL.replace("value = 1", "value = 1e3"), "", "", "value", "whole number"),
    (GOAL.replace("win", "wim"), "", "", "wim", "did you mean win?"),
    ("[[hint]]\n" + NUMBER, "", "", "hint", "either a text or a rule"),
    (NUMBER + '[[hint]]\nrule = "flor DMA"', "", "", "rule", "did you mean floor?"),
    (NUMBER + MOVE.replace("low", "lo"), "", "", "[[solution]]", "no question"),
    (NUMBER + MOVE.replace("answer", "anwser"), "", "", "action", "did you mean answer?"),
    (NUMBER + MOVE.replace("answer", "dirty_ratio"), "", "", "[[solution]]", "not in `allow`"),
    (NUMBER + MOVE + 'values = ["low 16"]', "", "", "values", "in the place of key"),
    (NUMBER + MOVE + "turn = -2", "", "", "turn = -2", "whole number"),
    ("", "ask = 5", "", "ask = 5", "write [[ask]]"),
    ("", "ask = [5]", "", "ask = [5]", "must be a table"),
    (DOOR, "", "cpus = 99", "cpus", "from 1 to 16"),
    (DOOR, "", "bse = 1", "bse", "no key"),
    (DOOR, "", "watermark_scale_factor = 10", "watermark_scale", "came with 4.6"),
    (DOOR, "", EATER + "groups = 256\nper_group = 256", "per_group", "tasks"),
    (DOOR, "", EATER.replace("allocator", "alocator"), "program", "did you mean allocator?"),
]


@pytest.mark.parametrize(("tables", "keys", "machine", "part", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_line(
    tables: str, keys: str, machine: str, part: str, said: str
) -> None:
    text = level_text(tables, keys, machine)
    found = complaint(text)
    assert said in found
    where = found.split(":")
    assert where[0] == "t.toml"
    assert where[1].isdigit()


@pytest.mark.parametrize(
    ("tables", "keys", "machine", "part"),
    [
        (DOOR, "\n\ncolour = 1", "", "colour"),
        (DOOR.replace("passes", "pases"), "", "", "truth"),
        (GOAL + GOAL.replace("zones.DMA32.free", "nothing"), "", "", '"nothing"'),
        (DOOR, "", EATER.replace("allocator", "alocator"), "alocator"),
        (NUMBER + MOVE + MOVE.replace("answer", "anwser"), "", "", "anwser"),
    ],
)
def test_the_line_is_the_right_one(tables: str, keys: str, machine: str, part: str) -> None:
    text = level_text(tables, keys, machine)
    assert int(complaint(text).split(":")[1]) == line_of(text, part)


BLOCKS = [
    "x",
    "3 x 2",
    "3 x 2 Z",
    "3 x 11 M",
    "-1 x 2 M",
    "² x 2 M",
    "3 x 2 UM",
    "9" * 900 + " x 1 M",
]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_blocks_are_count_order_letter(blocks: str) -> None:
    text = level_text(DOOR).replace("active_anon", f'blocks = ["{blocks}"]\nactive_anon')
    assert "COUNT x ORDER LETTER" in complaint(text)


def test_blocks_that_are_fine() -> None:
    text = level_text(DOOR).replace("active_anon", 'blocks = ["3 x 2 M"]\nactive_anon')
    bench = read_level(text, "t.toml").start.bench
    assert bench is not None
    assert bench.zones[0].blocks == ((2, 3, "M"),)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 60_000 + " = 1",
        "a = " + "[" * 60_000,
        "a = [\n" + "[\n" * 30_000,
        "a = " + "9" * 60_000,
        "a = {a = " * 9_000,
        "\x00",
        "[[[",
        "format = 1\nformat = 1",
        "",
        "format = 2",
        "format = 1979-05-27",
        '"""' * 20_001,
        "'''\"\"\"" * 9_001,
    ],
)
def test_hostile_texts_are_one_line(text: str) -> None:
    complaint(text)


def test_no_formatting_code_is_run() -> None:
    text = "{0.__class__} {0!r:>999999999} {} {0}"
    found = level(DOOR.replace("{0} pages are free", text)).questions[0].text
    assert found.startswith("{0.__class__} {0!r:>999999999} {} 14.")


def said_of(text: str) -> str:
    """Return the complaint about a text, empty if there is none."""
    try:
        read_level(text, "t.toml")
    except LevelError as error:
        return str(error)
    return ""


@given(st.text(max_size=400))
def test_any_text_is_a_level_or_a_complaint(text: str) -> None:
    assert "\n" not in said_of(text)


@given(st.data())
def test_a_level_with_any_part_exchanged(data: st.DataObject) -> None:
    text = level_text(DOOR + NUMBER + GOAL + MOVE, "stride = 5", EATER)
    at = data.draw(st.integers(0, len(text)))
    to = data.draw(st.integers(at, min(len(text), at + 30)))
    new = data.draw(
        st.sampled_from(["", "=", "[", '"', "9" * 30, "true", "[]", "{}", "\n", "é", "."])
    )
    assert "\n" not in said_of(text[:at] + new + text[to:])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for path, said in (
        (tmp_path, "Is a directory"),
        (tmp_path / "pipe.toml", "no regular file"),
        (tmp_path / "none.toml", "cannot be read"),
        (Path("/dev/zero"), "no regular file"),
    ):
        with pytest.raises(LevelError, match=said):
            load_level(path)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (1 << 17))
    with pytest.raises(LevelError, match="larger"):
        load_level(large)
    large.write_bytes(b"\xff")
    with pytest.raises(LevelError, match="UTF-8"):
        load_level(large)


def test_lines_of_a_file_from_windows() -> None:
    text = level_text(DOOR, "colour = 1").replace("\n", "\r\n")
    assert int(complaint(text).split(":")[1]) == line_of(text, "colour")


def test_moves_alone_or_in_a_level() -> None:
    assert [one.value for one in read_moves(MOVE, "m.toml")] == ["low 16"]
    assert [one.value for one in read_moves(level_text(NUMBER + MOVE), "m.toml")] == ["low 16"]
    with pytest.raises(LevelError, match="did you mean solution"):
        read_moves(MOVE.replace("solution", "solutoin"), "m.toml")


def test_shipped_levels_have_their_file_names_as_ids() -> None:
    assert shipped_levels()
    for path in shipped_levels():
        assert load_level(path).id == path.stem


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(level_text(NUMBER))
    first = load_level(path)
    assert load_level(path) is first
    path.write_text(level_text(NUMBER).replace("A test", "Another test"))
    assert load_level(path).title == "Another test"


def test_only_reading_a_level_loads_msgspec() -> None:
    names = "mmplay.__main__, mmplay.tui.app, mmplay.tui.screens.menu, mmplay.levels.level_list"
    text = f"import sys, {names}; print('msgspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_many_threads_may_read_levels_at_once() -> None:
    """The menu reads each chosen level in a thread; msgspec crashed when two were the first."""
    lines = (
        "import sys, threading",
        "from mmplay.levels.catalogue import find_level",
        "sys.setswitchinterval(1e-6)",
        "threads = [threading.Thread(target=find_level, args=(f'L1{n}',)) for n in range(9)]",
        "[one.start() for one in threads]",
        "[one.join() for one in threads]",
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
