# What scenarios are written with. Emulation is slow, so every wait is for an event, and its limit only ends what hangs: it is as
# long as the machine is slow, for it counts how often was looked, and a look takes a program or two.

readonly LOOKS=100 PATIENCE_S=900

info() { printf -- '-- %s\n' "$*"; }

# prove <what> <function> [argument…]: one line of result; with what was printed, and the daemon's log, when it failed. A scenario
# may call `left_out <why>`.
prove() {
  local what=$1 started_s=$SECONDS since status
  shift
  [[ -z $FILTER || $what =~ $FILTER ]] || return 0
  since=$(date '+%F %T')
  (
    set -euo pipefail
    "$@"
  ) >"$STATE/output" 2>&1 </dev/null
  status=$?
  echo "$status" >"$STATE/status"
  case $status in
    0) printf 'ok   %s (%s s)\n' "$what" $((SECONDS - started_s)) ;;
    97) printf 'skip %s: %s\n' "$what" "$(tail -n 1 "$STATE/output")" ;;
    *)
      printf 'FAIL %s (%s s, exit code %s)\n' "$what" $((SECONDS - started_s)) "$status"
      tail -n 40 "$STATE/output" | sed 's/^/       /'
      echo '       the journal of the daemon:'
      journalctl --no-pager --quiet -o cat -u tsctr --since "$since" | tail -n 25 | cut -c1-600 | sed 's/^/       /'
      ;;
  esac
  return 0
}

# The same, whatever the filter says; without it nothing else is of use, and all ends.
require() {
  FILTER='' prove "$@"
  [[ $(cat "$STATE/status") == 0 ]] || exit 1
}

# The program, asked again when the daemon did not get its turn within the time that commands give it: the machine is slow, not
# broken.
tsctr() {
  local status=0
  while :; do
    command tsctr "$@" 2>"$STATE/stderr" && status=0 || status=$?
    ((status == 1)) && grep -q 'did not answer in' "$STATE/stderr" || break
    sleep 3
  done
  cat "$STATE/stderr" >&2
  return "$status"
}
export -f tsctr

left_out() {
  echo "$*"
  exit 97
}

fail() {
  printf 'failed: %s\n' "$*"
  exit 1
}

equal() { # <what> <expected> <found>
  [[ $2 == "$3" ]] || fail "$1: expected \`$2\`, found \`$3\`"
  echo "$1: $3"
}

contains() { # <what> <expected part> <found>
  [[ $3 == *"$2"* ]] || fail "$1: expected \`$2\` in \`$3\`"
  echo "$1: has $2"
}

# Runs a command again until it succeeds.
wait_for() { # <what> <command…>
  local what=$1 looks=0 started_s=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    looks=$((looks + 1))
    if ((looks >= LOOKS)); then
      "$@" || true
      fail "looked $looks times in $((SECONDS - started_s)) s for: $what"
    fi
    sleep 1
  done
}

# field <resource> <name>: the first of that name in its JSON, such as pid.
field() {
  tsctr describe "$1" -o json | sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}

# read_log <name>: all of its log, into $STATE/log. What is on disk by then is told: a failure is to be understood by it.
read_log() {
  local status=0 written
  tsctr logs "$1" | cat >"$STATE/log" || status=$?
  written=$(wc -l <"/var/lib/tsctr/containers/$(field "$1" containerID)/logs/current.log")
  echo "tsctr logs $1: exit code $status, $(wc -l <"$STATE/log") lines of $written by now, from '$(head -n 1 "$STATE/log")' to '$(tail -n 1 "$STATE/log")'"
  return "$status"
}

pid_of() { field "$1" pid; }

# cgroup_of <pid>: the directory of its cgroup.
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }

# Waits until it runs, or until $APPLY_TIMEOUT for one that should not.
# apply <name> [line of the spec…]: a container of the demo image that counts, with these lines of YAML in its spec.
apply() {
  local name=$1
  shift
  {
    printf 'apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: { name: %s }\nspec:\n' "$name"
    printf '  image: localhost/demo:1\n  terminationGracePeriodSeconds: 1\n'
    [[ "$*" == *command:* ]] || printf '  command: [sh, -c, %s]\n' "'trap \"exit 0\" TERM; n=0; while :; do n=\$((n + 1)); echo \"count \$n\"; sleep 1 & wait \$!; done'"
    if (($# > 0)); then printf '  %s\n' "$@"; fi
  } >"$STATE/$name.yaml"
  tsctr apply -f "$STATE/$name.yaml" --timeout "${APPLY_TIMEOUT:-${PATIENCE_S}s}"
}

remove_all() {
  rm -f /etc/tsctr.d/*
  local names
  names=$(tsctr get -o name)
  # shellcheck disable=SC2086 # a list of words
  [[ -z $names ]] || tsctr delete --force $names
}
