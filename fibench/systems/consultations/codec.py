"""A request's body becomes a row of the event store: one JSON object in one line.

Both codecs accept and refuse the same bodies and write the same row. Standard takes the way of the document (text, dict,
model, JSON text); Fast goes from bytes to bytes, and checks by hand the few fields there are. One difference is FastAPI's:
where it parses the body itself (V1, single events), NaN is let in and stored as null.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol
from uuid import uuid4

import orjson
from pydantic import BaseModel, Field, ValidationError

CREATED = "CONSULTATION_CREATED"
LONGEST_NAME = 200
"""Characters of a user's id, a consultation's id or an event's type."""

Row = str | bytes
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class MalformedError(ValueError):
    """The body is not JSON, or not what the endpoint takes; the message says which."""


class NewConsultation(BaseModel):
    """The body of POST /consultations."""

    user_id: Name


class NewEvent(BaseModel):
    """The body of POST /consultations/{id}/events, and every line of an upload."""

    event_type: Name
    payload: dict[str, Any]
    user_id: Name


class Event(NewEvent):
    """A row. The id is drawn at random from 122 bits: no two workers ever have to agree on one."""

    id: str = Field(default_factory=lambda: str(uuid4()))
    consultation_id: str
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Codec(Protocol):
    """`event` makes the row of a body; raises MalformedError."""

    def event(self, consultation: str, body: bytes, /) -> Row: ...


class Standard:
    """json and pydantic."""

    def opened(self, new: NewConsultation) -> tuple[str, Row]:
        """(id of a new consultation, its first row)."""
        consultation = str(uuid4())
        first = NewEvent.model_construct(event_type=CREATED, payload={}, user_id=new.user_id)
        return consultation, self.row(consultation, first)

    def row(self, consultation: str, new: NewEvent) -> Row:
        """The row of a body that FastAPI has parsed and checked."""
        event = Event(consultation_id=consultation, event_type=new.event_type, payload=new.payload, user_id=new.user_id)
        try:
            return event.model_dump_json()
        except ValueError as error:  # half of a surrogate pair: JSON can write it, UTF-8 cannot
            raise MalformedError(f"not Unicode: {error}") from None

    def event(self, consultation: str, body: bytes, /) -> Row:
        """The row of a line of an upload."""
        try:
            new = NewEvent.model_validate(json.loads(body.decode(), parse_constant=_no_json))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise MalformedError(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"not JSON: {error}") from None
        return self.row(consultation, new)


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


class Fast:
    """orjson from bytes to bytes; no text of the whole body is ever made."""

    def opened(self, body: bytes) -> tuple[str, Row]:
        """(id of a new consultation, its first row)."""
        user = _name(_object(body), "user_id")
        consultation = str(uuid4())
        return consultation, _row(consultation, {"event_type": CREATED, "payload": {}, "user_id": user})

    def event(self, consultation: str, body: bytes, /) -> Row:
        """The row of a body."""
        return _row(consultation, checked(body))


def checked(body: bytes) -> dict[str, Any]:
    """The fields of an event, others dropped. Raises MalformedError."""
    new = _object(body)
    payload = new.get("payload")
    if type(payload) is not dict:
        raise MalformedError("payload: an object is needed")
    return {"event_type": _name(new, "event_type"), "payload": payload, "user_id": _name(new, "user_id")}


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error}") from None
    if type(found) is not dict:
        raise MalformedError("body: an object is needed")
    return found


def _name(found: dict[str, Any], key: str) -> str:
    value = found.get(key)
    if type(value) is not str or not 0 < len(value) <= LONGEST_NAME:
        raise MalformedError(f"{key}: a text of 1 to {LONGEST_NAME} characters is needed")
    return value


def _row(consultation: str, event: dict[str, Any]) -> bytes:
    event["id"] = str(uuid4())
    event["consultation_id"] = consultation
    event["timestamp"] = datetime.now(UTC)
    return orjson.dumps(event, option=orjson.OPT_UTC_Z)
