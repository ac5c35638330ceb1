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

finish
