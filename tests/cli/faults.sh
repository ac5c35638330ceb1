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

finish
