#!/usr/bin/env python3
"""
Compares what clients saw in several runs: compare.py DIRECT RUN...

The first directory is what is right, the others are named by their directories (miss and hit, say). Prints each difference that
exceptions.json does not name, then a count for each run; ends with 1 if there was one. An exception holds for the runs, suites, cases
and facts that its patterns match, and says why.
"""
import json
import os
import re
import sys

MISSING = "(not there)"


def read(directory):
    cases = {}
    for name in sorted(os.listdir(directory)):
        if name.endswith(".jsonl"):
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                for line in file:
                    case = json.loads(line)
                    cases[(case["suite"], case["name"])] = case
    return cases


def differences(one, other, path=""):
    """Each fact that is not the same, with its path."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            yield from differences(one.get(key, MISSING), other.get(key, MISSING), path + "." + key if path else key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other)):
            yield from differences(left, right, "%s[%d]" % (path, index))
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path, one, other


def matches(exception, run, suite, name, fact, left, right):
    if not all(re.fullmatch(exception.get(key, ".*"), value)
               for key, value in (("run", run), ("suite", suite), ("case", name), ("fact", fact))):
        return False
    # An exception for values says both
    return all(key not in exception or exception[key] == value for key, value in (("direct", left), ("seen", right)))


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:300] + "..."


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "exceptions.json"), encoding="utf-8") as file:
        exceptions = json.load(file)["exceptions"]
    direct = read(sys.argv[1])
    used = set()
    found = 0
    print("%s: %d cases, %d failed" % (sys.argv[1], len(direct), sum(not case["passed"] for case in direct.values())))
    for directory in sys.argv[2:]:
        run = os.path.basename(os.path.normpath(directory))
        cases = read(directory)
        equal = excepted = different = 0
        outcomes = {}
        for key in sorted(set(direct) | set(cases)):
            suite, name = key
            left, right = direct.get(key), cases.get(key)
            if right is not None and right.get("outcome"):
                outcomes[right["outcome"]] = outcomes.get(right["outcome"], 0) + 1
            if suite not in {one for one, _ in cases} or suite not in {one for one, _ in direct}:
                continue
            if left is not None and right is not None and left["passed"] != right["passed"]:
                list_of = [("passed", left["passed"], right["passed"])]
            else:
                list_of = list(differences(left["facts"] if left else MISSING, right["facts"] if right else MISSING, "facts"))
            open_ones = []
            for fact, one, other in list_of:
                named = [index for index, exception in enumerate(exceptions) if matches(exception, run, suite, name, fact, one, other)]
                used.update(named)
                if not named:
                    open_ones.append((fact, one, other))
            for fact, one, other in open_ones:
                print("%s: %s / %s: %s\n    direct: %s\n    %s: %s" % (run, suite, name, fact, short(one), run, short(other)))
            if open_ones and right is not None and right.get("problem"):
                print("    " + right["problem"].strip().replace("\n", "\n    ")[:1500])
            equal += 0 if list_of else 1
            excepted += 1 if list_of and not open_ones else 0
            different += 1 if open_ones else 0
        found += different
        print("%s: %d cases equal, %d by exception, %d different; outcomes told: %s"
              % (run, equal, excepted, different, json.dumps(outcomes, sort_keys=True)))
    for index, exception in enumerate(exceptions):
        if index not in used:
            print("unused exception: " + exception["why"])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
