"""The application: settings → store, journal and codec → endpoints.

Two sets of endpoints for single events: the ones that FastAPI's users write, with a model as parameter (json), and ones
that take the request's bytes as they are (orjson). Health, reading and uploads are the same for both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from fibench.systems.consultations import intake
from fibench.systems.consultations.codec import LONGEST_NAME, Fast, MalformedError, NewConsultation, NewEvent, Standard
from fibench.systems.consultations.journal import Direct, Grouped, Journal, Store
from fibench.systems.consultations.settings import Settings
from fibench.systems.consultations.shared_file import SharedFile, StoreUnavailableError, prepare
from fibench.systems.consultations.worker_file import WorkerFile

Id = Annotated[str, Path(min_length=1, max_length=LONGEST_NAME)]
DRAINED = 8 << 20
"""Bytes read and dropped after a refusal, so that a client that is still sending gets to read the answer."""


def create_app(settings: Settings) -> FastAPI:
    """The service; raises StoreUnavailableError when the folder cannot be used."""
    prepare(settings.store)
    store: Store = (SharedFile if settings.layout == "vlen" else WorkerFile)(settings.store, settings.compression)
    journal: Journal = (Direct if settings.commit == "event" else Grouped)(store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(title="Consultations", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(StoreUnavailableError, _unavailable)
    app.add_exception_handler(MalformedError, _malformed)
    app.add_exception_handler(intake.RefusedError, _refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    if settings.json == "json":
        standard = Standard()
        app.include_router(_typed(standard, journal))
        app.include_router(_shared(store, standard, journal))
    else:
        fast = Fast()
        app.include_router(_raw(fast, journal))
        app.include_router(_shared(store, fast, journal))
    return app


def _typed(codec: Standard, journal: Journal) -> APIRouter:
    router = APIRouter()

    @router.post("/consultations", status_code=201)
    async def create(new: NewConsultation) -> dict[str, str]:
        consultation, row = codec.opened(new)
        await journal.append([row])
        return {"id": consultation}

    @router.post("/consultations/{id}/events", status_code=201)
    async def append(id: Id, new: NewEvent) -> dict[str, str]:
        await journal.append([codec.row(id, new)])
        return {"status": "stored"}

    return router


def _raw(codec: Fast, journal: Journal) -> APIRouter:
    router = APIRouter()

    @router.post("/consultations")
    async def create(request: Request) -> Response:
        consultation, row = codec.opened(await request.body())
        await journal.append([row])
        return Response(b'{"id":"%b"}' % consultation.encode(), 201, media_type="application/json")

    @router.post("/consultations/{id}/events")
    async def append(id: Id, request: Request) -> Response:
        await journal.append([codec.event(id, await request.body())])
        return Response(b'{"status":"stored"}', 201, media_type="application/json")

    return router


def _shared(store: Store, codec: Standard | Fast, journal: Journal) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/consultations/{id}/events")
    async def read(id: Id, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
        return _events(store, id, limit)

    @router.post("/consultations/{id}/events/stream", status_code=201)
    async def stream(id: Id, request: Request) -> intake.Received:
        body = request.stream()
        try:
            return await intake.streamed(body, id, codec, journal)
        except intake.RefusedError:
            await _drain(body)
            raise

    @router.post("/consultations/{id}/events/upload", status_code=201)
    async def upload(id: Id, request: Request) -> intake.Received:
        """The document's variant: the whole body in memory, then the events."""
        return await intake.whole(await request.body(), id, codec, journal)

    return router


def _events(store: Store, consultation: str, limit: int) -> list[dict[str, Any]]:
    """The first `limit` events of a consultation in the order of time: a scan of the whole store, which has no index."""
    mark = b'"consultation_id":' + orjson.dumps(consultation)
    found = [orjson.loads(row) for row in store.rows() if mark in row]
    mine = [event for event in found if event["consultation_id"] == consultation]
    return sorted(mine, key=lambda event: str(event["timestamp"]))[:limit]


async def _drain(body: AsyncIterator[bytes]) -> None:
    dropped = 0
    async for piece in body:
        dropped += len(piece)
        if dropped > DRAINED:
            return


async def _unavailable(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)


async def _malformed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, intake.RefusedError)
    return JSONResponse({"error": str(error), "line": error.line, "stored": error.stored}, error.status)


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads this: the client went away within its upload. What was stored before stays."""
    return Response(status_code=400)
