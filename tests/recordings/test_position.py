"""Places in a recording, as a user types them."""

import pytest

from mmplay.engine.errors import InputError
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.position import find_position
from tests.recordings.imported_logs import imported

PLACES = (
    # text, from frame, to frame
    *(("#1", 3, 0), ("#4", 0, 3), ("0%", 3, 0), ("50%", 0, 2), ("100%", 0, 3)),
    *(("61.526353", 0, 1), ("61.5279", 0, 1), ("61.528", 0, 2), ("61.6s", 0, 3), ("0", 3, 0)),
    *(("+2s", 0, 3), ("+1.97s", 0, 3), ("-1s", 3, 0), ("-2m", 3, 0), ("+1ms", 1, 1)),
    *(
        ("OOM", 3, 0),
        ("kthreadd", 0, 1),
        ("'kthreadd", 0, 1),
        ("/hugepages", 0, 2),
        ("/SCORE 998", 2, 0),
    ),
)


@pytest.mark.parametrize(("text", "start", "end"), PLACES)
def test_places(rc7: ObservedTimeline, text: str, start: int, end: int) -> None:
    assert find_position(rc7, text, start) == end


@pytest.mark.parametrize("text", ["#0", "#5", "nowhere", "'", "/", "/nothing like it", "", "1e9"])
def test_what_is_not_there_is_said(rc7: ObservedTimeline, text: str) -> None:
    with pytest.raises(InputError):
        find_position(rc7, text)


def test_a_time_outside_all_boots_is_in_the_nearest() -> None:
    """A log may hold a later boot first, as a mail does."""
    failure = b"a: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)\n"
    timeline = imported(b"".join(b"[%5d.500000] %b" % (at, failure) for at in (4694, 4426, 4427)))
    assert [boot.first_frame for boot in timeline.boots] == [0, 1]
    places = (("4426", 0, 1), ("4427.6", 0, 2), ("4690", 2, 0), ("9999", 1, 0), ("4600", 2, 0))
    for text, start, end in places:
        assert find_position(timeline, text, start) == end, text
