"""The map in genmodels/__init__.py is true, and no test leans on another."""

import ast
import re
import textwrap
from collections.abc import Iterator

import genmodels
from tests.support import source

FOLDERS = ("genmodels", "configs", "launch", "tests")  # each may import from itself and those before it
ENDS = {"report", "tuning", "benchmark"}  # side by side on top: nothing else in the package builds on them

LINES = 250  # of a file, at most
FUNCTION_LINES = 60
LONGER = {  # tests only: many cases of one thing
    "tests.data.test_cache": "builders that are killed, disks that are full, caches of older formats",
    "tests.data.test_celeb_a_files": "the layouts in which CelebA is passed around",
    "tests.data.test_folder": "what a folder of images may hold",
    "tests.launch.test_bad_input": "the table of what users get wrong",
    "tests.test_model": "what a model may be given",
    "tests.training.test_loop": "a whole training, and each way in which it ends",
}


def layers() -> list[str]:
    """The names of the map, from the formulas up: each may import from those before it."""
    lines = re.findall(r"^  (\w+(?:, \w+)*)  ", genmodels.__doc__, re.MULTILINE)
    return [name for line in lines for name in line.split(", ")]


def layer(module: str) -> str:
    """'a' of 'genmodels.a.b'; '' for the package itself, which stands above all layers."""
    return module.split(".")[1] if "." in module else ""


def modules(*folders: str) -> dict[str, ast.Module]:
    return {source.module(path): ast.parse(path.read_text()) for path in source.files(*folders)}


def imports(folder: str) -> set[tuple[str, str]]:
    """Who imports what."""
    return {(module, name) for module, tree in modules(folder).items() for name in source.imports(tree)}


def test_the_map_names_all_there_is():
    found = {layer(module) for module in modules("genmodels")} - {""}
    assert sorted(layers()) == sorted(found)


def test_no_import_runs_up():
    # So no two packages import each other either.
    order = layers()
    allowed = {name: order[: i + 1] for i, name in enumerate(order)} | {"": order}
    assert {
        (module, name)
        for module, name in imports("genmodels")
        if name.split(".")[0] == "genmodels" and layer(name) not in allowed[layer(module)]
    } == set()


def test_nothing_builds_on_the_ends():
    assert set(layers()) >= ENDS
    assert {
        (module, name)
        for module, name in imports("genmodels")
        if name.split(".")[0] == "genmodels" and layer(name) in ENDS - {layer(module)}
    } == set()


def test_no_folder_imports_from_a_later_one():
    for i, folder in enumerate(FOLDERS):
        assert source.packages(folder) & set(FOLDERS[i + 1 :]) == set(), folder


def test_no_test_imports_from_another():
    # A program that a test starts may import from that test's own module.
    borrowed = set()
    for module, tree in modules("tests").items():
        names = {name for code in (tree, *programs(tree)) for name in source.imports(code)}
        tests = {name for name in names if re.match(r"tests\.(.*\.)?test_", name)}
        borrowed |= {(module, name) for name in tests if not f"{name}.".startswith(f"{module}.")}
    assert borrowed == set()


def programs(tree: ast.Module) -> Iterator[ast.Module]:
    """The strings of a module that are programs with imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            try:
                yield ast.parse(textwrap.dedent(node.value))
            except SyntaxError:
                continue  # prose


def test_tensorflow_is_never_imported():
    assert "tensorflow" not in source.packages(*FOLDERS)


def test_files_are_short():
    long = {source.module(path) for path in source.files(*FOLDERS) if len(path.read_text().splitlines()) > LINES}
    assert long == LONGER.keys()


def test_functions_are_short():
    long = {
        f"{module}.{node.name}"
        for module, tree in modules(*FOLDERS).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= FUNCTION_LINES
    }
    assert long == set()
