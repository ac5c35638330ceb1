#!/bin/sh
# Every call fails once: for each command and each kind of call, the call with the number n fails, once or from then on,
# for every STRIDE-th n: 7 in make check, and 1 in make check-faults. Of allocations, of which there are thousands, a
# stride above 1 takes a tenth of that. Then:
#   - the program ends by itself, by no signal, with an exit code that doc/reliability.md knows;
#   - interrupted calls and short writes change nothing: exit code 0, the same output;
#   - with exit code 0 the output is whole, and so is what was written, or a message tells what is not;
#   - after a failed training another one goes on from its newest checkpoint to the bytes of one that never failed.
# Prints how many calls of each kind there were and how many of the failures went wrong.
#   STRIDE=N COMMANDS="train eval" KINDS="open fsync" sh tests/faults/sweep.sh
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99
program=$unroll
stride=${STRIDE:-7}
UNROLL_GNUPLOT=none # pictures are drawn by another program
export UNROLL_GNUPLOT
${CC:-cc} -shared -fPIC -w "$top/tests/faults/shim.c" -o fail.so -ldl 2>/dev/null || exit 77

# failing FAULT ARGUMENT...: as shim.c says; `count` has how many calls there were, `out` and `err` what it said.
failing() {
    fault=$1
    shift
    timeout 60 env FAULT="$fault" FAULT_COUNT="$PWD/count" LD_PRELOAD="$PWD/fail.so" "$program" "$@" \
        </dev/null >out 2>err
}
failing alloc:-1 generate copy && [ "$(cat count)" -gt 0 ] || exit 77 # a sanitizer has its own

head -c 6000 "$top/corpora/english.txt" >english
printf 'a b\tb a\nb\tb\na a b\tb a a\nb b\tb b\na\ta\n' >pairs
text="--hidden 4 --layers 1 --batch 4 --seq-length 10 --threads 1 english"
run="$text --grad-every 1 --sample-every 1 --save-every 1 --quiet"
tiny="--task copy:delay=2,length=1,symbols=2 --hidden 4 --layers 1 --batch 4 --steps 2"
{
    "$unroll" train $run --steps 4 --out whole
    "$unroll" train $run --steps 2 --out half
    cp -r half resumed
    "$unroll" train --resume resumed --steps 4 --quiet
    "$unroll" train --task translate --tokens word --hidden 4 --layers 1 --embedding 4 --batch 1 --split 1,0,0 --steps 2 \
        --threads 1 pairs --out words --quiet
} >out 2>err || { cat err; exit 1; }

# arguments COMMAND: what is run; a training writes into the directory `run`.
arguments() {
    case $1 in
        train) echo train $run --steps 4 --out run ;;
        resume) echo train --resume run --steps 4 --quiet ;;
        sample) echo sample half --length 50 ;;
        eval) echo eval half english --json ;;
        inspect) echo inspect half --json ;;
        gradient) echo gradient half english --window 10 --windows 2 --out run --json ;;
        compare) echo compare $tiny --variant cell=rnn --variant cell=gru --seeds 1 --jobs 1 --out run --quiet --json ;;
        translate) echo translate words pairs ;;
        generate) echo generate adding:length=5 --json ;;
    esac
}
prepare() {
    rm -rf run
    [ "$1" != resume ] || cp -r half run
}
# said: standard output without what the clock decides.
said() { sed 's/"[a-z_]*seconds":[-+.0-9e]*//g; s/"tokens_per_s":[-+.0-9e]*//g; s/"peak_rss_mb":[-+.0-9e]*//g; s/ in [0-9.]* s, .* tokens.s//' out; }
# The best weights could not be copied, which is told at the end of the failed run and of those that go on.
unkept='holds no weights of the best validation'
# differs REFERENCE TOLD: the files of `run` that differ from those of a run that never failed. A log or a sample may,
# where TOLD, what the failed run said, names it.
differs() {
    cmp -s run/checkpoint-4.safetensors $1/checkpoint-4.safetensors || echo 'the checkpoint differs'
    cmp -s run/model.safetensors $1/model.safetensors || grep -q "$unkept" "$2" || echo 'the model differs'
    for file in samples/3.txt samples/4.txt; do
        cmp -s run/$file $1/$file || grep -q 'run/samples\|no memory' "$2" || { echo "$file differs"; return; }
    done
    for file in gradient/distance.csv gradient/histogram.csv metrics.csv; do
        cut -d , -f 1-9 $1/$file >want
        cut -d , -f 1-9 run/$file | cmp -s want || grep -q "$file\|$unkept\|no memory" "$2" ||
            { echo "$file differs"; return; }
    done
}

