"""Packs of 4 MB that a careless reader needs a gigabyte or minutes for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.levels.pack import MAX_PACK_BYTES

READ = """
import sys
from pathlib import Path
from resource import RLIMIT_AS, setrlimit
from mmplay.engine.errors import InputError
from mmplay.levels.pack import levels_in
setrlimit(RLIMIT_AS, (300 << 20, 300 << 20))
try:
    levels_in(Path(sys.argv[1]))
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize("head", ["", "pack = 1\n"])
@pytest.mark.parametrize("piece", ["\n", '"""', '\\"""\n', '"""' * 600 + "\n", " \n"])
def test_a_large_pack_is_refused_in_little_memory(tmp_path: Path, head: str, piece: str) -> None:
    path = tmp_path / "pack.toml"
    path.write_text((head + piece * (MAX_PACK_BYTES // len(piece)))[:MAX_PACK_BYTES])
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr == ""
    assert str(path) in done.stdout
