"""What a pydantic model would have accepted at a path: its keys and its examples."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fibench.model.scenario import Scenario
from fibench.scenario.places import Key

FILLED_IN = ("file", "places", "narrowed")
"""Fields of Scenario that the loader writes, never the user."""


def names(model: type[BaseModel]) -> list[str]:
    """The keys that a user may write for `model`."""
    hidden = FILLED_IN if model is Scenario else ()
    return [field.alias or name for name, field in model.model_fields.items() if name not in hidden]


def known(model: type[BaseModel], path: Key) -> list[str]:
    """The keys that the model at `path` has; empty when there is none."""
    return names(found) if (found := _model_in(_walk(model, path))) else []


def examples(model: type[BaseModel], path: Key) -> list[Any]:
    """The examples that the field at `path` gives, wherever they hide in its annotation."""
    parent = _model_in(_walk(model, path[:-1]))
    field = parent.model_fields.get(str(path[-1])) if parent else None
    return (field.examples or _examples_in(field.annotation)) if field else _examples_in(_walk(model, path))


def _examples_in(annotation: Any) -> list[Any]:
    for part in get_args(annotation):
        if isinstance(part, FieldInfo) and part.examples:
            return part.examples
        if found := _examples_in(part):
            return found
    return []


def _walk(annotation: Any, path: Key) -> Any:
    for part in path:
        annotation = _step(annotation, part)
    return annotation


def _step(annotation: Any, part: str | int) -> Any:
    """The annotation one key or index further down; None where nothing is known."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return field.annotation if field else None
    if origin is Annotated:
        return _step(arguments[0], part)
    if origin in (Union, types.UnionType):
        return next((found for branch in arguments if (found := _step(branch, part)) is not None), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[1] if isinstance(part, str) else None
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return arguments[0] if isinstance(part, int) else None
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
