#!/bin/sh
# The README's C program, compiled against the installed library through pkg-config, trains, saves, loads and
# steps a model; and the library shows just what its headers declare.
. "${srcdir:-.}/tests/cli/lib.sh"
top=$(cd "${srcdir:-.}" && pwd)
command -v pkg-config >/dev/null || exit 77

${MAKE:-make} -s install DESTDIR="$work/root" >"$work/install" 2>&1 ||
    { cat "$work/install"; exit 1; }
pc=$(find "$work/root" -name unroll.pc)
check 'unroll.pc is installed' [ -n "$pc" ]
PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$work/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libraries=$(dirname "$(find "$work/root" -name 'libunroll.so' | head -n 1)")

awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' "$top/README.md" >"$work/example.c"
check 'the program has at most 15 lines' [ "$(wc -l <"$work/example.c")" -le 15 ]
# shellcheck disable=SC2046,SC2086
check 'it compiles without a warning' ${CC:-cc} -std=c11 -Wall -Wextra -Werror $UNROLL_LDFLAGS \
    "$work/example.c" $(pkg-config --cflags --libs unroll) -o "$work/example"
cd "$work" || exit 99
# it leaves what it allocated to the end of the process
ASAN_OPTIONS=detect_leaks=0 LD_LIBRARY_PATH=$libraries ./example >text 2>err
check "it runs: $(cat err)" [ $? -eq 0 ]
check 'it left a model' [ -s cat.safetensors ]
check "it learned to say what it read: $(cat text)" grep -q ' sat on the [mld]' text

nm -D --defined-only "$libraries/libunroll.so" | awk '$2 ~ /[TDRB]/ { print $3 }' | sed 's/@.*//' |
    grep -v '^_' | LC_ALL=C sort >shown
CC=${CC:-cc} sh "$top/tools/symbols" "$top/include" | LC_ALL=C sort >declared
check "shown and declared agree: $(diff shown declared | head -n 5)" cmp -s shown declared
finish
