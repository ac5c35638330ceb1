#!/bin/sh
# Faults that were found by attack: each has a function named after its number in doc/reliability.md.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99

# ---- an empty value is no name, and no default either ----
small="--hidden 4 --layers 1 --steps 2"
fault_01_an_empty_task() {
    expect 64 "--task: '' is no name" train $small --task ''
    expect 64 "--task: '' is no name" compare $small --task '' --variant cell=rnn
    expect 64 "--task: '' is no name" compare $small --variant task=
    expect 64 "--task: '' is no name" gradient $small --task ''
    printf 'task =\n' >options
    expect 64 "options:1: --task: '' is no name" train $small --config options
    check 'and nothing is begun' [ ! -e runs ]
}
fault_01_an_empty_task

fault_08_an_empty_directory() {
    expect 64 "--out: '' is no name" compare $small --task copy --variant cell=rnn --out ''
    printf 'out =\n' >options
    expect 64 "options:1: --out: '' is no name" compare $small --task copy --variant cell=rnn --config options
    expect 64 "--out: '' is no name" gradient $small --task copy --out ''
    expect 64 "--out: '' is no name" reproduce depth --out ''
    expect 64 "--sweep: '' is no name" compare $small --task copy --variant cell=rnn --sweep ''
    expect 64 "--attention: '' is no name" translate model --attention ''
    expect 64 "--config: '' is no name" generate copy --config ''
    expect 66 'model: ' sample model --prime '' --stop '' # texts may be empty
    check 'and nothing is begun' [ ! -e runs ]
}
fault_08_an_empty_directory

# ---- names that are not UTF-8 ----
is_utf8() { iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1; }
latin=$(printf 'caf\351')
head -c 3000 "$top/corpora/english.txt" >"$latin.txt"
fault_02_a_path_that_is_not_utf8() {
    run="$small --batch 4 --seq-length 10 --threads 1 --save-every 1 --grad-every 1"
    expect 0 '' train $run "$latin.txt" --valid "$latin.txt" --out "$latin" --quiet
    check 'its last step is saved' [ -s "$latin/checkpoint-2.safetensors" ]
    check 'config.json has its bytes' grep -qF '["caf", 233, ".txt"]' "$latin/config.json"
    check 'and is UTF-8' is_utf8 "$latin/config.json"
    expect 0 '' train --resume "$latin" --steps 4 --quiet
    expect 78 '' train --resume "$latin" --steps 5 --valid other.txt --quiet
    expect 0 '' train $run "$latin.txt" --init-from "$latin" --out from --quiet
    expect 0 '' train --resume from --steps 3 --quiet
    expect 0 '' gradient "$latin" "$latin.txt" --window 20 --windows 2 --out "$latin-g" --quiet
    check 'its page is UTF-8' is_utf8 "$latin-g/report.html"
    expect 0 '' inspect --json "$latin"
    expect 0 '' compare $small --batch 4 --seq-length 10 --seeds 1 --variant cell=rnn "$latin.txt" --out "$latin-c" \
        --valid "$latin.txt" --quiet --json
    expect 0 '' compare $small --batch 4 --seq-length 10 --seeds 1 --variant cell=rnn "$latin.txt" --out "$latin-c" \
        --valid "$latin.txt" --quiet --json
    check 'its results are read again' [ -s "$latin-c/results.csv" ]
    check 'its page is UTF-8' is_utf8 "$latin-c/report.html"
}
fault_02_a_path_that_is_not_utf8

fault_10_a_label_that_is_not_utf8() {
    expect 64 'byte 3 of its label is not UTF-8' compare $small --task copy --variant "label=$latin;cell=rnn" --out l
    expect 64 'byte 9 of its label is not UTF-8' compare $small --variant "valid=$latin.txt" "$latin.txt" --out l
    expect 0 '' compare $small --batch 4 --seq-length 10 --seeds 1 --variant "label=a;valid=$latin.txt" "$latin.txt" \
        --out m --quiet
    check 'and nothing is begun' [ ! -e l ]
}
fault_10_a_label_that_is_not_utf8

