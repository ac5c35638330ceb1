#!/bin/sh
# Faults that were found by attack: each has a function named after its number in doc/reliability.md.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99
program=$unroll

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

# ---- one call fails: all is said, or the exit code tells ----
can_fail=
# can_fail: a compiler is there, and the program has no allocator of a sanitizer. Then `failing` runs it with a fault.
can_fail() {
    [ -z "$can_fail" ] || return "$can_fail"
    can_fail=1
    ${CC:-cc} -shared -fPIC -w "$top/tests/faults/shim.c" -o fail.so -ldl 2>/dev/null &&
        failing alloc:-1 generate copy >/dev/null 2>&1 && [ "$(cat count)" -gt 0 ] && can_fail=0
    return $can_fail
}
# failing FAULT ARGUMENT...: as tests/faults/shim.c says; `count` then has how many such calls there were.
failing() {
    fault=$1
    shift
    timeout 60 env FAULT="$fault" FAULT_COUNT="$PWD/count" FAULT_PATH="${FAULT_PATH-}" FAULT_TRACE="${FAULT_TRACE-}" \
        LD_PRELOAD="$PWD/fail.so" "$program" "$@" </dev/null
}
# keys: JSON without its numbers.
keys() { sed 's/:null/:/g; s/:[-+.0-9e]*/:/g'; }
# whole_or_71 ARGUMENT...: each of the last 120 allocations of a command fails once.
whole_or_71() {
    failing alloc:-1 "$@" >out 2>err
    keys <out >whole
    n=$(cat count) last=$(cat count)
    n=$((n > 120 ? n - 120 : 0)) wrong=
    while [ "$n" -lt "$last" ]; do
        failing "alloc:$n" "$@" >out 2>err
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

# ---- directories that are somebody's ----
listing() { (cd "$1" && find . -exec ls -ld {} + && find . -type f -exec cksum {} +); }

fault_03_a_directory_in_use() {
    mkdir used
    echo mine >used/lock
    echo mine >used/results.csv
    listing used >before
    (cd used && "$unroll" compare $tiny --variant cell=rnn --out . >../out 2>../err)
    check 'compare --out . in a directory in use: 73' [ $? -eq 73 ]
    check 'says why' grep -qF 'holds no comparison' err
    expect 73 'holds no comparison' compare $tiny --variant cell=rnn --out used
    mkdir used/jobs # of anybody
    expect 73 'holds no comparison' compare $tiny --variant cell=rnn --out used
    echo mine >used/jobs/today
    expect 73 'holds no comparison' compare $tiny --variant cell=rnn --out used
    rm -r used/jobs
    listing used >after
    check 'and nothing is touched' cmp -s before after
    expect 73 'out: ' compare $tiny --variant cell=rnn --out out
    mkdir -m 0700 private
    expect 0 '' compare $tiny --variant cell=rnn --out private --quiet
    check 'an empty directory keeps its mode' [ "$(ls -ld private | cut -c 1-10)" = drwx------ ]
    expect 0 '' compare $tiny --variant cell=rnn --out private --quiet
    rm private/jobs/* private/*.*
    rm -r private/plots
    expect 0 '' compare $tiny --variant cell=rnn --out private --quiet # as one killed at its start has left it
}
fault_03_a_directory_in_use

head -c 6000 "$top/corpora/english.txt" >english
text="--hidden 4 --layers 1 --batch 4 --seq-length 10 --threads 1"
fault_14_force_and_what_is_not_ours() {
    expect 0 '' train $text english --steps 4 --grad-every 1 --sample-every 2 --save-every 1 --out fourteen --quiet
    (cd fourteen && find . -type f | sort) >all
    for name in notes samples/mine.txt samples/2.md gradient/distance.csv.bak plots/mine.svg plots/loss.pdf; do
        echo mine >"fourteen/$name"
    done
    expect 0 '' train $tiny_task --steps 3 --out fourteen --force --quiet
    for name in notes samples/mine.txt samples/2.md gradient/distance.csv.bak plots/mine.svg plots/loss.pdf; do
        check "--force leaves $name" [ "$(cat "fourteen/$name" 2>/dev/null)" = mine ]
    done
    expect 0 '' train $tiny_task --steps 3 --out other --quiet
    while read -r name; do
        [ -e "other/$name" ] || check "--force removes $name" [ ! -e "fourteen/$name" ]
    done <all
}
fault_14_force_and_what_is_not_ours

# limited: the program as `expect` runs it, but for a minute at the most.
printf '#!/bin/sh\nexec timeout 60 "%s" "$@"\n' "$program" >limited
chmod +x limited
fault_15_no_file_of_ours() {
    unroll=$PWD/limited
    expect 0 '' train $text english --steps 2 --grad-every 1 --out fifteen --quiet
    for name in metrics.csv config.json gradient/distance.csv .lock model.safetensors; do
        for kind in FIFO 'symbolic link' directory; do
            rm -rf copy
            cp -r fifteen copy
            rm -f "copy/$name"
            case $kind in
                FIFO) mkfifo "copy/$name" ;;
                directory) mkdir "copy/$name" ;;
                *) ln -s "$work/english" "copy/$name" ;;
            esac
            expect 66 "copy/$name: is a $kind" train --resume copy --steps 3 --quiet
            expect 66 "copy/$name: is a $kind" train $tiny_task --steps 3 --out copy --force --quiet
            check "$name stays a $kind" [ ! -f "copy/$name" -o -L "copy/$name" ]
        done
    done
    rm -rf copy
    mkdir copy
    mkfifo copy/config.json
    expect 66 'copy/config.json: is a FIFO' train --resume copy --steps 3 --quiet
    expect 73 'not empty' train $tiny_task --steps 3 --out copy --quiet
    if can_fail; then
        for n in 0 1 2 3; do
            rm -rf locked
            FAULT_PATH=.lock failing stat:$n:EIO:on train $tiny_task --steps 3 --out locked --quiet >out 2>err
            got=$?
            check "a lock that cannot be looked at is told, not $got" [ $got -eq 66 -o $got -eq 73 ]
        done
    fi
    unroll=$program
    check 'nothing went through a link' cmp -s english "$work/english"
}
fault_15_no_file_of_ours

fault_20_a_link_for_a_folder() {
    expect 0 '' train $text english --steps 2 --sample-every 1 --grad-every 1 --out twenty --quiet
    mkdir elsewhere
    echo mine >elsewhere/1.txt
    echo mine >elsewhere/loss.svg
    echo mine >elsewhere/distance.csv
    listing elsewhere >before
    for folder in samples gradient plots; do
        rm -r twenty/$folder
        ln -s ../elsewhere twenty/$folder
        expect 66 "twenty/$folder: is a symbolic link" train --resume twenty --steps 4 --quiet
        expect 66 "twenty/$folder: is a symbolic link" train $text english --steps 4 --sample-every 1 --grad-every 1 \
            --out twenty --force --quiet
        rm twenty/$folder
    done
    mkdir twenty/plots
    ln -s ../../elsewhere/loss.svg twenty/plots/loss.svg
    expect 66 "twenty/plots/loss.svg: is a symbolic link" train --resume twenty --steps 4 --quiet
    listing elsewhere >after
    check 'nothing went there' cmp -s before after
}
fault_20_a_link_for_a_folder

# ---- a run that goes on is one that never stopped ----
fault_11_samples_after_a_resume() {
    expect 0 '' train $text english --steps 6 --sample-every 1 --out eleven --quiet
    expect 0 '' train $text english --steps 3 --sample-every 1 --out twice --quiet
    expect 0 '' train --resume twice --steps 6 --quiet
    for step in 1 2 3 4 5 6; do
        check "sample $step is the same" cmp -s eleven/samples/$step.txt twice/samples/$step.txt
    done
    check 'samples differ' [ "$(cat eleven/samples/*.txt | cksum)" != "$(cat eleven/samples/1.txt | cksum)" ]
}
fault_11_samples_after_a_resume

# unclocked: metrics.csv without what the clock decides.
unclocked() { cut -d , -f 1-9 "$1"; }
fault_13_a_kill_before_the_first_checkpoint() {
    can_fail || return
    run="$text english --steps 3 --grad-every 1 --sample-every 1"
    expect 0 '' train $run --out thirteen --quiet
    UNROLL_GNUPLOT=none # pictures come after all of it
    export UNROLL_GNUPLOT
    for kind in rename mkdir write fsync; do
        rm -rf k
        failing "$kind:-1" train $run --out k --quiet >out 2>err
        last=$(cat count) n=0 wrong=
        while [ "$n" -lt "$last" ]; do
            rm -rf k
            failing "$kind:$n:KILL" train $run --out k --quiet >out 2>err
            [ $? -eq 137 ] || [ -d k ] || wrong="$wrong $n:alive"
            if ! "$unroll" train --resume k --quiet >out 2>err; then
                grep -q 'no run to resume\|cannot be resumed\|start the run again with --out and --force' err ||
                    wrong="$wrong $n:resume"
                "$unroll" train $run --out k --quiet >out 2>err ||
                    { grep -q -e '--force to start it again' err &&
                        "$unroll" train $run --out k --force --quiet >out 2>err; } ||
                    wrong="$wrong $n:again"
            fi
            for file in model.safetensors checkpoint-3.safetensors gradient/distance.csv gradient/histogram.csv \
                samples/1.txt samples/2.txt samples/3.txt; do
                cmp -s k/$file thirteen/$file || wrong="$wrong $n:$file"
            done
            unclocked thirteen/metrics.csv >want
            unclocked k/metrics.csv | cmp -s want || wrong="$wrong $n:metrics"
            n=$((n + 1))
        done
        check "killed at each $kind of $last, and gone on:$wrong" [ -z "$wrong" ]
    done
    unset UNROLL_GNUPLOT
}
fault_13_a_kill_before_the_first_checkpoint

fault_17_what_is_synced() {
    can_fail || return
    rm -f trace
    FAULT_TRACE=$PWD/trace failing none train $text english --steps 4 --grad-every 1 --save-every 1 --sample-every 1 \
        --out seventeen --quiet >out 2>err
    check 'checkpoints are seen' [ "$(grep -c 'rename .*/checkpoint-' trace)" -ge 4 ]
    awk -v here="$PWD" '
        $1 == "mkdir" { made[$2] = 1 }
        $1 == "fsync" { dirty[$2] = 0; if ($2 == here) synced = 1 }
        $1 == "write" && $2 ~ /\.csv$/ { dirty[$2] = 1 }
        $1 == "rename" && /checkpoint-/ {
            if (!synced) print "the directory above the run is not synced before " $2
            for (file in dirty)
                if (dirty[file]) print file " is not synced before " $2
        }' trace >unsynced
    check "all before a checkpoint is synced: $(head -n 3 unsynced)" [ ! -s unsynced ]
}
fault_17_what_is_synced
# Found by tests/crash/sweep.sh: a run that was killed may have made its directories and not synced what they are in.
a_directory_that_is_there_is_synced() {
    can_fail || return
    rm -rf trace there
    mkdir there
    for command in "train $text english --steps 2 --sample-every 1 --grad-every 1 --out there/" \
        'train --resume there/ --steps 3'; do
        rm -f trace
        FAULT_TRACE=$PWD/trace failing none $command --quiet >out 2>err
        check 'directories are seen' [ "$(grep -c '^mkdir there/' trace)" -ge 4 ]
        awk -v here="$PWD" '
            folder && $0 != "fsync " folder { print folder " is not synced after " before }
            { folder = "" }
            $1 == "mkdir" {
                before = $2
                folder = here "/" $2
                gsub(/\/+/, "/", folder)
                sub(/\/[^\/]+\/?$/, "", folder)
            }
        ' trace >unsynced
        check "what a directory is in is synced: $(head -n 1 unsynced)" [ ! -s unsynced ]
    done
    check 'names of logs that are there are synced' grep -q "^fsync $PWD/there/gradient\$" trace
}
a_directory_that_is_there_is_synced

# ---- reading again what was written ----
# Found by tests/faults/sweep.sh: it was begun anew.
a_log_that_cannot_be_looked_at() {
    can_fail || return
    expect 0 '' train $text english --steps 2 --out log --quiet
    sed '/,test,/d' log/metrics.csv >rows
    for n in 0 1 2 3 4 5; do
        rm -rf copy
        cp -r log copy
        FAULT_PATH=metrics.csv failing stat:$n:EIO:on train --resume copy --steps 3 --quiet >out 2>err
        head -n "$(wc -l <rows)" copy/metrics.csv | sed '/,test,/d' | cmp -s rows
        check "stat $n of metrics.csv fails: its rows stay" [ $? -eq 0 ]
    done
}
a_log_that_cannot_be_looked_at

fault_04_a_curve_that_cannot_be_opened_again() {
    can_fail || return
    for why in EMFILE EACCES EIO; do
        rm -rf four
        FAULT_PATH=gradient/distance.csv failing open:-1 train $text english --steps 4 --grad-every 1 \
            --out four --quiet >out 2>err
        n=0 last=$(cat count) wrong=
        while [ "$n" -lt "$last" ]; do
            rm -rf four
            FAULT_PATH=gradient/distance.csv failing "open:$n:$why" train $text english --steps 4 --grad-every 1 \
                --out four --quiet >out 2>err
            got=$?
            [ "$got" -lt 124 ] || wrong="$wrong $n:$got"
            n=$((n + 1))
        done
        check "each of $last opens of distance.csv fails with $why:$wrong" [ -z "$wrong" ]
        check 'there are several' [ "$last" -gt 2 ]
    done
}
fault_04_a_curve_that_cannot_be_opened_again

fault_19_a_test_or_a_sample_that_is_lost() {
    expect 0 '' train $text english --steps 4 --eval-every 2 --out nineteen --quiet
    cp nineteen/model.safetensors whole.safetensors
    head -c 300 whole.safetensors >nineteen/model.safetensors
    expect 65 'model.safetensors' train --resume nineteen --steps 4 --quiet
    check 'no test loss is said' sh -c '! grep -q "test loss" out'
    rm nineteen/model.safetensors
    expect 65 'holds no weights of the best validation, so none are tested' train --resume nineteen --steps 4 --quiet
    cp whole.safetensors nineteen/model.safetensors
    expect 0 '' train --resume nineteen --steps 4 --quiet
    can_fail || return
    FAULT_PATH=samples/ failing rename:0:ENOSPC train --resume nineteen --steps 6 --sample-every 6 --quiet >out 2>err
    check "a sample that could not be written: 74, not $?" [ $? -eq 74 ]
    check "one line says so: $(cat err)" [ "$(grep -c 'samples/6.txt: ' err)" -eq 1 -a "$(wc -l <err)" -eq 1 ]
    check 'the rest of the run is there' [ -s nineteen/checkpoint-6.safetensors ]
    expect 0 '' train --resume nineteen --steps 6 --quiet
    run="$text english --steps 2 --eval-every 2 --sample-every 2 --json --quiet --force --out memory"
    failing alloc:-1 train $run >out 2>err
    cp memory/samples/2.txt sample
    last=$(cat count) wrong=
    n=$((last > 60 ? last - 60 : 0)) # the test and the last sample
    while [ "$n" -lt "$last" ]; do
        rm -f memory/samples/2.txt
        failing "alloc:$n" train $run >out 2>err
        got=$?
        [ "$got" -ne 0 ] || { cmp -s memory/samples/2.txt sample && grep -q ',test,' memory/metrics.csv; } ||
            wrong="$wrong $n"
        n=$((n + 1))
    done
    check "of the last 60 of $last allocations one failed, and this was lost with exit 0:$wrong" [ -z "$wrong" ]
}
fault_19_a_test_or_a_sample_that_is_lost

# ---- what has no end ----
fault_21_an_endless_input() {
    can_fail || return # a sanitizer's memory cannot be bounded
    head -c 16777216 /dev/zero | gzip -1 >member
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do cat member; done >endless.gz
    (ulimit -v 200000 && "$unroll" train $text endless.gz --max-input 400000000 >out 2>err)
    check "a .gz of 419 MB in 200 MB of memory: 65, not $?: $(cat err)" grep -qF 'more than 400000000 bytes' err
    (ulimit -v 200000 && gzip -dc endless.gz | TMPDIR=$PWD "$unroll" train $text - --max-input 400000000 >out 2>err)
    check "the same from a pipe: $(cat err)" grep -qF 'more than 400000000 bytes' err
    check 'and nothing is left' [ -z "$(ls | grep unroll-)" ]
    (ulimit -v 200000 && gzip -dc member member | TMPDIR=$PWD/none "$unroll" train $text - >out 2>err)
    check "without a place to put it aside: $(cat err)" grep -qF 'set TMPDIR' err
}
fault_21_an_endless_input

# ---- each test that doc/reliability.md names is there ----
grep -o '`tests/[^`]*: [^`]*`' "$top/doc/reliability.md" | tr -d '`' >named
check 'doc/reliability.md names tests' [ "$(wc -l <named)" -gt 60 ]
while IFS= read -r line; do
    check "$line: is there" grep -qF -e "${line#*: }" "$top/${line%%: *}"
done <named
for n in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21; do
    check "fault_$n is named" grep -q "fault_$n" named
done

finish
