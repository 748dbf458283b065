"""The consultation service of Free Intelligence (document 002): a FastAPI service before an HDF5 event store, twice.

app        what a server loads        service    the application, put together from the settings
settings   the environment            codec      a request's body becomes a row (json + pydantic, or orjson)
journal    when a row is written: alone, or with all that arrived in the same turn of the event loop
shared_file   V1: one file, opened and closed by every append       worker_file   V2: one file per process, kept open
intake     newline-delimited uploads  lines      bytes in any pieces become lines
reading    rows of either layout      audit      rows counted from outside, while the servers run
upload     one upload, as a command whose peak memory is the server's
copies     the document's chain of copies, and how often it really copies

CONSULTATIONS_STORE=/tmp/c CONSULTATIONS_VERSION=v2 uvicorn --loop uvloop fibench.systems.consultations.app:app
"""
