"""Data beside sentences: rule ids are known to the rules alone, and each sentence is worded in one module."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import harvdiag
from harvdiag.rules import registry

PACKAGE = Path(harvdiag.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def docstrings(tree: ast.AST) -> set[int]:
    """The nodes that document a module, a class, a function, or the constant before them."""
    found = set()
    for node in ast.walk(tree):
        for child in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                found.add(id(child.value))
    return found


def literals(text: str) -> Iterator[str]:
    """Every string of a module that is no docstring; of an f-string its fixed parts."""
    tree = ast.parse(text)
    told = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def known_rules(text: str) -> set[str]:
    """The rule ids that a module has among its strings."""
    return set(registry()) & set(literals(text))


def test_rule_ids_are_known_inside_the_rules_only() -> None:
    """What others need of a rule is declared at it: `holds`, `missing`, `short`, `reason`."""
    outside = [path for path in FILES if PACKAGE / "rules" not in path.parents]
    found = {str(path.relative_to(PACKAGE)): ids for path in outside if (ids := known_rules(path.read_text("utf-8")))}
    assert not found


def test_a_rule_id_in_code_is_seen() -> None:
    """The test above can fail: a comparison shows, a docstring does not."""
    assert known_rules('"""Of node-not-managed."""\nif finding.rule == "node-not-managed":\n    pass\n')
    assert not known_rules('"""node-not-managed"""\n')


# --- sentences -----------------------------------------------------------------------------------------------------

WORDS = 3
"""From so many words on a literal is taken for a piece of a sentence."""
SHARED = frozenset[str]()
"""Pieces that several modules may hold, as they are values of the API or lines of logs."""


def fragments(text: str) -> set[str]:
    """The pieces of sentences among a module's strings, without what separates them from the next."""
    pieces = (" ".join(literal.split()).strip(" .,:;(\"'") for literal in literals(text))
    return {piece for piece in pieces if len(re.findall(r"[A-Za-z][\w'-]+", piece)) >= WORDS}


def shared(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """The pieces that more than one module holds, with the modules."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for name, text in modules.items():
        for piece in fragments(text):
            homes[piece].add(name)
    return {piece: names for piece, names in homes.items() if len(names) > 1 and piece not in SHARED}


def test_each_sentence_is_worded_in_one_module() -> None:
    """What one module words, no other compares with, cuts or words again."""
    found = shared({str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in FILES})
    assert not found


def test_a_sentence_in_two_modules_is_seen() -> None:
    """The test above can fail: for whole strings and for the fixed parts of f-strings, not for docstrings."""
    words = 'def told(x: str) -> str:\n    """It says so itself."""\n    return f"{x} was never begun; "\n'
    assert shared({"a": words, "b": 'if "was never begun" in message:\n    pass\n'}) == {"was never begun": {"a", "b"}}
    assert not shared({"a": words, "b": words.replace("was never begun", "has begun")})
