#!/bin/sh
# This script ends trainings: by signals, with results that nobody takes, and on disks that are full.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99
small="--layers 1 --hidden 16 --batch 8 --seq-length 16"
endless="$small --steps 1000000 --log-every 1"
head -c 20000 "$top/corpora/english.txt" >text
signals='env --default-signal=INT,TERM,HUP' # a shell lets its background jobs ignore SIGINT
$signals true 2>/dev/null || signals=

# wait_for PATTERN FILE: until a line of it has the pattern
wait_for() {
    waited=0
    until grep -q -e "$1" "$2" 2>/dev/null; do
        waited=$((waited + 1))
        [ $waited -lt 300 ] || { fail "no '$1' in $2"; return; }
        sleep 0.1
    done
}

# started DIR OPTION...: in the background as $pid, its first step done
started() {
    run=$1
    shift
    $signals "$unroll" train $endless "$@" --out "$run" text >out 2>err &
    pid=$!
    wait_for ',train,' "$run/metrics.csv"
}

# no_checkpoint RUN: besides that of its start.
no_checkpoint() {
    for saved in "$1"/checkpoint-[1-9]*; do
        [ ! -e "$saved" ] || return 1
    done
}

# ---- signals ----
for row in INT:130 TERM:143 HUP:129; do
    [ -n "$signals" ] || [ $row != INT:130 ] || continue
    started "${row%:*}" --eval-every 1000000
    kill -"${row%:*}" $pid
    wait $pid
    got=$?
    check "SIG${row%:*} is raised again, not $got" [ $got -eq "${row#*:}" ]
    check 'it saved' [ -n "$(ls "$run"/checkpoint-[1-9]*)" ]
    check 'it evaluated nothing' sh -c "! grep -qE ',(valid|test),' $run/metrics.csv"
    check 'and says how to go on' grep -qx "stopped by a signal; to go on: unroll train --resume $run" err
    check 'nothing on standard output' [ ! -s out ]
done
expect 0 '' train --resume TERM --steps 1 --quiet

started due --eval-every 1 --sample-every 1000000 --save-every 1000000
kill -TERM $pid
wait $pid
last=$(tail -n 1 due/metrics.csv | cut -d, -f1)
check "the evaluation of step $last is put off" sh -c "! grep -q '^$last,.*,valid,' due/metrics.csv"
check 'it saved' [ -s "due/checkpoint-$last.safetensors" ]

started twice --eval-every 1000000
kill -STOP $pid # both come before another step can end
kill -HUP $pid
kill -TERM $pid
kill -CONT $pid
wait $pid
got=$?
check "a second signal is raised, not $got" [ $got -eq 143 -o $got -eq 129 ]
check 'at once: nothing was saved' no_checkpoint twice
check 'or said' sh -c '! grep -q stopped err'

# ---- names on a terminal and for a shell ----
name="a b'c" quoted="'a b'\\''c'"
started "$name"
kill -TERM $pid
wait $pid
check "to go on with a name that needs quotes: $(tail -n 1 err)" [ "$(tail -n 1 err)" = \
    "stopped by a signal; to go on: unroll train --resume $quoted" ]
eval "\"$unroll\" train --resume $quoted --steps 1 --quiet" >out 2>err
check 'the quoted name goes on' [ $? -eq 0 ]
escape=$(printf 'x\033[2Jy')
"$unroll" train $small --quiet --steps 1 --out "$escape" text >out 2>err
check 'into a pipe a name goes raw' grep -qxF "$escape/model.safetensors" out
if can_have_terminal; then
    rm -r "$escape"
    cat >one <<END
exec "$unroll" train $small --quiet --steps 1 --out "$escape" text
END
    script -qec "TERM=xterm sh one" /dev/null </dev/null >out 2>&1
    check 'on a terminal it is escaped' grep -qF 'x\x1b[2Jy/model.safetensors' out
    check 'and not raw' sh -c '! grep -qF "$1" out' - "$escape"
    rm -r "$escape"
    cat >one <<END
