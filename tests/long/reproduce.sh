#!/bin/sh
# Published experiments again: `unroll reproduce --quick` must say that each holds, and with learning rates times 0
# and times 100,000 that none does. One PASS or FAIL line each, with its time; exits 1 where one fails. The time is
# half an hour on two fast cores; without training, most of it is spent as with it.
#
#   reproduce.sh [NAME...]    only these
#
# UNROLL      the program (./unroll)
# CONTROLS    of "none untrained diverged" (all)
set -u
LC_ALL=C
export LC_ALL OMP_WAIT_POLICY=passive
UNROLL=${UNROLL:-./unroll}
CONTROLS=${CONTROLS:-none untrained diverged}
[ $# -gt 0 ] || set -- $("$UNROLL" reproduce --list | sed -n 's/^\([a-z][a-z0-9-]*\)$/\1/p')
[ $# -gt 0 ] || { echo "FAIL: $UNROLL names no experiment"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# held NAME CONTROL: PASS where what came out is as it must be: 0 and a verdict that it holds, or 1 and one that it
# does not. An experiment that fails of something else fails here.
held()
{
    "$UNROLL" reproduce --quick --quiet "$1" --control "$2" --out "$work/$1-$2" >"$work/out" 2>"$work/err"
    status=$?
    if [ "$2" = none ]; then
        [ $status -eq 0 ] && grep -q ' holds with ' "$work/out"
    else
        [ $status -eq 1 ] && grep -q ' does NOT hold with ' "$work/out"
    fi
}

failed=0
for name in "$@"; do
    for control in $CONTROLS; do
        start=$(date +%s)
        verdict=PASS
        held "$name" "$control" || { verdict=FAIL; failed=1; }
        echo "$verdict $name, control $control, $(($(date +%s) - start)) s"
        [ $verdict = PASS ] || cat "$work/out" "$work/err" >&2
        rm -rf "$work/$name-$control"
    done
done
exit $failed
