"""From the release that a log prints to the rules and the GFP bits that it follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.rules.versions import (
    KERNELS,
    Evidence,
    candidates_of,
    every_era,
    kernel_of_release,
    layout_of_release,
)

RULES: tuple[tuple[str, str | None], ...] = (
    ("2.6.17.14", None),
    ("2.6.31", "2.6.32"),
    ("2.6.32.71", "2.6.32"),
    ("3.10.108", "3.10"),
    ("3.10.0-514.6.1.el7.x86_64", "3.10.el7-514"),
    ("3.10.0-1160.119.1.el7.x86_64", "3.10.el7-1160"),
    ("4.5.0", "4.5-rc7"),
    ("4.5.0-rc7+", "4.5-rc7"),
    ("4.5.7-202.fc23.x86_64", "4.5-rc7"),
    ("4.5.0-rc7-next-20160311+", "next-20160311"),
    ("4.6.0", "4.6"),
    ("4.14.98", "4.14.98"),
    ("4.18.0-147.5.1.el8_1.x86_64", "4.18"),
    ("4.18.0-553.8.1.el8_10.x86_64", "4.18.el8-348"),
    ("4.50.1", "4.18"),
    ("5.4.17-2136.307.3.4.el8uek", "5.4.286"),
    ("5.15.158-2-pve", "5.15"),
    ("6.1.50", "6.1.0"),
    ("6.1.115", "6.1.0"),
    ("6.1.148", "6.1"),
    ("6.1.1480", "6.1"),
    ("6.1.0-27-amd64", "6.1.0"),
    ("6.1.0-28-amd64", "6.1"),
    ("6.1.0-37-cloud-amd64", "6.1"),
    ("6.6.60", "6.6.60"),
    ("6.6.80", "6.6"),
    ("6.6.119-generic", "6.6"),
    ("6.11.0-19-generic", "6.11.11"),
    ("6.12.0", "6.12.0"),
    ("6.12.30", "6.12"),
    ("6.14.9-1.qubes", "6.14"),
    ("6.120.1", "6.17"),
    ("", None),
    ("unknown", None),
    ("9" * 5000, None),
)


@pytest.mark.parametrize(("release", "rules"), RULES, ids=[one[:30] for one, _ in RULES])
def test_a_release_follows_the_rules_of_its_version(release: str, rules: str | None) -> None:
    found = kernel_of_release(release)
    assert (found.name if found is not None else None) == rules


LAYOUTS: tuple[tuple[str, str | None], ...] = (
    ("2.4.37", None),
    ("2.6.32", "2.6.32"),
    ("3.2.0", "3.0"),
    ("3.5.7", "3.4"),
    ("3.6.5", "3.6"),
    ("3.10.0-514.el7.x86_64", "3.9"),
    ("3.10.0-1160.el7.x86_64", "el7"),
    ("3.18.140", "3.16"),
    ("4.3.6", "4.1"),
    ("4.4.302", "4.4"),
    ("4.5.0-rc7+", "4.5"),
    ("4.7.10", "4.6"),
    ("4.9.337", "4.8"),
    ("4.10.17", "4.10"),
    ("4.12.14-lp151", "4.12"),
    ("4.15.0+", "4.15"),
    ("4.17.19", "4.15"),
    ("4.18.20", "4.19"),
    ("4.18.0-553.el8_10.x86_64", "4.19"),
    ("5.0.21", "4.19"),
    ("5.2.0-rc7", "5.1"),
    ("5.4.0-150-generic", "5.1"),
    ("5.15.0-119-generic", "5.14"),
    ("5.18.0", "5.18"),
    ("6.2.16", "5.18"),
    ("6.3.0", "6.3"),
    ("6.6.80", "6.4"),
    ("6.8.0-32-generic", "6.8"),
    ("6.12.30", "6.9"),
    ("6.16.9+deb14-amd64", "6.17"),
    ("", None),
    ("x.y", None),
    ("9" * 5000, None),
    (f"{'9' * 5000}.1", None),
)


@pytest.mark.parametrize(("release", "layout"), LAYOUTS, ids=[one[:30] for one, _ in LAYOUTS])
def test_bits_change_at_the_versions_that_were_read(release: str, layout: str | None) -> None:
    found = layout_of_release(release)
    assert (found.name if found is not None else None) == layout


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_a_simulated_kernel_prints_a_release_that_leads_back_to_it(name: str) -> None:
    sim = KERNELS[name].sim
    if sim is None:
        return
    assert kernel_of_release(sim.release) is KERNELS[name]
    assert layout_of_release(sim.release) is KERNELS[name].gfp


@given(st.text(max_size=40))
def test_any_text_is_a_release_that_is_known_or_not(release: str) -> None:
    kernel, layout = kernel_of_release(release), layout_of_release(release)
    assert (kernel is None) == (layout is None)


@given(st.integers(3, 99), st.integers(0, 99), st.integers(0, 999), st.text("abc-+", max_size=8))
def test_every_version_has_candidates_with_their_bits(
    major: int, minor: int, patch: int, tail: str
) -> None:
    release = f"{major}.{minor}.{patch}{tail}"
    found = candidates_of(release)
    assert found.kernels
    assert kernel_of_release(release) is found.kernels[-1]
    assert layout_of_release(release) is found.kernels[-1].gfp


OPEN: tuple[tuple[str, set[str]], ...] = (
    ("4.4.100", {"4.4.60", "4.4.155"}),
    ("5.1.0", {"5.0", "5.2"}),
    ("3.10.0-957.el7", {"3.10.el7-514", "3.10.el7-1127"}),
    ("6.7.1", {"6.5", "6.8"}),
    ("6.6.40", {"6.5", "6.6.60"}),
    ("6.12.50", {"6.12.0", "6.12"}),
)


@pytest.mark.parametrize(("release", "names"), OPEN, ids=[one for one, _ in OPEN])
def test_between_two_versions_that_were_read_both_are_candidates(
    release: str, names: set[str]
) -> None:
    found = candidates_of(release)
    assert {one.name for one in found.kernels} == names
    assert not found.sure


@pytest.mark.parametrize(
    ("release", "why", "sure"),
    [
        ("5.4.286", "rules.version", True),
        ("5.4.0-120-generic", "rules.log", False),
        ("4.18.0-553.el8_10.x86_64", "rules.read", True),
        ("5.14.0-427.el9.x86_64", "rules.unread", False),
        ("6.2.0-syzkaller-12017-g1ec35eadc3b4", "rules.between", False),
        ("5.8.0-00013-g192f2fd7b678", "rules.version", True),
        ("6.7.0-rc1-01234-g192f2fd7b678", "rules.version", False),
        ("6.9.0-rc1-01234-g192f2fd7b678", "rules.version", True),
        ("6.11.11-valve17-1-neptune-6110-g027868a0ac03", "rules.version", True),
        ("6.9.0-rc2-next-20240404", "rules.between", False),
        ("6.18.0", "rules.newer", False),
        ("7.1.3", "rules.newer", False),
        (None, "rules.no_release", False),
    ],
)
def test_how_the_candidates_were_found_is_said(release: str | None, why: str, sure: bool) -> None:
    found = candidates_of(release)
    assert (found.why, found.sure) == (why, sure)


def test_a_mask_decides_between_the_states_of_a_distribution() -> None:
    old = candidates_of("5.14.0-70.el9", Evidence(((0xA20, "GFP_ATOMIC"),)))
    new = candidates_of("5.14.0-503.el9", Evidence(((0x820, "GFP_ATOMIC"),)))
    assert {one.gate.name for one in old.kernels} == {"5.9"}
    assert {one.gate.name for one in new.kernels} == {"6.3"}


def test_a_mask_in_hex_is_read_by_bits_that_give_it_a_meaning() -> None:
    old = candidates_of(None, Evidence(((0x201DA, None),)))
    names = {one.gfp.format(0x201DA) for one in old.kernels}
    assert names == {"GFP_HIGHUSER_MOVABLE|__GFP_COLD"}
    new = candidates_of(None, Evidence(((0x2200020, None),)))
    assert {one.gfp.name for one in new.kernels} == {"4.4", "4.5"}


def test_a_field_of_the_report_decides_as_well() -> None:
    zone = ("managed", "free_pcp", "writepending", "reserved_highatomic")
    whole = frozenset(("zones", "totals"))
    without = candidates_of(None, Evidence((), frozenset((*zone, "isolated_anon")), whole))
    assert {one.name for one in without.kernels} <= {"5.5", "5.7", "5.8", "5.9", "5.11", "5.14"}
    nothing = candidates_of(None, Evidence((), frozenset(("managed", "boost")), whole))
    assert len(nothing.kernels) == len(candidates_of(None).kernels)


def test_every_rule_names_its_function_and_the_versions_read() -> None:
    for kernel in every_era():
        abouts = {one.about for one in kernel.rules}
        assert {"masks", "gate", "marks", "min_free_kbytes", "lowmem_reserve"} <= abouts
        assert all(one.says and one.where and one.read and one.since for one in kernel.rules)