echo \$\$ >pid
exec "$unroll" train $endless --out "$escape" text
END
    script -qec "TERM=xterm sh one" /dev/null </dev/null >out 2>&1 &
    terminal=$!
    wait_for ',train,' "$escape/metrics.csv"
    kill -TERM "$(cat pid)"
    wait $terminal
    check 'the way to go on, too' grep -qF "go on: unroll train --resume 'x\\x1b[2Jy'" out
    check 'and not raw' sh -c '! grep -qF "$1" out' - "$escape"
fi

# ---- results that nobody takes ----
{ "$unroll" train $small --quiet --steps 3 --out head text 2>err; echo $? >status; } | head -n 0
check 'train | head: training goes on' [ -s head/checkpoint-3.safetensors ]
check 'and ends quietly' [ "$(cat status)$(cat err)" = 0 ]
"$unroll" train $small --quiet --steps 3 --out closed text >&- 2>err
check 'a closed standard output is 74' [ $? -eq 74 ]
check 'and saves' [ -s closed/checkpoint-3.safetensors -a -s closed/model.safetensors ]
if [ -w /dev/full ]; then
    "$unroll" train $small --quiet --steps 3 --out full text >/dev/full 2>err
    check 'a full disk behind standard output is 74' [ $? -eq 74 ]
    check 'and says so' grep -q 'unroll: train: standard output: ' err
    check 'and saves' [ -s full/checkpoint-3.safetensors -a -s full/model.safetensors ]
fi

# ---- no room for what is saved, as a file-size limit makes it ----
mkfifo told # what is said has room
cat told >err &
(ulimit -f 8 && exec "$unroll" train $small --steps 30 --eval-every 10 --out room text) >out 2>told
check 'no room to the end is 74' [ $? -eq 74 ]
wait $!
check 'the last line says it' sh -c \
    "tail -n 1 err | grep -q '^unroll: train: room: the last .* could not be saved'"
check 'each interval tries again' [ "$(grep -c 'room/.*: cannot be written' err)" -ge 3 ]
check 'nothing half-written, no temporaries' sh -c \
    "! ls -A room | grep -qE '^(checkpoint|model|\\.)'"
check 'no path of what was not saved' sh -c '! grep -q room out'
check 'nor is it said to be' sh -c '! grep -qiE "saved|resume" out && ! grep -qE " saved " err'
check 'nor a loss of what is not there' sh -c '! grep -q "test loss" out'

if command -v prlimit >/dev/null; then
    # a rate of 0: the first validation stays the best, so that nothing but another try can save it
    for room in unlimited none; do
        rm err
        cat told >err &
        listener=$!
        (ulimit -S -f 8 &&
            exec "$unroll" train $endless --lr 0 --eval-every 2 --out lifted-$room text) >out 2>told &
        pid=$!
        wait_for 'model.safetensors.*cannot' err
        [ $room = none ] || prlimit --pid $pid --fsize=$room:
        kill -TERM $pid
        wait $pid
        got=$?
        wait $listener
        check "SIGTERM is raised again, not $got" [ $got -eq 143 ]
        check 'one best' [ "$(grep -c 'the best so far' err)" -eq 1 ]
        if [ $room = none ]; then
            check "without a checkpoint nothing goes on: $(tail -n 1 err)" \
                [ "$(tail -n 1 err)" = 'stopped by a signal' ]
        else
            check 'with one it does' grep -q 'go on: unroll train --resume lifted' err
            expect 0 '' eval lifted-$room text
        fi
    done
fi

# ---- the test at the end is of the best weights, and one ----
expect 0 '' train $small --quiet --steps 20 --eval-every 20 --out best text
cp best/model.safetensors older
expect 0 '' train --resume best --steps 20 --quiet
check 'tested again: one row' [ "$(grep -c '^20,.*,test,' best/metrics.csv)" -eq 1 ]
check 'one loss' grep -q 'test loss' out
expect 0 '' train --resume best --steps 40 --quiet
check 'one row of the test' [ "$(grep -c ',test,' best/metrics.csv)" -eq 1 ]
cp older best/model.safetensors
expect 65 'best: holds no weights of the best validation, so none are tested' \
    train --resume best --steps 40 --quiet
check 'no loss of older weights' sh -c '! grep -q "test loss" out'
check 'nor a row' sh -c '! grep -q ,test, best/metrics.csv'
finish
