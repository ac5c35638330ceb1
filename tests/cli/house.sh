#!/bin/sh
# The sources keep to the map: a folder uses only folders below it, no two files use each other, and doc/design.md names
# nothing that is not there. No message of the library has the dashes of options, and src/unroll.map lists what the
# headers declare. The checks themselves are seen to fail on a copy of the tree that breaks the rule.
. "${srcdir:-.}/tests/cli/lib.sh"

check "the rooms: $(sh "$top/tools/check-includes")" sh "$top/tools/check-includes"
check "the map: $(sh "$top/tools/check-map")" sh "$top/tools/check-map"
check "messages: $(sh "$top/tools/check-messages")" sh "$top/tools/check-messages"
check "symbols: $(sh "$top/tools/symbols" check)" sh "$top/tools/symbols" check

# What is compiled a second time in doubles has no name in common with the rest.
if [ -e .libs/libprecise.a ]; then
    nm .libs/libprecise.a >"$work/names" 2>/dev/null
    check 'the library in doubles has names' grep -q ' T unroll_net_new_double$' "$work/names"
    check "all end in _double: $(awk 'NF == 3 && $2 ~ /[A-TV-Z]/ && $3 !~ /_double$/ { print $3 }' "$work/names")" \
        awk 'NF == 3 && $2 ~ /[A-TV-Z]/ && $3 !~ /_double$/ { exit 1 }' "$work/names"
fi

mkdir "$work/copy" || exit 99
cp -R "$top/src" "$top/include" "$top/tools" "$top/tests" "$top/doc" "$work/copy/" && chmod -R u+w "$work/copy" || exit 99
cd "$work/copy" || exit 99
refuses() { # refuses CHECK TEXT FILE LINE: a line more in a file, and the check says so
    cp "$3" saved
    echo "$4" >>"$3"
    check "$1 finds '$4' in $3" sh -c "! sh tools/$1 >said"
    check "$1 says '$2' of it: $(cat said)" grep -qF "$2" said
    cp saved "$3"
}
refuses check-includes 'from a room above it' src/base/rng.c '#include "net/net.h"'
refuses check-includes 'These files include each other' src/base/buffer.h '#include "base/json.h"'
refuses check-includes 'takes from src/ only the headers' tests/check_net.c '#include "cli/cli.h"'
refuses check-map 'there is no src/net/nothing.c' doc/design.md 'See `src/net/nothing.c`.'
refuses check-map 'nothing is called unroll_no_such' doc/design.md 'See `unroll_no_such_thing()`.'
refuses check-messages 'is for --cell rnn' src/net/init.c 'const char *why = "is for --cell rnn"; /* "--x" */'
refuses check-messages 'no --%s' src/base/rng.h '#define WHY "no --%s"'
refuses 'symbols check' 'unroll_new is in a header' include/unroll/net.h 'size_t unroll_new(const unroll_net *net);'
# Skipped where clang-format 14 is missing.
sh "$top/tools/format" --check >"$work/unformatted" 2>/dev/null
formatted=$?
[ "$formatted" = 77 ] || check "the layout of .clang-format: $(cat "$work/unformatted")" [ "$formatted" = 0 ]
finish
