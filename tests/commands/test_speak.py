"""`mmplay speak`: driven through standard input, as a pipe, a script or a screen reader does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.commands.speak_recording import folded
from mmplay.levels.catalogue import find_level
from mmplay.levels.progress import load
from mmplay.recordings.files import sessions_folder
from tests.conftest import INCIDENT_NEXT
from tests.levels.proofs import DOOR, EATER, answers_of, level_text
from tests.levels.test_stages import FIRST, HEAD, MASK, SECOND

pytestmark = pytest.mark.usefixtures("home")

YES, NO = "answer yes", "answer no"

Speak = Callable[..., list[str]]

GOAL = """\
[[win]]
counter = "dirty_ratio"
op = "=="
value = 5
text = "dirty_ratio is 5"
"""


@pytest.fixture
def speak(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Speak:
    """Talk to a level or a recording; return the lines it says."""

    def call(what: str, *commands: str) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{one}\n" for one in commands)))
        assert main(["speak", what]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.splitlines()

    return call


def starts(lines: list[str], *heads: str) -> bool:
    """Tell whether lines that begin so come in this order."""
    rest = iter(lines)
    return all(any(line.startswith(head) for line in rest) for head in heads)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "t.toml"
    keys = 'allow = ["dirty_ratio"]\nchoices = ["dirty_ratio 5 | the right one"]\nstride = 3'
    door = DOOR.replace("[[ask]]", '[[ask]]\nat = "turn 20"')
    path.write_text(level_text(door + GOAL, keys, EATER))
    return str(path)


def test_l03_is_won_by_answers_alone(speak: Speak) -> None:
    answers = answers_of(find_level("L03"))
    said = speak("L03", *(f"answer {one}" for one in answers), "quit")
    assert starts(said, "L03 Three lines", "task:", "question 1 of 8", "right:", "question 8 of 8")
    score = "3 of 3 stars; 0 acts, par 0; 0 of 8 questions missed; 0 hints"
    assert starts(said, "won: every goal is met", score, "Many believe", "In fact, ")
    assert starts(said, "In fact, ", "in the real kernel", "next comes L04", "now: restart")
    assert load().levels["L03"].stars == 3
    assert len(list(sessions_folder().iterdir())) == 1


def test_options_by_their_numbers_and_wrong_answers(speak: Speak) -> None:
    said = speak(
        "L03",
        "answer 2",
        "undo",
        "redo",
        "answer 2",
        *["hint"] * 4,
        "answer 9",
        "question",
    )
    assert starts(said, "right: low", "taken back", "done again", "wrong. The right answer is min")
    assert starts(said, "hint: ", "there are no more hints; the last was: ")
    assert starts(said, "no: 9 is none of them; choose 1-3", "question 2 of 8")


def test_a_number_alone_answers_or_chooses(speak: Speak, file: str) -> None:
    assert starts(speak("L03", "2", "2"), "right: low", "wrong. The right answer is min")
    assert starts(speak(file, "1"), "choice 1: ", "done: dirty_ratio 5")
    assert starts(speak(file, "9"), "no: choose 9: write a number")
    assert starts(speak("incident-4.5.0-rc7", "1"), "no: '1' is no command")


def test_a_level_with_time(speak: Speak, file: str) -> None:
    said = speak(file, "goals", "step", "step 2", "act dirty_ratio 500", "choose 1", "step 100",
                 "step", "answer yes", "answer no", "answer no", "step")  # fmt: skip
    assert starts(
        said,
        "choice 1: the right one",
        "not met: dirty_ratio is 5; not yet: vm.dirty_ratio: 20",
        "#4 of 4, ",
        "#7 of 7, ",
        "#10 of 10, ",
        "no: dirty_ratio: 500",
        "done: dirty_ratio 5",
        "question 1 of 3: 14 pages",
        "no: answer this question first, or skip",
        "right: yes",
        "won: every goal is met",
        "no: this level is won",
    )


def test_time_runs_to_what_is_asked_and_to_the_end(speak: Speak, file: str) -> None:
    said = speak(file, "choose 1", "run", "run", YES, NO, NO, "missed")
    assert starts(
        said,
        "a number chooses; run: time goes on to what",
        "done: dirty_ratio 5",
        "#",
        "question 1",
    )
    assert starts(said, "no: answer this question first", "right: yes", "right: no", "right: no")
    assert starts(said, "right: no", "won: every goal is met", "no: you missed none")
    assert sum(line.startswith("#") for line in said) == 1


def test_between_turns_the_player_decides(speak: Speak) -> None:
    answers = [f"answer {one}" for one in answers_of(find_level("L02"))]
    said = speak("L02", *answers, "run", "run", "help")
    turns = [line for line in said if line.startswith("#")]
    assert [line.split(",")[0] for line in turns] == ["#2 of 2", "#3 of 3"]
    assert said.count("a number chooses; run: time goes on for one turn; help lists commands") == 3


def test_what_is_refused_is_not_offered(speak: Speak, tmp_path: Path) -> None:
    path = tmp_path / "once.toml"
    keys = 'allow = ["dirty_ratio"]\nchoices = ["dirty_ratio 5 | five"]\nlimits = ["acts 1"]'
    path.write_text(
        level_text(DOOR.replace("[[ask]]", '[[ask]]\nat = "turn 20"') + GOAL, keys, EATER)
    )
    said = speak(str(path), "1", "undo", "1")
    assert [line for line in said if line.startswith("choice")] == ["choice 1: five"] * 2
    assert starts(
        said, "done: dirty_ratio 5", "run: time goes on", "taken back", "a number chooses"
    )


def test_what_was_missed_is_played_again_after_the_end(speak: Speak, file: str) -> None:
    said = speak(file, "choose 1", "missed", "run", NO, NO, NO, YES, "run", "missed", YES)
    assert starts(said, "no: the level is not over yet", "wrong. ", "right: yes", "1 of 3 stars")
    assert starts(said, "you missed: 14 pages", "once more: what you missed; it changes no stars")
    assert starts(
        said, "once more", "question 1 of 3", "right: yes", "that was all that you missed"
    )
    assert len(list(sessions_folder().iterdir())) == 1


def test_what_was_missed_is_played_again_stage_by_stage(speak: Speak, tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(HEAD + FIRST + MASK + SECOND)
    said = speak(str(path), "1", "answer 600", "answer nowait", "1", "answer 700", "missed",
                 "answer 600", "answer 700")  # fmt: skip
    assert starts(
        said, "once more", "question 1 of 2", "right: 600", "question 1 of 1", "right: 700",
        "that was all that you missed",
    )  # fmt: skip


def test_nothing_tells_what_would_answer_the_open_question(speak: Speak) -> None:
    answers = [f"answer {one}" for one in answers_of(find_level("L03"))]
    closed = next(n for n, one in enumerate(find_level("L03").questions) if one.hides)
    said = speak("L03", *answers[:closed], "zones", "why", *answers[closed:], "zones")
    told = "no: that would tell the answer: answer first"
    assert starts(said, f"question {closed + 1} of 8", told, told, "right: ", "DMA32: ")


@pytest.mark.parametrize("level", ["L10", "L13"])
def test_what_the_machine_would_compute_waits_for_the_answer(speak: Speak, level: str) -> None:
    """As `L` waits on the screen: these questions hide nothing, and the machine answers them."""
    question = find_level(level).questions[0]
    assert not question.hides
    said = speak(level, "zones", "why")
    told = "no: that would tell the answer: answer first"
    assert starts(said, "question 1 of ", told, told)


def test_a_word_is_not_broken_on_a_terminal() -> None:
    assert folded("  1: min, the lowest line", 12) == ["  1: min,", "the lowest", "line"]
    assert folded("", 12) == [""]
    assert folded("kmalloc-64-and-more", 12) == ["kmalloc-64-a", "nd-more"]


def test_looking_around_a_level(speak: Speak, file: str) -> None:
    said = speak(
        file, "step 4", "zones", "why", "goto #2", "here", "log", "task", "restart", "here"
    )
    assert starts(
        said, "#13 of 13", "DMA32: ", "#2 of 13", "#2 of 13", "the log is empty", "A story."
    )
    assert starts(said, "begun again", "choice 1", "#1 of 1")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("stp", "no: 'stp' is no command; did you mean step?"),
        ("step many", "no: step many: write a number"),
        ("step 0", "no: step 0: write a number"),
        ("answer yes", "no: no question is open now"),
        ("skip", "no: no question is open now"),
        ("act", "no: act NAME VALUE: this level takes dirty_ratio"),
        ("act kill 5", "no: 'kill' is no act of this level"),
        ("choose 2", "no: choose 2"),
        ("undo", "no: there is nothing to undo"),
        ("redo", "no: there is nothing to redo"),
        ("goto nowhere", "no: nowhere: no such place"),
        ("log x", "no: log x: write a number"),
        ("x" * 9000, "no: 'xxx"),
    ],
)
def test_what_cannot_be_done_is_said(speak: Speak, file: str, command: str, says: str) -> None:
    said = speak(file, command)
    assert any(line.startswith(says) for line in said)


def test_empty_lines_and_help(speak: Speak, file: str) -> None:
    said = speak(file, "", "   ", "help")
    assert starts(said, "step [N]: ", "act NAME VALUE: do something: dirty_ratio", "help", "quit")


def test_a_recording(speak: Speak) -> None:
    said = speak(INCIDENT_NEXT, "why", "zones", "step", "step", "back", "back", "event", "event",
                 "event back", "event far", "log 2", "quit", "here")  # fmt: skip
    assert starts(
        said,
        "#1 of 2, 89.794733 s: swapper/2 (0) was refused a page (order 0, GFP_NOWAIT|",
        f"{INCIDENT_NEXT}: 2 frames, 78 lines",
        "at min: DMA32 629 <= 1300 - 1300/2 = 650: refused",
        "would help: 1 page more free in DMA",
        "DMA32: 629 of 443813 pages free; min 1300, low 1743",
        "#2 of 2, 90.549072",
        "this is the end",
        "#1 of 2",
        "no: this is the first frame",
        "#2 of 2",
        "no: there is no event after this",
        "#1 of 2",
        "no: event far",
        "[   90.000147]",
    )
    assert said[-1].startswith("[   90.002463]")


def test_a_recorded_level(speak: Speak, file: str) -> None:
    speak(file, "step 4", "choose 1", "step")
    (path,) = sessions_folder().iterdir()
    said = speak(str(path), "goto 100%", "event back", "why")
    assert starts(said, "#1 of ", "the first event: #13 of ", "T1 A test: ", "you: dirty_ratio 5")


COMMAND = [sys.executable, "-m", "mmplay", "speak", "L03"]


def test_the_end_of_the_input_ends_it() -> None:
    done = subprocess.run(COMMAND, input="answer low", capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "question 2 of 8" in done.stdout
    assert done.stderr == ""


def test_ctrl_c_is_130_and_the_run_is_kept() -> None:
    with subprocess.Popen(COMMAND, stdin=-1, stdout=-1, stderr=-1, text=True) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        running.stdin.write("skip\n")
        running.stdin.flush()
        while not running.stdout.readline().startswith("skipped: "):
            pass
        os.kill(running.pid, signal.SIGINT)
        _, err = running.communicate()
    assert running.returncode == 130
    assert err == ""
    (path,) = sessions_folder().iterdir()
    assert main(["verify", str(path)]) == 0


def test_a_reader_that_goes_away() -> None:
    with subprocess.Popen(COMMAND, stdin=-1, stdout=-1, stderr=-1, text=True) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        running.stdout.readline()
        running.stdout.close()
        running.stdin.write("help\n" * 2000)
        running.stdin.close()
        assert running.stderr is not None
        assert "Traceback" not in running.stderr.read()
    assert running.returncode == 0


def test_a_request_under_other_settings_is_told(speak: Speak) -> None:
    lines = speak(
        INCIDENT_NEXT,
        "what-if vm.min_free_kbytes=3000",
        "what-if vm.swappiness=1",
        "what-if",
    )
    assert starts(
        lines,
        "By arithmetic alone the outcome changes: refused -> passes.",
        "DMA32 min low high: 1300 1743 2186 as logged, would be 743 1186 1629",
        "set aside: 3935 (15.4 MiB) as logged",
        "This is arithmetic only.",
        "no: vm.swappiness: arithmetic cannot answer it",
        "no: nothing is set",
    )
