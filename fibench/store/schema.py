"""The tables. Every column says what it holds: PostgreSQL keeps the comments, `meta` repeats them for SQLite.

Text that belongs to one row (rounds, values, a case's specification) is JSON: one row per generation instead of one
per sample keeps a run of a million samples in a few hundred rows, and any tool can still read it.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, ForeignKeyConstraint, Integer, LargeBinary, MetaData, Table, Text

SCHEMA_VERSION = 2
"""Version of the tables below. History:

1  first release: meta, runs, cases, generations, notes
2  generations.remarks, requests: windows of load
"""

METADATA = MetaData()

META = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True, comment="'schema' or the name of a column"),
    Column("value", Text, nullable=False, comment="the schema's version, or what the column holds"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True, comment="the run's name, unique"),
    Column("label", Text, index=True, comment="a name given by people; the newest run with it counts"),
    Column("state", Text, nullable=False, comment="running, complete, interrupted or failed"),
    Column("started", Double, nullable=False, index=True, comment="seconds since 1970-01-01 UTC"),
    Column("seconds", Double, nullable=False, comment="wall time of the whole run in s"),
    Column("seed", Text, nullable=False, comment="decimal digits; seeds may need more than 64 bits"),
    Column("command", Text, nullable=False, comment="the command line that started the run"),
    Column("owner", Text, nullable=False, comment="host, process id and its start: who measures the run"),
    Column("fingerprint", Text, nullable=False, comment="JSON object: machine, interpreter, packages, noise"),
)

CASES = Table(
    "cases",
    METADATA,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, comment="the run"),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="position in the run, from 0"),
    Column("key", Text, nullable=False, index=True, comment="hash of what is measured; equal keys compare"),
    Column("scenario", Text, nullable=False, comment="the scenario's name"),
    Column("spec", Text, nullable=False, comment="JSON object: the resolved case, enough to explain the samples"),
    Column("unit", Text, nullable=False, comment="the independent unit: generation or round"),
    Column("done", Boolean, nullable=False, comment="true when the case was measured to its end"),
    Column("seconds", Double, nullable=False, comment="wall time spent on the case in s"),
    Column("failures", Text, nullable=False, comment="JSON object: variant → why it has no (more) values"),
)

GENERATIONS = Table(
    "generations",
    METADATA,
    Column("run_id", Text, primary_key=True, comment="the run"),
    Column("case_number", Integer, primary_key=True, autoincrement=False, comment="the case in the run"),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="which set of worker processes, from 0"),
    Column("seed", Text, nullable=False, comment="seed of the order of the blocks, decimal digits"),
    Column("rounds", Text, nullable=False, comment="JSON array: the round of block i"),
    Column("variants", Text, nullable=False, comment="JSON array: the variant of block i"),
    Column("metrics", Text, nullable=False, comment="JSON object: metric → array, value of block i in base units"),
    Column("loops", Text, nullable=False, comment="operations per block, decimal digits"),
    Column("started", Double, nullable=False, comment="seconds since 1970-01-01 UTC"),
    Column("seconds", Double, nullable=False, comment="wall time of the generation in s"),
    Column("facts", Text, nullable=False, comment="JSON object: what the worker processes told about themselves"),
    Column("remarks", Text, nullable=False, server_default="[]", comment="JSON array: what is told of block i"),
    ForeignKeyConstraint(["run_id", "case_number"], ["cases.run_id", "cases.number"], ondelete="CASCADE"),
)

REQUESTS = Table(
    "requests",
    METADATA,
    Column("run_id", Text, primary_key=True, comment="the run"),
    Column("case_number", Integer, primary_key=True, autoincrement=False, comment="the case in the run"),
    Column("generation", Integer, primary_key=True, autoincrement=False, comment="the generation in the case"),
    Column("block", Integer, primary_key=True, autoincrement=False, comment="the block in the generation, from 0"),
    Column("records", LargeBinary, nullable=False, comment="zlib of columns u4 f4 f4 f4 f2 u2 u4, see traffic/record.py"),
    ForeignKeyConstraint(
        ["run_id", "case_number", "generation"],
        ["generations.run_id", "generations.case_number", "generations.number"],
        ondelete="CASCADE",
    ),
)

NOTES = Table(
    "notes",
    METADATA,
    Column("id", Integer, primary_key=True, comment="order in which notes were written"),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True, comment="the run"),
    Column("case_number", Integer, comment="the case, or null for the run as a whole"),
    Column("code", Text, nullable=False, comment="stable word for programs"),
    Column("text", Text, nullable=False, comment="what the reader must know"),
    Column("hint", Text, nullable=False, comment="what to do about it, may be empty"),
    Column("scope", Text, nullable=False, comment="where it belongs, may be empty"),
    ForeignKeyConstraint(["run_id", "case_number"], ["cases.run_id", "cases.number"], ondelete="CASCADE"),
)
