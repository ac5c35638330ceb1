#!/bin/sh
# Published experiments again, those whose claim takes a fresh network or little training: `unroll reproduce --quick`
# must say that each holds. One PASS or FAIL line each, with its time; exits 1 where one fails. A quarter of a minute.
#
#   reproduce.sh [NAME...]    others; all that `unroll reproduce --list` names take some ten minutes
#
# UNROLL      the program (./unroll)
set -u
LC_ALL=C
export LC_ALL OMP_WAIT_POLICY=passive
UNROLL=${UNROLL:-./unroll}
[ $# -gt 0 ] || set -- depth cooijmans2016-norm
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

failed=0
for name in "$@"; do
    start=$(date +%s)
    verdict=PASS
    "$UNROLL" reproduce --quick --quiet "$name" --out "$work/$name" >"$work/out" 2>"$work/err" ||
        { verdict=FAIL; failed=1; }
    echo "$verdict $name, $(($(date +%s) - start)) s"
    [ $verdict = PASS ] || cat "$work/out" "$work/err" >&2
done
exit $failed
