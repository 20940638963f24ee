#!/usr/bin/env bash
# Set-up, every check, every test. All of them run even when one fails. The last line counts checks and tests alike:
# `N passed, N failed, N skipped`. The output of a check is shown when it fails.
set -uo pipefail
cd "$(dirname "$0")/.."
export NO_COLOR=1 NODE_OPTIONS="${NODE_OPTIONS:-}"

log=$(mktemp "${TMPDIR:-/tmp}/tsctr-test.XXXXXX")
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

report() { # what, seconds
  printf '%-6s %s (%s s)\n' "$1" "$2" "$3"
}

check() { # title, command…
  local title=$1 started_s=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    report ok "$title" $((SECONDS - started_s))
  else
    failed=$((failed + 1))
    report FAIL "$title" $((SECONDS - started_s))
    sed 's/^/       /' "$log"
  fi
}

suite() { # title, arguments of run-tests…
  local title=$1 started_s=$SECONDS counts
  shift
  echo "-- $title"
  node scripts/run-tests.mjs "$@" 2>&1 | tee "$log"
  counts=$(tail -n 1 "$log")
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    if ((BASH_REMATCH[1] + BASH_REMATCH[2] + BASH_REMATCH[3] == 0)); then failed=$((failed + 1)); fi
  else
    failed=$((failed + 1))
  fi
  report '--' "$title" $((SECONDS - started_s))
}

no_leftover_of_tests() {
  local left
  left=$(grep -o ' /tmp/tt-[^ ]*' /proc/self/mountinfo)
  [[ -z $left ]] || { echo "mounts that tests left: $left"; return 1; }
}

bash scripts/setup.sh --tests || failed=$((failed + 1))
check 'format' npx --no-install prettier --check . --log-level warn
check 'format of C++' bash -c 'clang-format --dry-run --Werror native/src/*.cc native/src/*.hh'
check 'lint' npx --no-install eslint .
check 'types' npx --no-install tsc -p tsconfig.json
check 'import rule' npm run --silent deps
check 'unused code' npx --no-install knip --no-progress
suite 'unit tests' test --exclude test/host --exclude test/scenario
if [[ $(id -u) == 0 ]]; then
  suite 'host tests' test/host $([[ ! -d test/scenario ]] || echo test/scenario) --jobs 1 --timeout 600
else
  echo 'host tests need root: run `sudo npm test`'
  failed=$((failed + 1))
fi
check 'nothing left by the tests' no_leftover_of_tests

echo "everything in $SECONDS s"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
