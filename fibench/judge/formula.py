"""Arithmetic that a source states about itself, evaluated safely and shown with its working."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fibench import units
from fibench.errors import ScenarioError

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_COMPARE: dict[type[ast.AST], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("<", operator.lt), ast.LtE: ("≤", operator.le), ast.Gt: (">", operator.gt), ast.GtE: ("≥", operator.ge),
    ast.Eq: ("=", lambda a, b: math.isclose(a, b, rel_tol=1e-9)),
    ast.NotEq: ("≠", lambda a, b: not math.isclose(a, b, rel_tol=1e-9)),
}  # fmt: skip
_CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "round": round, "sum": lambda *xs: sum(xs)}


@dataclass(frozen=True, slots=True)
class Working:
    """Whether the statement holds, what its left side came to, and the working in words."""

    holds: bool
    measured: float | None
    text: str


def evaluate(formula: str) -> Working:
    """ "150 / 60 >= 2.5" → holds, 2.5, "150 / 60 ≥ 2.5: 2.5 ≥ 2.5". Numbers, + - * / // % ** comparisons and/or/not."""
    try:
        tree = ast.parse(formula, mode="eval").body
        return _statement(tree)
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, TypeError, ValueError) as error:
        hint = "numbers, + - * / ** ( ), abs min max round sum, comparisons, and/or"
        raise ScenarioError(f"cannot evaluate formula {formula!r}: {error}", hint=hint) from error


def _statement(node: ast.AST) -> Working:
    if isinstance(node, ast.BoolOp):
        parts = [_statement(value) for value in node.values]
        every = isinstance(node.op, ast.And)
        holds = all(part.holds for part in parts) if every else any(part.holds for part in parts)
        return Working(holds, parts[0].measured, ("; and " if every else "; or ").join(part.text for part in parts))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _statement(node.operand)
        return Working(not inner.holds, inner.measured, f"not ({inner.text})")
    if not isinstance(node, ast.Compare):
        raise ValueError("it states nothing: a comparison such as '150 / 60 >= 2.5' is needed")
    sides = [node.left, *node.comparators]
    values = [float(_value(side)) for side in sides]
    signs = [_COMPARE[type(sign)] for sign in node.ops]
    holds = all(test(left, right) for (_, test), left, right in zip(signs, values, values[1:], strict=False))
    written = _join([ast.unparse(side) for side in sides], signs)
    worked = _join([units.three_digits(value) for value in values], signs)
    shown = written if written == worked else f"{written}: {worked}"
    return Working(holds, values[0], shown if holds else f"{shown} does not hold")


def _join(sides: list[str], signs: list[tuple[str, Any]]) -> str:
    return sides[0] + "".join(f" {sign} {side}" for (sign, _), side in zip(signs, sides[1:], strict=True))


def _value(node: ast.AST) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return _power(float(_value(node.left)), float(_value(node.right)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return -_value(node.operand) if isinstance(node.op, ast.USub) else _value(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and not node.keywords:
        return _CALLS[node.func.id](*(_value(argument) for argument in node.args))
    raise ValueError(f"'{ast.unparse(node)}' is not arithmetic")


def _power(base: float, exponent: float) -> float:
    result: float | complex = base**exponent
    if isinstance(result, complex):
        raise ValueError("a negative number has no such power")
    return result
