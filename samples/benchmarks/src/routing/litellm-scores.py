"""Writes what LiteLLM's local heuristics say of each prompt: litellm-scores.py ROWS SCORES

ROWS is what RoutingQuality writes with --rows: a JSON object with "id" and "prompt" a line. A line of SCORES is, separated by tabs, the
id, the score of the heuristic, its tier (0 is the cheapest), and one minus the probability that the cheapest tier is enough by the heuristic
"v2". Needs the package litellm, 1.110.2 for the figures of docs/benchmarks.md. Asks no model.
"""

import importlib.metadata
import json
import os
import sys
from unittest.mock import MagicMock

# Prices are of no use here, and are looked up in the network otherwise
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from litellm.router_strategy.complexity_router import ComplexityRouter, ComplexityTier  # noqa: E402

TIERS = [ComplexityTier.SIMPLE, ComplexityTier.MEDIUM, ComplexityTier.COMPLEX, ComplexityTier.REASONING]


def main(rows, scores):
    heuristic = ComplexityRouter(model_name="benchmark", ctx=MagicMock())
    second = ComplexityRouter(
        model_name="benchmark", ctx=MagicMock(), complexity_router_config={"classifier_type": "heuristic_v2"}
    )
    with open(rows, encoding="utf-8") as source, open(scores, "w", encoding="utf-8") as out:
        out.write("# litellm " + importlib.metadata.version("litellm") + "\n")
        for line in source:
            row = json.loads(line)
            tier, score, _ = heuristic.classify(row["prompt"])
            # The outcome of the classifier, where classify() would fall back to the first heuristic
            forecast = second._classify_locally(row["prompt"], None).heuristic_v2_forecast
            enough = forecast["probabilities"][ComplexityTier.SIMPLE.value]
            out.write(f"{row['id']}\t{score!r}\t{TIERS.index(tier)}\t{1 - enough!r}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Expected are two arguments: the rows and where the scores go")
    main(sys.argv[1], sys.argv[2])
