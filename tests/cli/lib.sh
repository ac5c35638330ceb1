# What the scripts of this folder share: each reads this file first, makes its checks, and ends with `finish`, which
# says how many there were.
# The program is $UNROLL, or ./unroll in the build directory.
unroll=${UNROLL:-./unroll}
case $unroll in /*) ;; *) unroll=$PWD/$unroll ;; esac
top=$(cd "${srcdir:-.}" && pwd) || exit 99 # of the sources
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

# sentences COUNT: a text to train on.
sentences() {
    i=0
    while [ $i -lt "$1" ]; do
        echo "the cat $i sat on the mat; the dog $((i * 7 % 31)) did not."
        i=$((i + 1))
    done
}

# commands: their names, as general help lists them.
commands() { "$unroll" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'; }

# options_of COMMAND: the names that its whole help shows, a line each.
options_of() { "$unroll" "$1" --help-all | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'; }

# can_have_terminal: script(1) can run a command on one.
can_have_terminal() { command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1 </dev/null; }

# install_library: below $root, where pkg-config then finds it; its folder is $libraries. Without pkg-config the whole
# test is skipped.
install_library() {
    command -v pkg-config >/dev/null || exit 77
    root=$work/root
    ${MAKE:-make} -s install DESTDIR="$root" >"$work/install" 2>&1 || { cat "$work/install"; exit 1; }
    PKG_CONFIG_PATH=$(dirname "$(find "$root" -name unroll.pc)") PKG_CONFIG_SYSROOT_DIR=$root
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
    libraries=$(dirname "$(find "$root" -name 'libunroll.so' | head -n 1)")
}

# compile SOURCE PROGRAM [ARGUMENT...]: against that library; a warning is an error.
compile() {
    from=$1 to=$2
    shift 2
    # shellcheck disable=SC2046,SC2086
    ${CC:-cc} -std=c11 -Wall -Wextra -Wundef -Werror $UNROLL_LDFLAGS "$from" \
        $(pkg-config --cflags --libs unroll) "$@" -o "$to"
}

finish() {
    echo "$checks checks, $failures failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit
}
