"""The incident's two logs, explained to the page from the rules alone."""

import pytest

from mmplay.engine.explain.answer import Scene
from mmplay.engine.explain.ask import ANSWERERS, answer
from mmplay.engine.explain.finding import equation, sentence
from mmplay.engine.frame import Ask
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.log.observed import ObservedTimeline


def inequalities(result: FrameDiagnosis, ask: int) -> dict[str, tuple[int, int, str, str]]:
    _, tests = result.diagnosis.asks[ask]
    return {
        test.zone.name: (test.free.value, test.floor.value, str(test.verdict), equation(test.floor))
        for test in tests
        if test.free is not None and test.floor is not None
    }


def codes(result: FrameDiagnosis) -> dict[str, list[dict[str, object]]]:
    diagnosis = result.diagnosis
    found: dict[str, list[dict[str, object]]] = {}
    for one in (
        *diagnosis.about_caller,
        *(stop for _, stop in diagnosis.stops),
        *diagnosis.would_pass,
        *diagnosis.assumed,
        *diagnosis.notes,
        *diagnosis.reclaim,
        *result.trend,
    ):
        found.setdefault(one.code, []).append(dict(one.operands))
    return found


def test_log_1_is_refused_by_the_floor_of_gfp_high(linux_next: ObservedTimeline) -> None:
    result = diagnose_frame(linux_next, 0)
    assert inequalities(result, 0) == {
        "DMA32": (629, 650, "refused", "1300 - 1300/2 = 650"),
        "DMA": (1738, 1738, "refused", "11 - 5 + 1732 = 1738"),
    }
    assert result.diagnosis.caller is not None
    assert result.diagnosis.caller.caller.name == "HIGH"
    found = codes(result)
    assert found["caller.softirq"]
    assert found["caller.slab_lost"][0]["lost"] == ["__GFP_ZERO", "__GFP_ATOMIC"]
    assert [stop["free"] for stop in found["stop.on"]] == [1738]
    assert found["stop.on"][0]["callers"] == ["HIGH at min"]
    assert found["stop.between"][0]["above"] == "HIGH at min"
    assert found["stop.between"][0]["below"] == "HIGH+HARDER at min"


def test_what_slub_lets_through_is_named_with_both_masks(linux_next: ObservedTimeline) -> None:
    result = diagnose_frame(linux_next, 0)
    lost = next(one for one in result.diagnosis.about_caller if one.code == "caller.slab_lost")
    assert sentence(lost) == (
        "__GFP_ZERO, __GFP_ATOMIC did not get through: new_slab keeps "
        "GFP_RECLAIM_MASK|GFP_CONSTRAINT_MASK (0x2473ee0) only"
    )


def test_what_would_have_spared_the_killed_task(rc7: ObservedTimeline) -> None:
    result = diagnose_frame(rc7, 0)
    assert [sentence(one) for one in result.diagnosis.would_pass] == [
        "1 page more free in DMA32",
        "2 pages more free in DMA",
        "as a caller of class HARDER (a realtime task): floor 1300 - 1300/4 = 975 in DMA32, "
        "1300 passes",
        "vm.min_free_kbytes at most 5247; cost: less is kept for requests that cannot wait",
        "vm.lowmem_reserve_ratio of DMA at least 257: lowmem_reserve 1726; cost: less of DMA is "
        "kept for requests that cannot go elsewhere",
        "7 pages more free in DMA at the last look: nobody is killed",
    ]


def test_a_stop_without_a_mark_names_none(rc7: ObservedTimeline) -> None:
    stops = [sentence(one) for _, one in diagnose_frame(rc7, 2).diagnosis.stops]
    assert "0 is exactly the floor of NO_WATERMARKS: that is where such a caller stops" in stops
    assert "3 lies between the floors of HIGH+HARDER at min (1737) and NO_WATERMARKS (0)" in stops


