"""`mmplay speak`: a level or a recording in line mode, for screen readers, slow links and pipes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing

from mmplay.commands.speak.talk import talk
from mmplay.engine.errors import InputError
from mmplay.levels.library import find_level, is_level_name
from mmplay.recordings.library import open_recording


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", metavar="LEVEL|TRACE|NAME", help="a level, or a recording")


def run(args: Namespace) -> int:
    """Talk until `quit` or the end of the input; raises InputError for what is not there."""
    if is_level_name(args.what):
        from mmplay.commands.speak.level import LevelSpeaker

        with closing(LevelSpeaker(find_level(args.what))) as speaker:
            talk(speaker)
        return 0
    from mmplay.commands.speak.recording import RecordingSpeaker

    with open_recording(args.what) as timeline:
        if not len(timeline):
            raise InputError(f"{args.what}: holds no failure, OOM kill or Mem-Info")
        talk(RecordingSpeaker(timeline))
    return 0
