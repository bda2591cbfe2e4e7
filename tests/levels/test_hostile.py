"""Packs of 4 MB that a careless reader needs a gigabyte or minutes for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mmplay.levels.pack import MAX_PACK_BYTES

READ = """
import sys
from pathlib import Path
from resource import RLIMIT_AS, setrlimit
from mmplay.engine.errors import InputError
from mmplay.levels.pack import levels_in
setrlimit(RLIMIT_AS, (300 << 20, 300 << 20))
for name in sys.argv[1:]:
    try:
        levels_in(Path(name))
    except InputError as error:
        print(error)
"""

PIECES = ("\n", '"""', '\\"""\n', '"""' * 600 + "\n", " \n")


def test_large_packs_are_refused_in_little_memory(tmp_path: Path) -> None:
    repeated = [piece * (MAX_PACK_BYTES // len(piece)) for piece in PIECES]
    texts = [head + text for head in ("", "pack = 1\n") for text in repeated]
    paths = [tmp_path / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text[:MAX_PACK_BYTES])
    command = [sys.executable, "-c", READ, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) == len(paths)
    assert all(line.startswith(str(path)) for line, path in zip(said, paths, strict=True))