# judge COMMAND KIND ERRNO HOW EXIT: what is wrong, if anything.
judge() {
    case $5 in
        0 | 65 | 66 | 71 | 73 | 74) ;;
        *) echo "exit $5: $(head -c 200 err)"; return ;;
    esac
    case $2:$3:$4 in
        short:*) [ "$5" -eq 0 ] || { echo "a short write: exit $5"; return; } ;;
        close:EINTR:*) ;;
        *:EINTR:once) [ "$5" -eq 0 ] || { echo "interrupted: exit $5: $(head -c 200 err)"; return; } ;;
        alloc:*) [ "$5" -eq 0 ] || [ "$5" -eq 71 ] || { echo "no memory: exit $5: $(head -c 200 err)"; return; } ;;
    esac
    [ "$5" -eq 0 ] || grep -q '^unroll: ' err || echo 'no message'
    case $1 in
        train | resume)
            cp err told
            [ $1 = train ] && whole=whole || whole=resumed
            if [ "$5" -eq 0 ]; then
                wrong=$(differs $whole told)
                [ -z "$wrong" ] || [ -s told ] || echo "exit 0, and $wrong"
            elif ls run/checkpoint-* >/dev/null 2>&1; then
                "$unroll" train --resume run --steps 4 --quiet >out 2>err || grep -q "$unkept" told ||
                    echo "does not go on: $(head -c 200 err)"
                wrong=$(differs $whole told)
                [ -z "$wrong" ] || echo "goes on otherwise: $wrong; told: $(head -c 200 told)"
            fi
            ;;
        *) [ "$5" -ne 0 ] || { said >got; cmp -s got said || [ -s err ] || echo 'exit 0, and less is said'; } ;;
    esac
}

kinds=${KINDS:-'alloc open read write short fsync rename close stat mmap mkdir flock unlink truncate'}
errors_of() {
    case $1 in
        alloc) echo ENOMEM ;;
        open) echo EACCES EMFILE EINTR ;;
        write) echo ENOSPC EINTR ;;
        fsync | read | truncate) echo EIO ;;
        flock) echo ENOLCK EINTR ;;
        mkdir | unlink | rename | stat) echo EACCES EIO ;;
        mmap) echo ENOMEM ;;
        *) echo EIO ;;
    esac
}

total=0 bad=0
printf '%-10s %-9s %7s %9s %6s\n' command kind calls failures wrong
for command in ${COMMANDS:-train resume sample eval inspect gradient compare translate generate}; do
    # shellcheck disable=SC2046
    set -- $(arguments $command)
    prepare $command
    failing alloc:-1 "$@" || { fail "$command: $(cat err)"; continue; }
    said >said
    for kind in $kinds; do
        prepare $command
        failing "$kind:-1" "$@" || { fail "$command: $(cat err)"; continue; }
        calls=$(cat count) tried=0 wrong_here=0 step=$stride
        [ $kind != alloc ] || [ "$stride" -eq 1 ] || step=$((10 * stride))
        for error in $(errors_of $kind); do
            for how in once on; do
                [ "$error:$how" != EINTR:on ] || continue # that has no end
                n=0
                while [ "$n" -lt "$calls" ]; do
                    prepare $command
                    failing "$kind:$n:$error:$how" "$@"
                    verdict=$(judge $command $kind $error $how $?)
                    [ -z "$verdict" ] || {
                        wrong_here=$((wrong_here + 1))
                        fail "$command, $kind $n of $calls, $error, $how: $verdict"
                    }
                    tried=$((tried + 1))
                    n=$((n + step))
                done
            done
        done
        printf '%-10s %-9s %7d %9d %6d\n' $command $kind "$calls" $tried $wrong_here
        total=$((total + tried)) bad=$((bad + wrong_here)) checks=$((checks + tried))
    done
done
echo "$total failures, $bad went wrong"
finish
