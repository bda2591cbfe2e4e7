"""A release is never a letter of the taint, nor a row of dashes."""

import pytest

from tests.recordings.imported_logs import imported

TAINTS = (
    ("Not tainted", "4.5.0-rc7+"),
    ("Tainted: P        W  OE  ------------  ", "3.10.0-957.1.3.el7.x86_64"),
    ("Kdump: loaded Tainted: G        W      -------- -  -", "4.18.0-553.8.1.el8_10.x86_64"),
    ("Kdump: loaded Not tainted", "5.14.0-427.el9.x86_64"),
    ("Tainted: P           OX", "3.13.0-43-generic"),
    ("Tainted: GF          O", "3.8.0"),
    ("Tainted: G           OE     ", "6.6.73"),
)


@pytest.mark.parametrize(("taint", "release"), TAINTS)
def test_the_release_behind_a_taint(taint: str, release: str) -> None:
    log = (
        "[    1.000000] a: page allocation failure: order:0, mode:0x20\n"
        f"[    1.000001] CPU: 0 PID: 1 Comm: a {taint} {release} #1\n"
    )
    timeline = imported(log.encode())
    assert timeline.understood == 2
    assert timeline.frame(0).release == release
