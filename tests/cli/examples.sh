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
# Before training the gradient falls with distance; once the loss is small it no longer does.
check "own_loop learns, and its gradient comes to reach back: $(cat out)" awk -F ' [0-9]+: ' '
    { split($1, word, /[ ,]+/); loss = word[5]; reaches = $4 > $2 }
    NR == 1 { falls = $4 < $2 / 4 }
    END { exit !(NR == 5 && falls && loss < 0.06 && reaches) }' out
expect 0 '' gradient --quiet own_loop.safetensors
check "the program reads its model: $(head -n 1 "$work/out")" grep -q '^lstm 1x32, .*trained' "$work/out"
finish
