"""What the YAML parser says → what a person can act on."""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

from fibench.scenario.places import plain

_SENTENCES = (
    (r"(nested deeper .*)", "{0}"),
    (r"character '\\t'", "a tab is used for indentation: YAML wants spaces"),
    (r"character '(.)' that cannot start", "a value cannot start with '{0}': put it in quotes"),
    (
        r"mapping values are not allowed",
        "a second ': ' on one line, or a wrong indentation: put text with ':' in quotes",
    ),
    (r"could not find expected ':'", "a line without ': ' after its key"),
    (r"expected <block end>, but found '(?:<block|-|\?)", "the indentation does not fit the lines above"),
    (r"expected <block end>", "something follows a finished value: put the text in quotes"),
    (r"expected ',' or '([\]}])'", "a '{0}' or a ',' is missing"),
    (r"expected '<document start>'", "something follows the finished document: check the indentation"),
    (
        r"expected the node content, but found '(.+)'",
        "a value is missing before '{0}', or text with '{0}' needs quotes",
    ),
    (r"scanning a block scalar", "after '|' or '>' the text starts on the next line"),
    (r"mapping keys are not allowed", "'? ' cannot stand here: put the text in quotes"),
    (r"(?:scanning|parsing) a tag", "'!' starts a YAML tag: put the text in quotes"),
    (r"undefined alias '?([^']*)'?", "'*{0}' has no anchor '&{0}' above it"),
    (r"duplicate anchor '?([^';]*)'?", "the anchor '&{0}' is given twice"),
    (r"single document", "one file holds one scenario, found a second '---'"),
    (r"unexpected end of stream", "a quote is opened and never closed"),
    (r"expected alphabetic or numeric character", "'*' and '&' start an alias or an anchor: put the text in quotes"),
    (r"undefined tag handle '?([^']*)'?", "the YAML tag '{0}' is not used here: put the text in quotes"),
    (r"unknown escape character '?(.)", "'\\{0}' is no escape: use single quotes, or write '\\\\{0}'"),
    (r"sequence entries are not allowed", "a list item '- ' cannot stand here: start it on a line of its own"),
)


def translate(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) and one sentence."""
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return line, f"the character U+{int(error.character):04X} is not allowed in YAML"
    problem, mark = "not readable", None
    if isinstance(error, yaml.MarkedYAMLError):
        problem = " ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        if "never closed" in _sentence(problem) and error.context_mark:
            mark = error.context_mark
    return (mark.line + 1 if mark else 1), _sentence(problem)


def _sentence(problem: str) -> str:
    for pattern, sentence in _SENTENCES:
        if match := re.search(pattern, problem):
            return sentence.format(*map(plain, match.groups()))
    return f"not valid YAML: {plain(problem, 120)}"
