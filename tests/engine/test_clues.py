"""Clues: no line that a form may start is without one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.printk.form import LineForm, form, forms
from mmplay.engine.printk.reader import clue_of, clues, form_index, line_clues
from tests.engine.test_printk import VALUES, kinds_of

ALONE = [one for one in forms().values() if not one.follows]
ENDS = st.sampled_from([b"\n", b"\r\n"])
PREFIXES = st.sampled_from([b"", b"[    1.000000] ", b"<4>", b"> ", b"      ", b"\xff\xfe "])


@pytest.mark.parametrize("one", ALONE, ids=lambda one: one.name)
@settings(max_examples=10)
@given(data=st.data())
def test_the_first_line_of_a_form_has_a_clue(one: LineForm, data: st.DataObject) -> None:
    values: dict[str, Any] = {
        name: data.draw(VALUES[kind], name) for name, kind in kinds_of(one).items()
    }
    line = one.render(values)[0].encode()
    whole = data.draw(PREFIXES) + line + data.draw(ENDS)
    assert clues([one]).search(whole)
    assert line_clues().search(whole)


@pytest.mark.parametrize("one", ALONE, ids=lambda one: one.name)
@settings(max_examples=3)
@given(data=st.data())
def test_whatever_a_pattern_takes_has_a_clue(one: LineForm, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(one.parts[0].pattern, fullmatch=True))
    if "\n" not in text and any(form_index().read_first(text)):
        assert line_clues().search(text.encode("utf-8", "surrogatepass") + b"\n")


def test_no_form_has_to_be_searched_by_its_whole_pattern() -> None:
    whole = [one.name for one in ALONE if clue_of(one) == one.parts[0].pattern.pattern]
    assert whole == []


def test_a_form_without_fixed_text_is_searched_by_its_pattern() -> None:
    weak = form("weak/0", "{a:u} {b:u}")
    assert clues([weak]).search(b"[    1.000000] 12 34\n")
    assert not clues([weak]).search(b"none here\n")


def test_ordinary_lines_have_none() -> None:
    for line in (
        b"[    1.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n",
        b"[    1.000000] EXT4-fs (sda1): mounted filesystem with ordered data mode\n",
        b"[    1.000000] ACPI: Power Button [PWRF]\n",
    ):
        assert not line_clues().search(line)
