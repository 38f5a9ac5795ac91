"""Writes one line of JSON for each test."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from report import Report  # noqa: E402

results = {}


@pytest.hookimpl
def pytest_runtest_logreport(report):
    name = report.nodeid.split("::", 1)[1]
    if report.when == "call" or report.outcome != "passed":
        results[name] = (report.outcome, str(report.longrepr)[-1500:] if report.outcome == "failed" else None)


def pytest_sessionfinish():
    written = Report("langchain")
    for name, (outcome, problem) in sorted(results.items()):
        written.write(name, outcome != "failed", {"result": outcome}, None, problem)
    written.file.close()
    print("\nlangchain: %d cases failed" % written.failed)
