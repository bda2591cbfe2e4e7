"""The words of a level file: a typo is met with the right one."""

from __future__ import annotations

import re

import pytest

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.language import check_moment


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("tasks.isa.doen > 3", "did you mean tasks.isa.done?"),
        ("tsks.isa.done > 3", "did you mean tasks.isa.done?"),
        ("aftr door", "did you mean 'after door'?"),
        ("trun 3", "did you mean 'turn 3'?"),
        ("tme_us > 3", "did you mean time_us?"),
    ],
)
def test_a_typo_is_met_with_the_right_word(wrong: str, right: str) -> None:
    with pytest.raises(InputError, match=re.escape(right)):
        check_moment(wrong)


def test_a_sign_that_is_half_typed_is_met_with_the_whole_one() -> None:
    assert "did you mean ==?" in no_such("sign", "=", ["==", "!=", "<=", ">="])
