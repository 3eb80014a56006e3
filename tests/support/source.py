"""The project's own source, read as text: what it imports, without importing it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files(*folders: str) -> list[Path]:
    """Every Python file below folders of the project, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module(path: Path) -> str:
    """The dotted name of a file of the project; a package's is that of its __init__.py."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(code: ast.AST) -> Iterator[str]:
    """What is imported anywhere in the code: 'a.b' for `import a.b`, 'a.b.c' for `from a.b import c`."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{name.name}" for name in node.names)


def packages(*folders: str) -> set[str]:
    """The top-level names that the files below `folders` import."""
    return {name.split(".")[0] for path in files(*folders) for name in imports(ast.parse(path.read_text()))}
