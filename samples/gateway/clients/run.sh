#!/usr/bin/env bash
# Runs clients that are not ours against a server that speaks OpenAI's API (and Anthropic's).
#
#   run.sh BASE_URL KEY OUT [SUITE...]
#
# BASE_URL ends in /v1, OUT is a directory for the results, one file of JSON lines for each suite. Suites: openai-python,
# anthropic-python, langchain, schemathesis-openai, schemathesis-own, openai-node, vercel-ai; all but schemathesis-own if none is
# named. Environment: ANTHROPIC_BASE_URL (BASE_URL without /v1 if it is not set), API_DOCS_URL and ADMIN_AUTHORIZATION for
# schemathesis-own, CLIENTS_HOME for the packages (a temporary directory, kept between runs, if it is not set), EXAMPLES.
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,12p' "$0" >&2
  exit 2
fi
HERE=$(cd "$(dirname "$0")" && pwd)
export BASE_URL=${1%/} KEY=$2
mkdir -p "$3"
OUT=$(cd "$3" && pwd)
export OUT
shift 3
SUITES=${*:-openai-python anthropic-python langchain openai-node vercel-ai schemathesis-openai}
CLIENTS_HOME=${CLIENTS_HOME:-${TMPDIR:-/tmp}/token-saving-gateway-clients-$(id -u)}
mkdir -p "$CLIENTS_HOME"
# Keys and addresses of the machine must not lead a client elsewhere
unset OPENAI_API_KEY OPENAI_BASE_URL OPENAI_ORG_ID OPENAI_PROJECT_ID ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN LANGSMITH_TRACING LANGCHAIN_TRACING_V2
export NO_PROXY=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1

python_ready() {
  local stamp="$CLIENTS_HOME/python-$(sha256sum <"$HERE/python/requirements.txt" | cut -c1-12)"
  if [ ! -e "$stamp/ready" ]; then
    python3 -m venv "$stamp"
    "$stamp/bin/pip" install --quiet --disable-pip-version-check --requirement "$HERE/python/requirements.txt"
    touch "$stamp/ready"
  fi
  PYTHON="$stamp/bin/python"
}

node_ready() {
  local stamp="$CLIENTS_HOME/node-$(sha256sum <"$HERE/node/package-lock.json" | cut -c1-12)"
  if [ ! -e "$stamp/ready" ]; then
    mkdir -p "$stamp"
    cp "$HERE/node/package.json" "$HERE/node/package-lock.json" "$HERE/node/.npmrc" "$stamp/"
    (cd "$stamp" && npm ci --no-audit --no-fund --loglevel=error >&2)
    touch "$stamp/ready"
  fi
  cp "$HERE"/node/*.mjs "$stamp/"
  NODE_HOME="$stamp"
}

STATUS=0
for SUITE in $SUITES; do
  case $SUITE in
    openai-python) python_ready; (cd "$HERE/python" && "$PYTHON" openai_suite.py) || STATUS=1 ;;
    anthropic-python) python_ready; (cd "$HERE/python" && "$PYTHON" anthropic_suite.py) || STATUS=1 ;;
    # Failed tests are results; 1 is what pytest says of them
    langchain) python_ready; (cd "$HERE/python/langchain" && "$PYTHON" -m pytest >"$OUT/langchain.log" 2>&1) || [ $? -eq 1 ] || STATUS=1; tail -1 "$OUT/langchain.log" ;;
    schemathesis-openai) python_ready; (cd "$HERE/python" && "$PYTHON" schema_suite.py openai) || STATUS=1 ;;
    schemathesis-own) python_ready; (cd "$HERE/python" && "$PYTHON" schema_suite.py own) || STATUS=1 ;;
    openai-node) node_ready; node "$NODE_HOME/openai.mjs" || STATUS=1 ;;
    vercel-ai) node_ready; node "$NODE_HOME/vercel.mjs" || STATUS=1 ;;
    *) echo "There is no suite $SUITE" >&2; STATUS=2 ;;
  esac
done
exit $STATUS
