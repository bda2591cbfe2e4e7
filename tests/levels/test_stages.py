"""Levels of several stages, the boss among them; the incident's lines beside those of a run."""

from __future__ import annotations

from functools import cache

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.level_text import LevelError
from mmplay.levels.load import read_level
from mmplay.levels.model import Level, Move
from mmplay.levels.play.beside import beside, current, in_words, pairs_json
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import later
from mmplay.levels.play.regrade import regrade
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following, knows, level_header, next_stage, play
from mmplay.levels.truth import TruthError, truth
from mmplay.recordings.run.session import Session

HEAD = """\
format = 1
id = "T1"
title = "Two stages"
learn = "Nothing."
story = "A story."
task = "A task."

[real]
function = "f"
path = "mm/x.c"
text = "t"
leaves_out = "l"
"""

ACT = """\
[[stage]]
title = "{title}"
kernel = "{kernel}"
max_turns = 10
[stage.machine]
base = "bench"
min_free_kbytes = 52
{machine}
[[stage.machine.zone]]
name = "DMA32"
managed = 2048
free = {free}
active_anon = 200
[[stage.ask]]
id = "{ask}"
text = "free?"
truth = "metric zones.DMA32.free"
"""

FIRST = ACT.format(title="one", kernel="4.5-rc7", machine="", free=600, ask="a")
MASK = """\
[[stage.ask]]
id = "mask"
at = "after a"
text = "which?"
truth = "wb_stops_at DMA32 13"
options = ["atomic", "nowait", "none"]
"""
SECOND = ACT.format(
    title="two", kernel="next-20160311", machine='variant_from = "mask"', free=700, ask="b"
)


def two_stages(first: str = FIRST, second: str = SECOND, more: str = "") -> Level:
    return read_level(HEAD + more + first + MASK + second, "t.toml")


def answered(level: Level, *answers: str) -> LevelRun:
    moves = [
        one.partition(" ") if one.startswith("skip") else ("answer", "", one) for one in answers
    ]
    return play(begin(level), [Move(name, value) for name, _, value in moves])


def test_a_stage_that_is_won_is_followed_by_the_next_with_what_was_chosen() -> None:
    run = answered(two_stages(), "a 600", "mask nowait", "b 700")
    first, second = run.all_stages()
    assert (first.outcome, second.outcome) == (Outcome.WON, Outcome.WON)
    assert (first.over, second.over) == (False, True)
    assert second.level.start.variant == "nowait"
    assert second.session.live.state.wb_mask == 2
    assert first.session.live.state.wb_mask == 0
    kernels = [one.session.live.kernel.name for one in (first, second)]
    assert kernels == ["4.5-rc7", "next-20160311"]
    assert first.session.live is not second.session.live


def test_score_is_of_all_stages_and_only_the_last_wins() -> None:
    run = answered(two_stages(), "a 1", "a 600", "mask nowait", "b 700")
    score = run.score()
    assert (score.won, score.acts, score.right, score.asked, score.missed) == (True, 0, 3, 3, 1)
    first = run.all_stages()[0].score()
    assert (first.won, first.stars, first.missed) == (False, 0, 1)
    assert run.digest() != run.session.live.state.digest()


def test_a_stage_that_is_not_won_ends_the_level() -> None:
    run = answered(two_stages(), "skip a", "mask nowait")
    assert (run.outcome, run.over, len(run.all_stages())) == (Outcome.ENDED, True, 1)
    assert next_stage(run) is None
    assert following(run) is None


def test_a_level_of_one_stage_is_over_when_it_is_won() -> None:
    run = begin(level_of_id("L11"))
    run = play(run, run.level.solution, knows)
    assert (run.over, run.all_stages(), following(run)) == (True, [run], None)
    assert run.digest() == run.session.live.state.digest()


def test_undo_stays_within_a_stage() -> None:
    first = answered(two_stages(), "a 600", "mask nowait")
    run = first.all_stages()[-1]
    assert run.level.stage == 2
    run = begin(two_stages())
    run.act("answer", "a 600")
    run.act("answer", "mask nowait")
    second = following(run)
    assert second is not None
    assert not second.undo()
    second.act("answer", "b 1")
    assert second.undo()
    assert second.playing
    assert second.score().missed == 1


def test_every_stage_has_a_recording_of_its_own_that_can_be_played_again() -> None:
    run = answered(two_stages(), "a 600", "mask nowait", "b 700")
    headers = [one.session.header for one in run.all_stages()]
    assert [(one["stage"], one["variant"]) for one in headers] == [(1, "atomic"), (2, "nowait")]
    for one in run.all_stages():
        again = regrade(one.session, two_stages())
        assert (again.outcome, again.same) == (Outcome.WON, True)


@pytest.mark.parametrize(("key", "value"), [("stage", 3), ("stage", "x"), ("variant", "y")])
def test_a_recording_of_no_stage_is_refused(key: str, value: object) -> None:
    run = answered(two_stages(), "a 600", "mask nowait", "b 700")
    run.session.header[key] = value
    with pytest.raises(InputError, match=r"no stage|no variant"):
        regrade(run.session, two_stages())


def test_level_of_stages_is_checked_as_a_whole() -> None:
    same = SECOND.replace('id = "b"', 'id = "a"')
    with pytest.raises(LevelError, match="two stages ask a question 'a'"):
        two_stages(second=same)
    stranger = SECOND.replace('variant_from = "mask"', 'variant_from = "musk"')
    with pytest.raises(LevelError, match="did you mean mask"):
        two_stages(second=stranger)
    with pytest.raises(LevelError, match="lacks title"):
        two_stages(second=SECOND.replace('title = "two"\n', ""))


