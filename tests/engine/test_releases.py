"""From the release that a log prints to the rules and the GFP bits that it follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.versions import KERNELS, kernel_of_release, layout_of_release

RULES: tuple[tuple[str, str | None], ...] = (
    ("4.5.0", "4.5-rc7"),
    ("4.5.0-rc7+", "4.5-rc7"),
    ("4.5.7-202.fc23.x86_64", "4.5-rc7"),
    ("4.5.0-rc7-next-20160311+", "next-20160311"),
    ("4.5.0-rc7-next-20160312", None),
    ("4.6.0", None),
    ("4.50.1", None),
    ("6.1.115", None),
    ("6.1.116", "6.1"),
    ("6.1.148", "6.1"),
    ("6.1.1480", None),
    ("6.1.0-27-amd64", None),
    ("6.1.0-28-amd64", "6.1"),
    ("6.1.0-37-cloud-amd64", "6.1"),
    ("6.6.59", None),
    ("6.6.60", "6.6"),
    ("6.6.119-generic", "6.6"),
    ("6.12.0-55.el10.x86_64", None),
    ("6.12.30", "6.12"),
    ("6.12.30-rc1", None),
    ("6.120.1", None),
    ("", None),
    ("unknown", None),
    ("9" * 5000, None),
)


@pytest.mark.parametrize(("release", "rules"), RULES, ids=[one[:30] for one, _ in RULES])
def test_rules_are_followed_only_where_they_are_known(release: str, rules: str | None) -> None:
    found = kernel_of_release(release)
    assert (found.name if found is not None else None) == rules


LAYOUTS: tuple[tuple[str, str | None], ...] = (
    ("2.4.37", None),
    ("2.6.32-754.el6.x86_64", "2.6.32"),
    ("3.2.0", "2.6.32"),
    ("3.10.0-1160.el7.x86_64", "3.10"),
    ("4.3.6", "3.10"),
    ("4.4.302", "4.4"),
    ("4.5.0-rc7+", "4.5"),
    ("4.7.10", "4.5"),
    ("4.8.17", "4.8"),
    ("4.9.337", "4.8"),
    ("4.10.17", None),
    ("4.11.12", "4.11"),
    ("4.12.14-lp151", "4.11"),
    ("4.18.20", "4.13"),
    ("4.18.0-553.el8_10.x86_64", "4.19"),
    ("4.19.325", "4.19"),
    ("5.1.0", "4.19"),
    ("5.4.0-150-generic", "5.4"),
    ("5.15.0-119-generic", "5.4"),
    ("6.2.16", "6.1"),
    ("6.3.0", "6.6"),
    ("6.11.0", "6.6"),
    ("6.12.30", "6.12"),
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
    assert kernel is None or kernel in KERNELS.values()
    assert layout is None or layout in GFP_LAYOUTS.values()


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 999), st.text("abc-+", max_size=8))
def test_rules_are_never_known_without_their_bits(
    major: int, minor: int, patch: int, tail: str
) -> None:
    release = f"{major}.{minor}.{patch}{tail}"
    kernel = kernel_of_release(release)
    if kernel is not None:
        assert layout_of_release(release) is kernel.gfp