def test_log_1_would_have_passed_with_the_lost_flag(linux_next: ObservedTimeline) -> None:
    result = diagnose_frame(linux_next, 0)
    kept = next(one for one in result.diagnosis.would_pass if one.code == "pass.kept")
    assert kept.operands["flags"] == ["__GFP_ATOMIC"]
    text = sentence(kept)
    assert "1300 - 1300/2 - 162 = 488" in text
    assert "629 passes" in text
    found = codes(result)
    assert {"pages": 1, "zone": "DMA"} in found["pass.pages"]
    assert {"pages": 22, "zone": "DMA32"} in found["pass.pages"]
    assert found["pass.min_free_own"] == [{"kbytes": 5075}]
    assert found["pass.reserve"] == [{"zone": "DMA", "ratio": 257, "reserve": 1726}]


def test_log_1_reclaim_cannot_help(linux_next: ObservedTimeline) -> None:
    dirty = codes(diagnose_frame(linux_next, 0))["reclaim.dirty"][0]
    assert (dirty["percent"], dirty["dirty"], dirty["file"]) == (91, 113936, 125404)


def test_log_1_does_not_contradict_itself(linux_next: ObservedTimeline) -> None:
    assert diagnose_frame(linux_next, 0).diagnosis.notes == []


def test_log_2_at_the_oom_kill(rc7: ObservedTimeline) -> None:
    result = diagnose_frame(rc7, 0)
    assert inequalities(result, 0) == {
        "DMA32": (1300, 1300, "refused", "1300"),
        "DMA": (1742, 1743, "refused", "11 + 1732 = 1743"),
    }
    assert {zone: row[1] for zone, row in inequalities(result, 1).items()} == {
        "DMA32": 1950,
        "DMA": 1748,
    }
    found = codes(result)
    assert found["assumed.no_header"] == [{"zone": "DMA32"}]
    assert "assumed.last_look" in found
    assert found["stop.on"][0]["callers"] == ["plain at min"]


def test_log_2_notes_are_the_known_skew(rc7: ObservedTimeline) -> None:
    found = codes(diagnose_frame(rc7, 0))
    assert [(one["zone"], one["free"], one["listed"]) for one in found["note.lists"]] == [
        ("DMA", 1742, 1741),
        ("DMA32", 1300, 1265),
    ]
    assert "note.unreclaimable" not in found
    assert "inactive_file 113013 against 112955" in str(found["note.totals"][0]["fields"])


def test_log_2_when_the_reserves_are_gone(rc7: ObservedTimeline) -> None:
    result = diagnose_frame(rc7, 2)
    assert result.diagnosis.caller is not None
    assert result.diagnosis.caller.caller.name == "NO_WATERMARKS"
    assert inequalities(result, 0)["DMA32"] == (0, 650, "refused", "1300 - 1300/2 = 650")
    last = inequalities(result, 1)
    assert last["DMA32"][:3] == (0, 0, "refused")
    assert last["DMA"][:3] == (3, 0, "no block")
    found = codes(result)
    assert found["caller.pf_memalloc"] == [{"symbol": "try_to_free_pages"}]
    assert found["stop.lists_empty"] == [{"free": 3}]
    assert "pass.nothing" in found


def test_log_2_kthreadd_is_judged_by_the_next_dump(rc7: ObservedTimeline) -> None:
    result = diagnose_frame(rc7, 1)
    found = codes(result)
    assert found["assumed.other_dump"] == [{"distance_us": 1706, "direction": "later"}]
    assert "caller.untraced" in found
    assert "assumed.if_memalloc_refused" in found
    assert inequalities(result, 0)["DMA32"][0] == 0


def test_log_2_slab_growth_in_objects(rc7: ObservedTimeline) -> None:
    trend = {
        one.operands.get("name", one.code): one.operands for one in diagnose_frame(rc7, 2).trend
    }
    assert trend["slab_unreclaimable"]["delta"] == 2993
    assert trend["trend.objects"]["objects"] == 191_552
    assert trend["trend.objects"]["cache"] == "kmalloc-64"


