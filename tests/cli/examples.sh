#!/bin/sh
# Each program of examples/ is installed, compiles against the installed library without a warning, and runs.
. "${srcdir:-.}/tests/cli/lib.sh"
top=$(cd "${srcdir:-.}" && pwd)
command -v pkg-config >/dev/null || exit 77

${MAKE:-make} -s install DESTDIR="$work/root" >"$work/install" 2>&1 ||
    { cat "$work/install"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name unroll.pc)") PKG_CONFIG_SYSROOT_DIR=$work/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libraries=$(dirname "$(find "$work/root" -name 'libunroll.so' | head -n 1)")
installed=$(dirname "$(find "$work/root" -name own_loop.c)")

# The program's words are left in $work/NAME/out.
for source in "$top"/examples/*.c; do
    name=$(basename "$source" .c)
    check "$name.c is installed" [ -e "$installed/$name.c" ]
    mkdir "$work/$name" && cd "$work/$name" || exit 99
    # shellcheck disable=SC2046,SC2086
    check "$name.c compiles without a warning" ${CC:-cc} -std=c11 -Wall -Wextra -Werror $UNROLL_LDFLAGS \
        "$installed/$name.c" $(pkg-config --cflags --libs unroll) -lm -o "$name"
    LD_LIBRARY_PATH=$libraries "./$name" >out 2>err </dev/null
    check "$name runs: $(cat err)" [ $? -eq 0 ]
    check "$name says something, and no error: $(head -c 300 err)" [ -s out -a ! -s err ]
done

cd "$work/own_loop" || exit 99
check 'own_loop.c has at most 80 lines' [ "$(wc -l <"$installed/own_loop.c")" -le 80 ]
check "own_loop learns: $(cat out)" awk '
    { sub(/;.*/, ""); loss[NR] = $2 } END { exit !(NR == 4 && loss[1] > 1.2 && loss[4] < 1) }' out
finish
