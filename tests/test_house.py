"""How the house is built, measured from its sources: what was mended once must not come again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("mmplay", "tui", "levels", "recordings", "engine")
"""From the front door down: a room imports only from itself and from those after it."""

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 50
ONE_DEFINITION_FILES = 10
"""How many files may hold a single definition."""

LADDER = ("starts", "run", "mm", "log", "machine", "state")
"""The folders of the simulator, from the top down."""

MUTUAL: set[tuple[str, str]] = set()
"""Folders of the simulator that import each other. The set may only shrink."""


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Let go of all those trees when the last test has seen them."""
    yield
    sources.cache_clear()


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> Mapping[str, ast.Module]:
    """Return every file of the product, parsed, by its path from the top."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT)
            if room == "mmplay" and len(name.parts) > 2 and name.parts[1] in ROOMS:
                continue  # a link to a room that is measured where it lies
            found[name.as_posix()] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def lines(name: str) -> int:
    return len((ROOT / name).read_text(encoding="utf-8").splitlines())


def module(name: str) -> str:
    """Return what a file is called when it is imported."""
    dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return dotted if dotted.startswith("mmplay") else f"mmplay.{dotted}"


def imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what a file and its functions import: a module, and what out of it ("" for itself).

    What only a type checker reads makes no arrow.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.module is not None, "an import names its module in full"
            yield from ((child.module, alias.name) for alias in child.names)
        else:
            yield from imported(child)


@cache
def arrows() -> Mapping[str, set[str]]:
    """Return which files each file imports."""
    files = {module(name): name for name in sources()}
    graph = {}
    for name, tree in sources().items():
        exact = {files.get(f"{place}.{what}") or files.get(place) for place, what in imported(tree)}
        graph[name] = {one for one in exact if one is not None} - {name}
    return graph


def folder_arrows() -> set[tuple[str, str]]:
    """Return which folders import from which others."""
    return {
        (folder(name), folder(target))
        for name, targets in arrows().items()
        for target in targets
        if folder(name) != folder(target)
    }


def folder(name: str) -> str:
    return name.rpartition("/")[0]


def circles(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Return circles of a graph; one that was found is cut before the next is sought."""
    left = {name: set(targets) for name, targets in graph.items()}
    found: list[set[str]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
            return found
        except CycleError as error:
            found.append(set(error.args[1]))
            first, second = error.args[1][:2]
            left[second].discard(first)


def functions() -> Iterator[tuple[str, FunctionNode]]:
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, FunctionNode):
                yield name, node


def holds_one_definition(tree: ast.Module) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return sum(isinstance(node, kinds) for node in tree.body) == 1


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")]
    assert [name for name in (*sources(), *tests) if lines(name) > LINES_OF_A_FILE] == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, node in functions()
        if (node.end_lineno or node.lineno) - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_files_of_a_single_definition_become_fewer() -> None:
    single = [
        name
        for name, tree in sources().items()
        if holds_one_definition(tree) and not name.endswith("__init__.py")
    ]
    assert len(single) <= ONE_DEFINITION_FILES, single


def test_no_file_imports_itself_by_a_circle() -> None:
    assert circles(arrows()) == []


def test_circles_are_found() -> None:
    """The search itself: two circles that share a file are both there, a straight line is none."""
    assert circles({"a": ["b"], "b": ["c"], "c": []}) == []
    assert circles({"a": ["b"], "b": ["a", "c"], "c": ["b"]}) in (
        [{"a", "b"}, {"b", "c"}],
        [{"b", "c"}, {"a", "b"}],
    )


def test_rooms_import_only_downwards() -> None:
    place = {room: number for number, room in enumerate(ROOMS)}
    up = [
        (name, target)
        for name, targets in arrows().items()
        for target in targets - {"mmplay/__init__.py"}  # the version
        if place[target.split("/")[0]] < place[name.split("/")[0]]
    ]
    assert up == []


def test_folders_of_the_simulator_import_one_way() -> None:
    found = {pair for pair in folder_arrows() if pair[0].startswith("engine/sim")}
    both = {(one, other) for one, other in found if one < other and (other, one) in found}
    assert both <= MUTUAL


def test_folders_of_the_simulator_import_only_downwards() -> None:
    place = {f"engine/sim/{name}": number for number, name in enumerate(LADDER)}
    folders = {folder(name) for name in sources() if name.startswith("engine/sim/")}
    assert folders - {"engine/sim"} == set(place)
    up = [
        (low, high)
        for low, high in folder_arrows()
        if low in place and high in place and place[high] < place[low]
    ]
    assert up == []


def test_outside_the_simulator_the_engine_is_below_it() -> None:
    """Rules, printk and reports know nothing of the simulator that follows them."""
    low = ("engine/rules", "engine/printk", "engine/report")
    up = [pair for pair in folder_arrows() if pair[0] in low and pair[1].startswith("engine/sim")]
    assert up == []


def test_only_the_screens_know_the_terminal_library() -> None:
    outside = [
        name
        for name, tree in sources().items()
        if not name.startswith("tui/")
        and any(place.split(".")[0] == "textual" for place, _ in imported(tree))
    ]
    assert outside == []


def test_every_file_says_what_it_is() -> None:
    silent = [name for name, tree in sources().items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_files_that_the_documents_name_are_there() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    named = {
        (page.name, file)
        for page in documents
        for file in re.findall(r"`([\w./-]+\.(?:py|toml|tcss))`", page.read_text(encoding="utf-8"))
        if "NAME" not in file
    }
    there = [
        f"/{path.relative_to(ROOT).as_posix()}"
        for room in (*ROOMS, "tests")
        for path in (ROOT / room).rglob("*")
    ]
    top = [f"/{path.name}" for path in ROOT.iterdir()]
    assert {
        one for one in named if not any(path.endswith(f"/{one[1]}") for path in (*there, *top))
    } == set()
