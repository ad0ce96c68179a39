"""Small changes of a module's syntax tree, one at a time: what a test should notice."""

import ast
import copy
import functools
from pathlib import Path
from typing import NamedTuple

_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_UNSEEN = ("__repr__", "__str__", "__dir__")


class Mutant(NamedTuple):
    file: str  # from the project's root, with slashes
    node: int  # which node of `ast.walk`
    change: int  # which of the node's changes
    kind: str
    line: int
    lines: tuple[int, ...]  # whose tests ask for it: the statement, up to the node
    is_late: bool  # in the body of a function, not run by the import
    text: str  # what was there, and what is there now

    @property
    def name(self):
        return f"{self.file}:{self.line}:{self.node}.{self.change}"


@functools.cache
def read(path):
    """Return the syntax tree of a file; nobody changes it."""
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def changes(node, parent):
    """Return (kind, replacement of the node) for every change of a node."""
    found = []

    def add(kind, **fields):
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        found.append((kind, new))

    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            swapped = [*node.ops[:i], _COMPARISONS[type(op)](), *node.ops[i + 1 :]]
            add("comparison", ops=swapped)
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        add("arithmetic", op=_ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        add("and/or", op=other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        found.append(("not" if isinstance(node.op, ast.Not) else "sign", node.operand))
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        add("return None", value=ast.copy_location(ast.Constant(None), node.value))
    elif isinstance(node, ast.If) and any(isinstance(n, ast.Raise) for n in node.body):
        negated = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        add("condition of an error", test=negated)
    elif isinstance(node, ast.Constant) and not isinstance(parent, ast.JoinedStr):
        value = node.value
        if isinstance(value, bool):
            add("boolean", value=not value)
        elif isinstance(value, int | float):
            add("number", value=value + 1)
        elif isinstance(value, str) and not any(map(str.isspace, value)):
            add("string", value=f"XX{value}")
        elif isinstance(value, bytes):
            add("string", value=b"XX" + value)
    return found


def find(root, file):
    """Return the mutants of a file; none in prose, type hints and messages."""
    tree = read(root / file)
    order = {id(node): i for i, node in enumerate(ast.walk(tree))}
    mutants = []

    def visit(node, parent, statement, function):
        if _is_silent(node, parent):
            return
        if isinstance(node, ast.stmt):
            statement = node
        for i, (kind, new) in enumerate(changes(node, parent)):
            # A change of a statement's condition is in its first line, a value's
            # in its own.
            shown = node.test if isinstance(node, ast.If) else node
            lines = (statement.lineno, (shown.end_lineno or node.lineno) + 1)
            mutants.append(
                Mutant(
                    file=file,
                    node=order[id(node)],
                    change=i,
                    kind=kind if not _is_default(node, function) else "default",
                    line=node.lineno,
                    lines=tuple(range(*lines)),
                    is_late=function is not None and not _is_header(node, function),
                    text=f"{_shorten(node)} -> {_shorten(new)}",
                )
            )
        for child in ast.iter_child_nodes(node):
            inner = function
            if isinstance(node, (*_FUNCTIONS, ast.Lambda)) and function is None:
                is_body = (
                    child is node.body
                    if isinstance(node, ast.Lambda)
                    else (child in node.body)
                )
                inner = node if is_body or child is node.args else None
            visit(child, node, statement, inner)

    visit(tree, None, None, None)
    return mutants


def mutate(root, mutant):
    """Return the tree of the mutant's file with its change."""
    tree = copy.deepcopy(read(root / mutant.file))
    nodes = list(ast.walk(tree))
    old = nodes[mutant.node]
    parent = next(n for n in nodes if any(c is old for c in ast.iter_child_nodes(n)))
    new = changes(old, parent)[mutant.change][1]
    for name, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, name, new)
        elif isinstance(value, list) and any(item is old for item in value):
            setattr(parent, name, [new if item is old else item for item in value])
    return ast.fix_missing_locations(tree)


def lines_of_users(root, mutant):
    """Return the lines of functions that a change outside their bodies concerns.

    For a default, those of its function; for what a name is bound to, where the name
    is read; none if that is in other files.
    """
    tree = read(root / mutant.file)
    old = list(ast.walk(tree))[mutant.node]
    names, lines = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and any(old is n for n in ast.walk(node.args)):
            return set(range(node.body[0].lineno, node.end_lineno + 1))
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            old is n for n in ast.walk(node)
        ):
            names |= {
                n.id if isinstance(n, ast.Name) else n.attr
                for n in ast.walk(node)
                if isinstance(n, ast.Name | ast.Attribute)
                and isinstance(n.ctx, ast.Store)
            }
    for node in ast.walk(tree):
        read_name = getattr(node, "id", getattr(node, "attr", None))
        if read_name in names and isinstance(node.ctx, ast.Load):
            lines.add(node.lineno)
    return lines


def _is_silent(node, parent):
    """Whether a node is prose or a hint, or part of a message for people."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, _FUNCTIONS) and node.name in _UNSEEN:
        return True
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return True
    if isinstance(node, ast.Call) and ast.unparse(node.func) in (
        "cast",
        "TypeVar",
        "warnings.warn",
    ):
        return True
    if isinstance(parent, ast.Call) and ast.unparse(parent.func) == "isinstance":
        return node is parent.args[1]
    hints = ("annotation", "returns", "decorator_list", "type_params")
    return any(
        value is node or (isinstance(value, list) and any(v is node for v in value))
        for name in hints
        for value in [getattr(parent, name, None)]
    )


def _is_none(value):
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _is_header(node, function):
    return any(node is n for n in ast.walk(function.args))


def _is_default(node, function):
    return function is not None and _is_header(node, function)


def _shorten(node):
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= 60 else text[:57] + "..."
