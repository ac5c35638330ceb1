#!/bin/sh
# Every state that a power cut may leave: what a training, a resumed one, one with --force, a
# comparison and a gradient report do to their directory is recorded, call by call, and each state
# that the disk may be in after any of these calls is laid out. What the program saved must be there
# and whole. In states that were not there before the program goes on, and in the end all files must
# be those of a run that never stopped. doc/reliability.md says what a disk may do.
# Then each command is killed before each of its calls, and goes on; the same with a power cut while
# it goes on; and it is killed at random moments.
# Prints, for each command, how many moments were looked at, how many states were laid out, how many
# of them were different, in how many of these the program went on, how many had to be started again
# since nothing was saved, and what went wrong.
#   MOST=N    how many states of a moment are taken at random, where there are more than can be laid
#             out; 0 in make check, 150 in make check-crash
#   TRY=N     the program goes on in every N-th different state
#   STRIDE=N  only every N-th moment
#   KILLS=N   kills at random moments; with 0 there are no kills at all
#   COMMANDS="train resume force compare gradient"
. "${srcdir:-.}/tests/cli/lib.sh"
most=${MOST:-0} try=${TRY:-15} stride=${STRIDE:-1} kills=${KILLS:-0}
crash=$PWD/tests/crash/crash
cd "$work" || exit 99
${CC:-cc} -shared -fPIC -w "$top/tests/crash/record.c" -o record.so -ldl 2>/dev/null || exit 77
env CRASH_RECORD="$PWD/try" LD_PRELOAD="$PWD/record.so" "$unroll" generate copy >out 2>&1 || exit 77 # under a sanitizer
UNROLL_GNUPLOT=none # pictures are drawn by another program
export UNROLL_GNUPLOT

head -c 3000 "$top/corpora/english.txt" >english
text="--cell rnn --hidden 4 --layers 1 --batch 4 --seq-length 10 --threads 1 $work/english --log-every 1"
run="$text --grad-every 2 --sample-every 2 --eval-every 2 --save-every 1 --quiet"
tiny="--task copy:delay=2,length=1,symbols=2 --hidden 4 --layers 1 --batch 4 --steps 2 --threads 1"

# never_stopped ARGUMENT...: a run in reference-1, from what is in before/.
never_stopped() {
    rm -rf reference-1
    cp -r before reference-1
    (cd reference-1 && "$unroll" "$@") >out 2>err || fail "$*: $(cat err)"
}
# goes_on ARGUMENT...: adds to the commands by which it goes on.
goes_on() { echo "$unroll $*" >>recover; }

# prepare COMMAND: the command is put into `command`.
prepare() {
    rm -rf before reference-* state recover
    mkdir before state
    case $1 in
        train)
            command="train $run --steps 5 --out run/"
            never_stopped $command
            goes_on train --resume run --steps 5 --quiet
            goes_on $command
            goes_on $command --force
            ;;
        resume) # a run whose logs and samples are ahead of its checkpoint
            (cd before && "$unroll" train $run --steps 5 --out run) >out 2>err || fail "$(cat err)"
            cp -r before reference-1
            (cd before && "$unroll" train $run --steps 3 --out other) >out 2>err || fail "$(cat err)"
            rm before/run/checkpoint-* before/run/model.safetensors
            cp before/other/checkpoint-* before/other/model.safetensors before/run
            rm -r before/other
            command="train --resume run --steps 5 --quiet"
            goes_on $command
            ;;
        force) # the old run or the new one
            (cd before && "$unroll" train $run --steps 4 --seed 2 --out run) >out 2>err || fail "$(cat err)"
            command="train $run --steps 3 --out run --force"
            never_stopped $command
            cp -r before reference-2
            cp -r before reference-3
            rm reference-3/run/checkpoint-3.safetensors # which comes again only where checkpoint-4 is gone, too
            goes_on train --resume run --quiet
            goes_on $command
            ;;
        compare)
            command="compare $tiny --variant cell=rnn --variant cell=gru --seeds 2 --jobs 1 --out run --quiet"
            never_stopped $command
            goes_on $command
            ;;
        gradient)
            (cd before && "$unroll" train $text --steps 2 --quiet --out half) >out 2>err || fail "$(cat err)"
            mv before/half half
            command="gradient ../half $work/english --window 10 --windows 2 --threads 1 --out run --quiet"
            never_stopped $command
            goes_on $command
            goes_on $command --force
            ;;
    esac
}

printf '%-9s %-7s %7s %9s %9s %7s %9s %6s\n' command '' moments 'laid out' different tried \
    restarted wrong
for name in ${COMMANDS:-train resume force compare gradient}; do
    prepare $name
    rm -rf recording
    cp -r before/. state
    (cd state && env CRASH_RECORD="$work/recording" LD_PRELOAD="$work/record.so" "$unroll" $command) >out 2>err ||
        fail "$name: $(cat err)"
    check "$name: every state goes on" "$crash" states $name "$most" "$try" "$stride" recording
    [ "$kills" -gt 0 ] || continue
    check "$name: killed before any call, it goes on" "$crash" kills $name "$unroll $command"
    check "$name: killed before any call, then a power cut" "$crash" again $name $((most / 16)) "$try" $((7 * stride)) "$unroll $command"
    [ $name != train ] ||
        check "$name: killed at any moment, it goes on" "$crash" random $name "$kills" "$unroll $command"
done
finish