def test_a_complaint_names_the_line_in_the_second_stage() -> None:
    bad = SECOND.replace("metric zones.DMA32.free", "metric zones.DMA32.fee")
    text = HEAD + FIRST + MASK + bad
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "fee" in one)
    with pytest.raises(LevelError, match=f"t.toml:{line}: truth"):
        read_level(text, "t.toml")


def test_header_of_a_level_without_stages_names_none() -> None:
    assert "stage" not in level_header(level_of_id("L11"), 1)


# the boss


@cache
def boss() -> LevelRun:
    level = level_of_id("L19")
    return play(begin(level), level.solution, knows)


def test_the_boss_is_two_machines_and_two_clocks() -> None:
    first, second = boss().all_stages()
    assert boss().score().stars == 3
    assert first.session.live.kernel.name == "4.5-rc7"
    assert second.session.live.kernel.name == "next-20160311"
    assert second.level.start.variant == "nomemalloc"
    start = second.session.machine_at(second.session.first).state
    assert start.now_ns // 1000 == 89_941_103
    assert first.session.live.state.now_ns < start.now_ns


def test_the_first_to_fail_in_the_boss_is_writeback() -> None:
    """SLUB's silent tries for a larger block fail long before, and are no failure for good."""
    first, _ = boss().all_stages()
    question = next(one for one in first.level.questions if one.id == "first")
    then = later(begin(level_of_id("L19")).session.live, question.when, "end", 10**6)
    assert then.state.counters.alloc_fail_task > 0
    found = truth(question.truth, first.level.kernel, then)
    assert found.value == "writeback"
    assert "writeback 2, network 0" in found.explanation()[0]
    with pytest.raises(TruthError, match="WHO is one of writeback, network, task"):
        truth("refused_first disk", first.level.kernel, then)
    drained = next(one for one in first.level.questions if one.id == "t12")
    at_12 = later(then, drained.at, "end", 10**6)
    assert [zone.free for zone in at_12.state.zones] == [0, 0], "the text says that its sum is 0"


def test_a_wrong_mask_is_not_carried_over() -> None:
    run = answered(two_stages(), "a 600", "mask atomic", "mask nowait", "b 700")
    assert run.level.start.variant == "nowait"


@pytest.mark.parametrize(
    ("number", "tile"),
    [
        ("5200", "min"),
        ("12", "drift"),
        ("205952", "objects"),
        ("6952", "high floor"),
        ("2516", "between"),
        ("0x2200020", "slab mask"),
    ],
)
def test_every_number_of_the_incident_has_one_tile(number: str, tile: str) -> None:
    for run in boss().all_stages():
        found = truth(f"explains {number}", run.level.kernel, run.session.live)
        assert found.value == tile
        assert len(found.others) == 5


def test_a_number_without_a_rule_is_no_question() -> None:
    run = boss()
    with pytest.raises(TruthError, match="did you mean min"):
        truth("explained mins by 5200 12", run.level.kernel, run.session.live)
    with pytest.raises(TruthError, match="min explains none of them"):
        truth("explained min by 6952 12", run.level.kernel, run.session.live)
    with pytest.raises(TruthError, match="expected a value that one fact has"):
        truth("fact_with edge nowhere", run.level.kernel)
    with pytest.raises(TruthError, match="explained by no rule"):
        truth("explains 4711", run.level.kernel, run.session.live)
    with pytest.raises(TruthError, match="the floors are"):
        truth("wb_stops_at DMA32 700", run.level.kernel, run.session.live)


# beside


def test_lines_of_the_incident_stand_beside_those_of_the_run() -> None:
    first, second = boss().all_stages()
    lines = {line.logged: line for line in beside(first)}
    kill = lines["Out of memory: Kill process 4450 (file_io.00) score 998 or sacrifice child"]
    assert (kill.same, kill.late_us) == (True, 0)
    slabs = next(line for text, line in lines.items() if "slabs: 3218" in text)
    assert [(one.name, one.logged) for one in slabs.numbers] == [("slabs", 3218), ("objs", 205952)]
    assert lines["lowmem_reserve[]: 0 0 0 0"].numbers == ()
    fails = [line for line in beside(second) if "page allocation failure" in line.logged]
    assert [line.same for line in fails] == [True, True]
    assert [line.late_us for line in fails] == [146_370, 92_853]


def test_beside_goes_as_far_as_the_run_and_knows_what_it_starts_from() -> None:
    first = boss().all_stages()[0]
    start = beside(first, first.session.first)
    assert all(line.simulated_us is None for line in start)
    assert start[0].logged == "Mem-Info:"
    assert in_words(start[0])[1] == "here the run starts from it"
    assert in_words(start[-1])[1] == "here not printed yet"
    assert current(start, 59_562_580) == -1
    assert start[current(start, 59_562_581)].logged == "Mem-Info:"
    assert beside(begin(two_stages())) == ()


def test_beside_in_words_and_as_data() -> None:
    first = boss().all_stages()[0]
    data = pairs_json(first)
    assert len(data) == len(beside(first))
    said = [line for one in beside(first) for line in in_words(one)]
    assert any(line.startswith("differs: time -") and "free 12 here 0" in line for line in said)
    assert any(line.startswith("other words: time") for line in said)
    assert not any("[<ffffffff" in line or "Hardware name" in line for line in said)


def test_session_of_the_second_stage_is_an_ordinary_one() -> None:
    assert type(boss().session) is Session
    end = boss().session.end
    assert any(boss().session.decisions_of(turn) for turn in range(end - 20, end + 1))
