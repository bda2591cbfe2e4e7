"""Play and replay the Linux page allocator's worst moments, decision by decision."""

from os.path import dirname, isdir

__version__ = "0.1.0"

if not isdir(f"{dirname(__file__)}/engine"):
    # An unpacked sdist, or git on Windows, has no links: the rooms lie beside this folder.
    __path__.append(dirname(dirname(__file__)))
