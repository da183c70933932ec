"""What the rules read: Python files with their syntax and imports, and all text files."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PRODUCT = ("config", "workflows", "activities", "workers", "starters")
CODE = (*PRODUCT, "tests", "benchmarks")
NOT_OURS = {"__pycache__", "build", "node_modules"}


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: where it is below the root, its dotted module name, its text and syntax."""

    path: str
    module: str
    text: str
    tree: ast.Module


def sources(root: Path, folders: tuple[str, ...]) -> Iterator[Source]:
    """All Python files in these folders of the root, in order."""
    for folder in folders:
        for file in sorted((root / folder).rglob("*.py")):
            relative = file.relative_to(root)
            text = file.read_text(encoding="utf-8")
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            yield Source(relative.as_posix(), module, text, ast.parse(text))


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, inside functions and for typing too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or something in it."""
    return name == package or name.startswith(f"{package}.")


def text_files(root: Path) -> Iterator[tuple[str, str]]:
    """Path and content of every text file that is tracked; without git, of every visible one."""
    for relative in _tracked(root) or _visible(root):
        data = (root / relative).read_bytes() if (root / relative).is_file() else b"\0"
        if b"\0" not in data:
            yield relative, data.decode(encoding="utf-8", errors="replace")


def _tracked(root: Path) -> list[str]:
    if not (root / ".git").exists():
        return []
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False, text=True
    )
    return [path for path in listed.stdout.split("\0") if path]


def _visible(root: Path) -> list[str]:
    found = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return sorted(path.as_posix() for path in found if not any(map(_hidden, path.parts[:-1])))


def _hidden(folder: str) -> bool:
    return folder in NOT_OURS or folder.endswith(".egg-info") or folder.startswith(".")
