#!/bin/sh
# This script compiles README's C program against the installed library through pkg-config and runs it, and compares
# what the library shows with what its headers declare.
. "${srcdir:-.}/tests/cli/lib.sh"
install_library
check 'unroll.pc is installed' [ -n "$(find "$root" -name unroll.pc)" ]

awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' "$top/README.md" >"$work/example.c"
check 'the program has at most 45 lines' [ "$(wc -l <"$work/example.c")" -le 45 ]
check 'it compiles without a warning' compile "$work/example.c" "$work/example"
cd "$work" || exit 99
# with sanitizers, what it does not free is an error
LD_LIBRARY_PATH=$libraries ./example >text 2>err
check "it runs: $(cat err)" [ $? -eq 0 ]
check 'it left a model' [ -s cat.safetensors ]
check "it learned to say what it read: $(cat text)" grep -q ' sat on the [mld]' text

include=$(dirname "$(find "$root" -name unroll.h)")
found=$(CC=${CC:-cc} sh "$top/tools/symbols" check "$include" "$libraries/libunroll.so" 2>&1)
check "headers, map and library have the same functions: $found" [ $? -eq 0 ]
if [ "${VERSION_SCRIPT-}" = yes ]; then
    check 'functions have versions' grep -q ' UNROLL_[0-9]' - <<EOF
$(sh "$top/tools/symbols" shown "$libraries/libunroll.so")
EOF
fi
for header in "$top"/include/unroll/*.h "$top"/include/unroll/*.h.in; do
    name=$(basename "${header%.in}")
    check "unroll.h has $name" grep -q "^#include <unroll/$name>$" "$include/unroll.h"
    check "$name is installed" [ -e "$include/unroll/$name" ]
done

cat >version.c <<'EOF'
#include <stdio.h>
#include <string.h>
#include <unroll.h>
#if !UNROLL_VERSION_AT_LEAST(0, 1, 0) || UNROLL_VERSION_AT_LEAST(UNROLL_VERSION_MAJOR + 1, 0, 0) || \
    UNROLL_VERSION_AT_LEAST(UNROLL_VERSION_MAJOR, UNROLL_VERSION_MINOR, UNROLL_VERSION_PATCH + 1)
#error the macros contradict themselves
#endif
int main(void)
{
    char text[40];
    snprintf(text, sizeof text, "%d.%d.%d", UNROLL_VERSION_NUMBER / 1000000,
             UNROLL_VERSION_NUMBER / 1000 % 1000, UNROLL_VERSION_NUMBER % 1000);
    puts(text);
    return strcmp(text, UNROLL_VERSION) || strcmp(text, unroll_version_string()) ||
           unroll_version_number() != UNROLL_VERSION_NUMBER;
}
EOF
check 'the version test compiles' compile version.c version
LD_LIBRARY_PATH=$libraries ./version >number
check 'version numbers and text agree at compile time and at run time' [ $? -eq 0 ]
check 'they are what pkg-config says' [ "$(cat number)" = "$(pkg-config --modversion unroll)" ]
finish
