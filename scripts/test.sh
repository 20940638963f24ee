#!/usr/bin/env bash
# Set-up, every check, every test. All of them run even when one fails. The last line counts checks and tests alike:
# `N passed, N failed, N skipped`. The output of a check is shown when it fails.
set -uo pipefail
cd "$(dirname "$0")/.."
export NO_COLOR=1 NODE_OPTIONS="${NODE_OPTIONS:-}"

logs=$(mktemp -d "${TMPDIR:-/tmp}/tsctr-test.XXXXXX")
log=$logs/log
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 skipped=0

report() { # what, seconds
  printf '%-6s %s (%s s)\n' "$1" "$2" "$3"
}

check() { # title, command…
  begin_check "$@"
  end_check "$1"
}

# The longest check has one processor for itself while the others have their turns on the other.
begin_check() { # title, command…
  local title=$1
  shift
  { "$@" >"$logs/$title" 2>&1; echo "$? $SECONDS" >"$logs/$title.end"; } &
  echo "$! $SECONDS" >"$logs/$title.begin"
}

end_check() { # title
  local title=$1 pid started_s code ended_s
  read -r pid started_s <"$logs/$title.begin"
  wait "$pid"
  read -r code ended_s <"$logs/$title.end"
  if ((code == 0)); then
    passed=$((passed + 1))
    report ok "$title" $((ended_s - started_s))
  else
    failed=$((failed + 1))
    report FAIL "$title" $((ended_s - started_s))
    sed 's/^/       /' "$logs/$title"
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
begin_check 'lint' npx --no-install eslint .
check 'format' npx --no-install prettier --check . --log-level warn
check 'format of C++' bash -c 'clang-format --dry-run --Werror native/src/*.cc native/src/*.hh'
check 'shell scripts' bash -c 'for file in .ci/run {scripts,scripts/vm,packaging,test/vm,test/vm/scenarios}/*.sh test/vm/run; do bash -n "$file" || exit 1; done'
check 'types' npx --no-install tsc -p tsconfig.json
check 'import rule' npm run --silent deps
check 'unused code' npx --no-install knip --no-progress
end_check 'lint'
suite 'unit tests' test --exclude test/host --exclude test/scenario
if [[ $(id -u) == 0 ]]; then
  # Each has an instance of its own, but for those that look at the whole host.
  alone=(test/host/apply-examples.test.ts test/host/sweep.test.ts)
  suite 'host tests, one by one' "${alone[@]}" --jobs 1 --timeout 600
  suite 'host tests' test/scenario test/host "${alone[@]/#/--exclude=}" --timeout 600 --again-alone
else
  echo 'host tests need root: run `sudo npm test`'
  failed=$((failed + 1))
fi
check 'nothing left by the tests' no_leftover_of_tests

echo "everything in $SECONDS s"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
