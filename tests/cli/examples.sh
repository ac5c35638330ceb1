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
    printf 'forty two\nninety nine\n' >lines # what a program that reads lines gets
    LD_LIBRARY_PATH=$libraries "./$name" >out 2>err <lines
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
expect 0 '' inspect own_loop.safetensors

cd "$work/compare_cells" || exit 99
check 'compare_cells.c has at most 80 lines' [ "$(wc -l <"$installed/compare_cells.c")" -le 80 ]
check "the lstm learns more, and its gradient reaches further: $(cat out)" awk '
    /^loss/ { loss = $4 < $3 } / 15 back/ { further = $5 > 100 * $4 } END { exit !(loss && further) }' out

cd "$work/char_rnn_embedded" || exit 99
check 'char_rnn_embedded.c has at most 80 lines' [ "$(wc -l <"$installed/char_rnn_embedded.c")" -le 80 ]
check "it has learned the rhyme: $(cat out)" grep -qx 'This is the cat that .*in the house that Jack built.' out
"$unroll" train --quiet --steps 2 --hidden 8 --layers 1 --out run "$installed/char_rnn_embedded.c" >/dev/null
LD_LIBRARY_PATH=$libraries ./char_rnn_embedded run >out 2>err
check "it takes a run of the program: $(cat err)" [ $? -eq 0 ]

cd "$work/translator" || exit 99
check 'translator.c has at most 80 lines' [ "$(wc -l <"$installed/translator.c")" -le 80 ]
check "it has learned to count: $(cat out)" grep -q '^4 2 ' out
check 'it translates line by line' [ "$(grep -c nats out)" -eq 4 ]
LD_LIBRARY_PATH=$libraries ./translator nowhere <lines >out 2>err
check "it says what is wrong: $(cat err)" grep -q nowhere err
finish