def test_every_number_of_every_frame_has_an_answer(incident: ObservedTimeline) -> None:
    for index in range(len(incident)):
        result = diagnose_frame(incident, index)
        scene = Scene(result.frame, result.diagnosis)
        asks = list(everything(result))
        assert index > 0 or len(asks) > 50
        for ask in asks:
            found = answer(scene, ask)
            assert found.title != "unknown", ask
            assert found.parts(), ask
            for _, link in found.links:
                assert answer(scene, link).title != "unknown", (ask, link)


def everything(result: FrameDiagnosis) -> list[Ask]:
    dump = result.frame.shown.dump if result.frame.shown else None
    asks: list[Ask] = []
    if dump is not None:
        asks += [Ask("total", (name,)) for name in dump.totals]
        asks += [Ask("tail", (name,)) for name in dump.tail]
        for zone in dump.zones:
            where = (zone.node, zone.name)
            asks += [Ask("zone", (*where, name)) for name in zone.kb]
            asks += [Ask("blocks", (*where, order)) for order in range(11)]
            asks.append(Ask("reserve", (*where, 1)))
            asks += [Ask("floor", (*where, name)) for name in ("plain", "HIGH", "NO_WATERMARKS")]
    report = result.frame.report
    if report is not None and report.request is not None:
        asks.append(Ask("mode"))
        asks += [Ask("entry", (n,)) for n in range(len(report.request.stack))]
        if report.request.slub is not None:
            asks += [Ask("slub", (name,)) for name in ("gfp", "slabs", "objs", "slab_free")]
    if report is not None and report.kill is not None:
        asks.append(Ask("score"))
    return asks


ANSWERS = (
    # recording, frame, question, what the numbers must say
    ("next", 0, Ask("zone", (0, "DMA", "free")), "1738 <= 11 - 5 + 1732 = 1738: refused"),
    ("next", 0, Ask("zone", (0, "DMA32", "low")), "min + gap = 1300 + 443 = 1743"),
    ("next", 0, Ask("zone", (0, "DMA", "high")), "11 + 3 * 2 = 17"),
    ("next", 0, Ask("zone", (0, "DMA32", "min")), "(1312 * 443813)/447789 = 1300"),
    ("next", 0, Ask("reserve", (0, "DMA", 1)), "443392 to 443647 managed pages above / 256"),
    ("next", 0, Ask("slub", ("objs",)), "728 slabs * 64 objects = 46592"),
    ("next", 0, Ask("total", ("free",)), "DMA 1738 + DMA32 629 = 2367"),
    ("next", 0, Ask("blocks", (0, "DMA32", 1)), "172 * 2^1 = 344 pages of the 629"),
    ("rc7", 0, Ask("zone", (0, "DMA32", "high")), "1300 + 1300/2 = 1950"),
    ("rc7", 0, Ask("score"), "(1000*447 + 321)*1000/447809 = 998"),
    ("rc7", 0, Ask("zone", (0, "DMA32", "pages_scanned")), "675401 < 6 x 124320 = 745920: no"),
    ("rc7", 0, Ask("total", ("inactive_file",)), "= 112955, printed 113013"),
    ("rc7", 2, Ask("slub", ("objs",)), "3218 slabs * 64 objects = 205952"),
)


@pytest.mark.parametrize(("log", "frame", "ask", "numbers"), ANSWERS)
def test_answers(
    log: str,
    frame: int,
    ask: Ask,
    numbers: str,
    rc7: ObservedTimeline,
    linux_next: ObservedTimeline,
) -> None:
    result = diagnose_frame(rc7 if log == "rc7" else linux_next, frame)
    assert numbers in answer(Scene(result.frame, result.diagnosis), ask).numbers


def test_unknown_numbers_say_so(rc7: ObservedTimeline) -> None:
    result = diagnose_frame(rc7, 0)
    scene = Scene(result.frame, result.diagnosis)
    for kind in ANSWERERS:
        names = (0, "Normal", 0) if kind in ("zone", "reserve", "blocks", "floor") else ("none",)
        if kind not in ("mode", "slub", "score", "entry", "victim"):
            assert answer(scene, Ask(kind, names)).title == "unknown", kind
    assert answer(scene, Ask("nonsense")).title == "unknown"
