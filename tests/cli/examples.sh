#!/bin/sh
# This script compiles each program of examples/ against the installed library, without a warning, and runs it.
. "${srcdir:-.}/tests/cli/lib.sh"
install_library
installed=$(dirname "$(find "$root" -name own_loop.c)")

# The program's words are left in $work/NAME/out.
for source in "$top"/examples/*.c; do
    name=$(basename "$source" .c)
    check "$name.c is installed" [ -e "$installed/$name.c" ]
    mkdir "$work/$name" && cd "$work/$name" || exit 99
    check "$name.c compiles without a warning" compile "$installed/$name.c" "$name" -lm
    LD_LIBRARY_PATH=$libraries "./$name" >out 2>err </dev/null
    check "$name runs: $(cat err)" [ $? -eq 0 ]
    check "$name says something, and no error: $(head -c 300 err)" [ -s out -a ! -s err ]
done

cd "$work/own_loop" || exit 99
check 'own_loop.c has at most 80 lines' [ "$(wc -l <"$installed/own_loop.c")" -le 80 ]
check "own_loop learns: $(cat out)" awk '
    { sub(/;.*/, ""); loss[NR] = $2 } END { exit !(NR == 4 && loss[1] > 1.2 && loss[4] < 1) }' out
finish
