"""Runs the cases of a suite and writes one line of JSON for each: its name, whether it passed, and what the client saw."""
import json
import os
import re
import sys
import traceback

BASE_URL = os.environ["BASE_URL"].rstrip("/")
KEY = os.environ["KEY"]

# Other each time, or of no meaning to a client; what remains of an id is its prefix
IDS = {"id", "call_id", "item_id", "tool_call_id", "tool_use_id", "request_id", "_request_id", "response_id"}
TIMES = {"created", "created_at", "completed_at"}
SECRET = {"signature"}


def scrub(value):
    """What two runs have in common."""
    if isinstance(value, dict):
        return {key: _scrubbed(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(inner) for inner in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if hasattr(value, "model_dump"):
        return scrub(value.model_dump(exclude_unset=True, by_alias=True))
    return str(value)


def _scrubbed(key, value):
    if key in IDS and isinstance(value, str):
        prefix = re.match(r"^[a-z]+[-_]", value)
        return "<%s>" % (prefix.group() if prefix else ("id" if value else ""))
    if key in TIMES and isinstance(value, (int, float)):
        return "<time>"
    if key in SECRET and isinstance(value, str):
        return "<secret>"
    return scrub(value)


class Report:
    """Writes as it goes, so that a suite that is ended early has told what it knows."""

    def __init__(self, suite):
        self.suite = suite
        self.failed = 0
        os.makedirs(os.environ["OUT"], exist_ok=True)
        self.file = open(os.path.join(os.environ["OUT"], suite + ".jsonl"), "w", encoding="utf-8")

    def write(self, name, passed, facts=None, outcome=None, problem=None):
        line = {"suite": self.suite, "name": name, "passed": passed, "facts": facts, "outcome": outcome}
        if problem:
            line["problem"] = problem
        self.failed += 0 if passed else 1
        self.file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
        self.file.flush()

    def run(self, cases, only=None):
        """Each case is a function that gives its facts, or facts and an outcome that is not compared."""
        for case in cases:
            name = case.__name__
            if only and only not in name:
                continue
            try:
                result = case()
                facts, outcome = result if isinstance(result, tuple) else (result, None)
                self.write(name, True, scrub(facts), outcome)
            except Exception as ex:  # a case that fails is a result like others
                self.write(name, False, {"error": type(ex).__name__}, None,
                           "".join(traceback.format_exception_only(type(ex), ex))[:2000])
        print("%s: %d cases failed" % (self.suite, self.failed))
        self.file.close()

    def exit(self):
        sys.exit(0)


def expect(condition, message="expected otherwise"):
    if not condition:
        raise AssertionError(message)


# A red pixel
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
