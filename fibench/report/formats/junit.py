"""JUnit XML for CI: a gate that fails is a failure, INVALID is an error, what is undecided is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

from fibench.model.document import GateRow, Report
from fibench.model.result import CaseResult, ClaimResult, Comparison, RunResult
from fibench.report import words
from fibench.report.clean import line

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OUTCOMES = {"worse": "failure", "invalid": "error", "undecided": "skipped"}
LOSSES = ("SLOWER", "WORSE")


class JUnit:
    """One test case per gated comparison and per claim; without a gate every comparison is listed and none fails."""

    suffix = ".xml"

    def render(self, report: Report) -> str:
        named = {case.case.title: _name(case) for case in report.result.cases}
        decided = _derived(report.result) if report.gate is None else report.gate
        rows = tuple(replace(row, case=named.get(row.case, row.case)) for row in decided)
        root = ElementTree.Element("testsuites", {"name": "fibench", **_counts(rows)})
        for suite in dict.fromkeys(row.case for row in rows):
            _suite(root, suite, tuple(row for row in rows if row.case == suite))
        ElementTree.indent(root)
        return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, name: str, rows: tuple[GateRow, ...]) -> None:
    suite = ElementTree.SubElement(root, "testsuite", {"name": line(name or "claims"), **_counts(rows)})
    for row in rows:
        test = ElementTree.SubElement(suite, "testcase", classname=line(name or "claims"), name=line(row.name))
        if row.word in OUTCOMES:
            ElementTree.SubElement(test, OUTCOMES[row.word], message=line(row.reason))
        elif row.reason:
            ElementTree.SubElement(test, "system-out").text = line(row.reason)


def _counts(rows: tuple[GateRow, ...]) -> dict[str, str]:
    many = {tag: sum(row.word == word for row in rows) for word, tag in OUTCOMES.items()}
    return {
        "tests": str(len(rows)), "failures": str(many["failure"]), "errors": str(many["error"]),
        "skipped": str(many["skipped"]),
    }  # fmt: skip


def _derived(result: RunResult) -> Iterator[GateRow]:
    """Where no gate has run: a loss on a gated metric fails, and a required claim that is refuted."""
    for case in result.cases:
        if not case.comparisons and case.state == "invalid":
            yield GateRow("case", "invalid", case.reason or case.state, _name(case))
        for one in case.comparisons:
            yield _of_comparison(case, one)
    labels = {case.case.title: words.label(case.case) for case in result.cases}
    for claim in result.claims:
        yield _of_claim(claim, labels.get(claim.case, ""))


def _of_comparison(case: CaseResult, one: Comparison) -> GateRow:
    said = "; ".join(part for part in (f"{one.verdict}: {words.sentence(case.case, one)}", words.why(one)) if part)
    name = f"{one.metric}: {one.candidate} vs {one.baseline}"
    if one.verdict == "INVALID":
        return GateRow(name, "invalid", said, _name(case))
    if one.verdict in ("INCONCLUSIVE", "NOT COMPARABLE"):
        return GateRow(name, "undecided", said, _name(case))
    lost = one.verdict in LOSSES and one.metric in case.case.gate
    return GateRow(name, "worse" if lost else "pass", said, _name(case))


def _of_claim(claim: ClaimResult, label: str) -> GateRow:
    label = label or (f"SIMULATED: {claim.simulated}" if claim.simulated else "")
    said = ": ".join(part for part in (claim.verdict, label, claim.reason) if part)
    if claim.verdict == "CONFIRMED":
        return GateRow(claim.id, "pass", said)
    refuted = claim.required and claim.verdict == "REFUTED"
    return GateRow(claim.id, "worse" if refuted else "undecided", said)


def _name(case: CaseResult) -> str:
    label = words.label(case.case)
    return f"{case.case.title} ({label})" if label else case.case.title