# ---- labels that mean something to a spreadsheet, to gnuplot or to a terminal ----
tiny_task="--task copy:delay=2,length=1,symbols=2 --hidden 4 --layers 1 --batch 4"
tiny="$tiny_task --steps 2 --seeds 1"
fault_09_a_label_is_no_formula() {
    expect 0 '' compare $tiny --variant "label==cmd|'/c calc'!A0;cell=rnn" --variant 'label=@SUM(1,"2");cell=gru' \
        --variant 'label=-2+3;cell=lstm' --variant 'label=a=b;cell=lstm' --out formulas --quiet
    for file in results learning gates distance; do
        check "no formula in $file.csv" [ -z "$(grep -E '^"?[-=+@]' "formulas/$file.csv")" ]
    done
    check 'the first is a text' grep -qF "'=cmd|'/c calc'!A0,1,2," formulas/results.csv
    check 'the second, too' grep -qF "\"'@SUM(1,\"\"2\"\")\",1,2," formulas/results.csv
    check 'the third, too' grep -q "^'-2+3,1,2," formulas/results.csv
    check 'a label with = in it stays as it is' grep -q '^a=b,1,2,' formulas/results.csv
}
fault_09_a_label_is_no_formula

fault_12_quotes_in_a_label() {
    "$unroll" compare $tiny --variant "label='a';cell=rnn" --variant "label=b''c;cell=gru" \
        --variant "label=d's;cell=gru" --variant "label=';cell=lstm" \
        --variant "label=\"\`touch made\`\" \$x;cell=lstm" --out quotes --quiet >out 2>err
    check 'labels with quotes are compared' [ $? -eq 0 ]
    check 'the script has them' grep -qF "''.\"\\047\".'a'.\"\\047\".' (init uniform)'" quotes/plots/learning.gp
    check 'nothing is run' [ ! -e quotes/plots/made ]
    if command -v gnuplot >/dev/null; then
        check 'and gnuplot understands it' [ ! -s err ]
        for shown in "'a'" "b''c" "d's" "'" '"`touch made`" $x'; do
            check "the picture shows $shown" grep -qF ">$shown (init uniform)</text>" quotes/plots/learning.svg
        done
    fi
    if command -v gnuplot >/dev/null; then
        head -n 3 "$top/corpora/english.txt" | tr -d '\t' | sed "s/.*/it's ''it''\tthe '/" >quotes.tsv
        expect 0 '' train $small --task translate --tokens word --embedding 4 --attention dot --split 1,0,0 --batch 1 \
            --steps 1 quotes.tsv --out words --quiet
        printf "it's ''it''\n" | "$unroll" translate words --attention "<it''s.svg" >out 2>err
        check 'a name with quotes' [ -s "<it''s.svg" ]
        check 'and words of quotes' [ ! -s err ]
    fi
}
fault_12_quotes_in_a_label

fault_18_a_label_on_a_terminal() {
    evil=$(printf 'a\033[2Jb\342\200\256c')
    "$unroll" compare $tiny --variant "label=$evil;cell=rnn" --out evil >out 2>err
    check 'what is told is escaped, wherever it goes' grep -qF 'a\x1b[2Jb\u202ec, seed 1: loss' err
    check 'no sequence is told' [ -z "$(grep "$(printf '\033\|\342')" err)" ]
    check 'a table in a file has its bytes' grep -qF "$evil" out
    "$unroll" compare $tiny --variant "label=$evil;cell=rnn" --variant "label=$evil;cell=gru" --out no >out 2>err
    check 'nor in a message' [ -z "$(grep "$(printf '\033\|\342\200')" err)" ]
    if can_have_terminal; then
        script -qec "TERM=xterm '$unroll' compare $tiny --variant 'label=$evil;cell=rnn' --out evil --quiet" \
            /dev/null </dev/null >out
        check 'a table on a terminal is escaped' grep -qF 'a\x1b[2Jb\u202ec ' out
        check 'no sequence is in it' [ -z "$(grep "$(printf '\033\[2J\|\342\200\256')" out)" ]
    fi
}
fault_18_a_label_on_a_terminal

# ---- one allocation fails: all is said, or 71 ----
cat >fail.c <<'END'
/* Preloaded: the allocation with the number FAIL fails, and that one alone; COUNT is a file for how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long number;
static long failing = -1;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("FAIL");
    failing = text ? atol(text) : -1;
    atomic_store(&number, 0);
}

__attribute__((destructor)) static void end(void)
{
    const long count = atomic_load(&number);
    FILE *f = getenv("COUNT") ? fopen(getenv("COUNT"), "w") : NULL;
    if (f) {
        fprintf(f, "%ld\n", count);
        fclose(f);
    }
}

static int fails(void)
{
    if (atomic_fetch_add(&number, 1) != failing)
        return 0;
    errno = ENOMEM;
    return 1;
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *old, size_t n) { return fails() ? NULL : __libc_realloc(old, n); }
END
# can_fail: a compiler is there, and the program has no allocator of a sanitizer.
can_fail() {
    ${CC:-cc} -shared -fPIC -w fail.c -o fail.so 2>/dev/null || return 1
    COUNT=$PWD/count FAIL=-1 LD_PRELOAD=$PWD/fail.so "$unroll" --version >/dev/null 2>&1 && [ -s count ]
}
# keys: JSON without its numbers.
keys() { sed 's/:null/:/g; s/:[-+.0-9e]*/:/g'; }
# whole_or_71 ARGUMENT...: each of the last 120 allocations of a command fails once.
whole_or_71() {
    COUNT=$PWD/count FAIL=-1 LD_PRELOAD=$PWD/fail.so "$unroll" "$@" >out 2>err
    keys <out >whole
    n=$(cat count) last=$(cat count)
    n=$((n > 120 ? n - 120 : 0)) wrong=
    while [ "$n" -lt "$last" ]; do
        FAIL=$n LD_PRELOAD=$PWD/fail.so "$unroll" "$@" >out 2>err
        got=$?
        keys <out >said
        [ "$got" -eq 71 ] || { [ "$got" -eq 0 ] && cmp -s said whole; } || wrong="$wrong $n:$got"
        n=$((n + 1))
    done
    check "unroll $1: of $last allocations one failed:$wrong" [ -z "$wrong" ]
}
fault_06_nothing_is_left_out() {
    check 'JSON is put together and read by base/json alone' [ -z "$(grep -rlE \
        'json_(object_set|array_append|load|dump_callback)' "$top/src" --include='*.c' | grep -v /src/base/json)" ]
    can_fail || return
    expect 0 '' train $tiny_task --steps 2 --out six --quiet
    expect 0 '' train $small --batch 4 --seq-length 10 "$latin.txt" --out six-text --quiet
    whole_or_71 inspect --json six
    whole_or_71 eval --json six-text "$latin.txt"
    whole_or_71 train --json --dry-run $small --batch 4 --seq-length 10 "$latin.txt" --threads 1
    whole_or_71 train --json $tiny_task --steps 2 --threads 1 --quiet --force --out six
    whole_or_71 generate --list --json
}
fault_06_nothing_is_left_out

finish
