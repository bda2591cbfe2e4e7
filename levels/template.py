"""What a new level file begins as: a level that checks, to be changed."""

from __future__ import annotations

from mmplay.engine.printable import printable

TEMPLATE = '''\
# A level for mmplay. How to write one: docs/LEVELS.md. Check it: mmplay levels check {file}
format = 1
id = "{ident}"
title = "My level"
kernel = "4.5-rc7"
learn = "What the player knows afterwards."
story = """
What there is, and what happens. A blank line begins a paragraph.
"""
task = "What must be done to win."
against = "What people wrongly believe."
max_turns = 100

[machine]
base = "bench"

[[machine.zone]]
name = "DMA32"
managed = 2048
free = 20
marks = [13, 16, 19]

[[ask]]
id = "door"
text = "{{0}} pages are free, min is 13. May GFP_KERNEL have one?"
truth = "passes DMA32 plain {{0}} min"
options = ["yes", "no"]
before = ["set_free DMA32 {{0}}"]
each = ["14", "13", "12"]

[[hint]]
rule = "floor DMA32 plain min"

[[solution]]
action = "answer"
values = ["door.1 yes", "door.2 no", "door.3 no"]

[real]
function = "__zone_watermark_ok"
path = "mm/page_alloc.c"
text = "What the kernel does there, in your own words."
leaves_out = "What the model leaves out."
'''


def new_level(ident: str, file: str) -> str:
    """Return the text of a new level file."""
    return TEMPLATE.format(ident=ident, file=printable(file))
