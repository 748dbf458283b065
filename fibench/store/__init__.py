"""The store: raw samples in, runs out; one SQL implementation, the address chooses the engine.

    address (words → file or server) → engine (pragmas, BEGIN) → border (retry, translate errors)
    schema · migrations (tables, versions)      codec (model ↔ rows)      reading · finding (SELECTs)
    sql (SqlStore: what the rest of fibench sees)

Observed values only: statistics and verdicts are derived when asked. A finished generation is one row and one
transaction, so a `kill -9` loses at most the generation in flight. Rows hold plain JSON text: `sqlite3
results/fibench.db` reads them without fibench. Imports SQLAlchemy; nothing outside this package does.
"""

from fibench.store.reading import Session
from fibench.store.sql import SqlStore, open_store

__all__ = ["Session", "SqlStore", "open_store"]
