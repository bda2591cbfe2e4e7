"""What other settings change of an event of a recording: finds the event and asks the rules.

Apart from `diagnosis`: explaining does without the arithmetic of settings.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.explain.diagnose import Seen
from mmplay.engine.explain.finding import said, sentence
from mmplay.engine.explain.settings import Settings
from mmplay.engine.explain.verdict import Outcome
from mmplay.engine.explain.what_if import Change, has_verdict, what_if
from mmplay.engine.frame import Timeline
from mmplay.engine.report import Report
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, seen_by
from mmplay.recordings.recording import Recording


def first_with_verdict(recording: Recording, name: str) -> int:
    """Return the first frame whose request was tested; raises InputError if there is none."""
    for index in recording.event_frames:
        if has_verdict(diagnose_frame(recording, index).diagnosis):
            return index
    raise InputError(f"{name}: no event has a verdict, so there is nothing to compare; see explain")


def judged(timeline: Timeline, index: int) -> tuple[FrameDiagnosis, Report, Seen]:
    """Return a frame whose request was tested; raises InputError if it has no verdict."""
    result = diagnose_frame(timeline, index)
    report, seen = result.frame.report, seen_by(timeline, result.frame)
    if report is None or seen is None or not has_verdict(result.diagnosis):
        raise InputError(f"#{index + 1} has no verdict to compare: {_why(result)}")
    return result, report, seen


def compared(timeline: Timeline, index: int, settings: Settings) -> Change:
    """Return what settings change of one frame.

    Raises InputError where it has no verdict, and where the kernel or the dump lacks a setting.
    """
    result, report, seen = judged(timeline, index)
    return what_if(report, result.diagnosis, seen, result.frame.release, settings)


def _why(result: FrameDiagnosis) -> str:
    if result.frame.report is None:
        return said("supposed.no_request")
    if result.diagnosis.judgement.outcome is Outcome.LIMIT:
        return said("supposed.limit")
    verdict = result.diagnosis.verdict
    return sentence(verdict) if verdict is not None else said("supposed.untested")
