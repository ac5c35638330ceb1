# For the tests of the program: `. lib.sh` and then checks; `finish` says how many there were.
# The program is $UNROLL, or ./unroll in the build directory.
unroll=${UNROLL:-./unroll}
case $unroll in /*) ;; *) unroll=$PWD/$unroll ;; esac
checks=0 failures=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
unset NO_COLOR UNROLL_KERNELS UNROLL_GNUPLOT

fail() {
    failures=$((failures + 1))
    printf 'FAIL: %s\n' "$*"
}

# expect STATUS TEXT ARGUMENT...: run the program; its exit code, and TEXT somewhere in standard error, which has
# one line for an error and nothing for success without a TEXT. Output stays in $work/out and $work/err.
expect() {
    expected=$1 pattern=$2
    shift 2
    "$unroll" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    checks=$((checks + 1))
    if [ "$got" -ne "$expected" ]; then
        fail "unroll $*: exit $got, expected $expected: $(head -c 300 "$work/err")"
    elif [ "$expected$pattern" = 0 ] && [ -s "$work/err" ]; then
        fail "unroll $*: says '$(head -c 300 "$work/err")'"
    elif [ -n "$pattern" ] && ! grep -qF -e "$pattern" "$work/err"; then
        fail "unroll $*: '$(head -c 300 "$work/err")' does not say '$pattern'"
    elif [ "$expected" -ne 0 ] && [ "$(wc -l <"$work/err")" -ne 1 ]; then
        fail "unroll $*: an error of $(wc -l <"$work/err") lines: $(head -c 300 "$work/err")"
    fi
}

# check DESCRIPTION COMMAND...: the command succeeds.
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" || fail "$what"
}

finish() {
    echo "$checks checks, $failures failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit
}
