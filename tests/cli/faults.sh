#!/bin/sh
# Faults that were found by attack: each has a function named after its number in doc/reliability.md.
srcdir_=$(cd "${srcdir:-.}" && pwd)
. "$srcdir_/tests/cli/lib.sh"
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
head -c 3000 "${srcdir_:?}/corpora/english.txt" >"$latin.txt"
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
tiny="--task copy:delay=2,length=1,symbols=2 $small --batch 4 --seeds 1"
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
        head -n 3 "$srcdir_/corpora/english.txt" | tr -d '\t' | sed "s/.*/it's ''it''\tthe '/" >quotes.tsv
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

finish
