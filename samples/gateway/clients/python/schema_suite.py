"""
Requests that schemathesis makes up from a document: the chat part of OpenAI's own, and what the gateway says of itself.
Equal documents give equal requests, so that the statuses of two runs can be compared one by one.
"""
import json
import os
import re
import sys

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from report import BASE_URL, KEY, Report, expect

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
MODES = {"valid": schemathesis.GenerationMode.POSITIVE, "invalid": schemathesis.GenerationMode.NEGATIVE}
HERE = os.path.dirname(os.path.abspath(__file__))


# Whose keys are the caller's own
FREE = {"metadata", "logit_bias", "parameters", "schema"}


def openai_document():
    with open(os.path.join(HERE, "..", "openapi", "chat.json"), encoding="utf-8") as file:
        document = json.load(file)
    # A name that is made up is never a model
    request = document["components"]["schemas"]["CreateChatCompletionRequest"]
    document["components"]["schemas"]["TestedModel"] = {"type": "string", "enum": ["gpt-4o-mini", "gpt-5.6-luna"]}
    for part in request.get("allOf", [request]):
        if "model" in part.get("properties", {}):
            part["properties"]["model"] = {"$ref": "#/components/schemas/TestedModel"}
    return document


def property_names(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "properties" and isinstance(inner, dict):
                yield from inner
            yield from property_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from property_names(inner)


def without_others(value, known):
    """Without fields that the document does not name: it allows them, but OpenAI does not."""
    if isinstance(value, dict):
        return {key: inner if key in FREE else without_others(inner, known) for key, inner in value.items() if key in known}
    if isinstance(value, list):
        return [without_others(inner, known) for inner in value]
    return value


class Run:
    """Sends what is made up for one operation and keeps what came back."""

    def __init__(self, base, headers, shaped, known):
        self.base, self.headers, self.shaped, self.known = base, headers, shaped, known
        self.statuses, self.problems, self.bodies = [], [], []

    def take(self, case):
        if self.known and isinstance(case.body, dict):
            case.body = without_others(case.body, self.known)
        try:
            response = case.call(base_url=self.base, headers=self.headers, timeout=30)
        except requests.exceptions.InvalidHeader:
            return
        except requests.exceptions.RequestException as ex:
            self.statuses.append(0)
            self.bodies.append([case.method, case.formatted_path, str(case.body)[:4000]])
            self.problems.append("%d: no response, %s" % (len(self.statuses) - 1, type(ex).__name__))
            return
        place = len(self.statuses)
        self.statuses.append(response.status_code)
        self.bodies.append([case.method, case.formatted_path, as_text(case.body)])
        if response.status_code >= 500:
            self.problems.append("%d: %d" % (place, response.status_code))
        elif response.status_code >= 400 and self.shaped:
            try:
                error = json.loads(response.text)["error"]
                missing = {"message", "type", "param", "code"} - set(error)
                if missing:
                    self.problems.append("%d: an error without %s" % (place, sorted(missing)))
            except (ValueError, KeyError, TypeError):
                self.problems.append("%d: not an error of OpenAI's shape" % place)
        elif self.shaped and "json" in str(response.headers.get("content-type")):
            try:
                case.validate_response(response, checks=[schemathesis.checks.CHECKS.get_one("response_schema_conformance")])
            except Exception as ex:
                self.problems.append("%d: %s" % (place, re.sub(r"\s+", " ", str(ex))[:300]))


def as_text(body):
    try:
        return json.dumps(body, ensure_ascii=False)[:20000]
    except (TypeError, ValueError):
        return str(body)[:20000]


def run(operation, mode, base, headers, shaped, known):
    seen = Run(base, headers, shaped, known)
    try:
        strategy = operation.as_strategy(generation_mode=mode)
    except Exception as ex:
        return None, str(ex)

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def all_of_them(case):
        seen.take(case)

    try:
        all_of_them()
    except Exception as ex:  # nothing can be made up, as for an operation without parameters in the invalid mode
        if not seen.statuses:
            return None, "%s: %s" % (type(ex).__name__, str(ex)[:300])
        seen.problems.append("%s: %s" % (type(ex).__name__, str(ex)[:300]))
    return seen, None


def suite(report, document, base, headers, shaped, skip=()):
    bodies = open(os.path.join(os.environ["OUT"], report.suite + "-requests.json"), "w", encoding="utf-8")
    kept = {}
    names = set(property_names(document))
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = result.ok()
        if "%s %s" % (operation.method.upper(), operation.path) in skip:
            continue
        for name, mode in MODES.items():
            case = "%s %s %s" % (operation.method.upper(), operation.path, name)
            sent = {"Authorization": "Bearer " + KEY} if operation.path.startswith("/v1/") else headers
            seen, impossible = run(operation, mode, base, sent, shaped, names if shaped and name == "valid" else None)
            if seen is None:
                report.write(case, True, {"made_up": 0}, None, impossible)
                continue
            kept[case] = seen.bodies
            report.write(case, not seen.problems, {"made_up": len(seen.statuses), "statuses": seen.statuses}, None,
                         "; ".join(seen.problems[:20]))
    json.dump(kept, bodies, ensure_ascii=False)
    bodies.close()
    print("%s: %d cases failed" % (report.suite, report.failed))


if __name__ == "__main__":
    if sys.argv[1] == "openai":
        suite(Report("schemathesis-openai"), openai_document(), BASE_URL, {"Authorization": "Bearer " + KEY}, True)
    else:
        where = os.environ["API_DOCS_URL"]
        headers = {"Authorization": os.environ.get("ADMIN_AUTHORIZATION", "Bearer " + KEY)}
        document = requests.get(where, headers=headers, timeout=30)
        expect(document.ok, "no document at %s: %d" % (where, document.status_code))
        suite(Report("schemathesis-own"), document.json(), re.match(r"https?://[^/]+", where).group(), headers, False)
