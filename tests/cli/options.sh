#!/bin/sh
# This script gives options as a user types them: what is refused, with which words, and which of two wins.
. "${srcdir:-.}/tests/cli/lib.sh"

# ---- bad numbers and names, for every such option of every command that help shows ----
known=' ' # rows that commands share are tried in full once, then by one bad number each
for command in train $(commands | grep -vx train); do
    "$unroll" $command --help-all | sed 's/^  \(-.,\|   \) --/  --/' >"$work/help"
    for option in $(sed -n 's/^  --\([a-z0-9-]*\) \(N\|X\|P\|T\|K\|BYTES\|TIME\)\( .*\|\)$/\1/p' "$work/help"); do
        case $known in
        *" $option "*) set -- nan ;;
        *) set -- -1 nan inf '' 1x 0x10 1e99 ;;
        esac
        known="$known$option "
        for bad in "$@"; do
            case $option$bad in forget-bias-1) continue ;; esac
            expect 64 "--$option: '$bad'" $command "--$option" "$bad"
        done
    done
    for option in $(sed -n 's/^  --\([a-z0-9-]*\) \(NAME\|KIND\|WHAT\)\( .*\|\)$/\1/p' "$work/help"); do
        expect 64 "--$option: no 'no-such-name'" $command --$option no-such-name
        names=$((${names:-0} + 1))
    done
done
check 'more than 400 bad numbers were tried' [ "$checks" -gt 400 ]
check 'more than 35 names were tried' [ "$names" -gt 35 ]
expect 64 "unroll: bench: --cell: no 'gnu'; did you mean gru?" bench --cell gnu
for big in 9007199254740993 18446744073709551615 99999999999999999999; do
    expect 64 "'$big' is out of range; give a whole number of at least 0 and at most 9007199254740992 (2^53)" train --seed $big
done
expect 64 "unroll: train: --lr: '3x' is not a number; give one from 0 to 1000" train --lr 3x
expect 64 "unroll: train: --hidden: '0' is out of range; give a whole number from 1 to 1048576" train --hidden 0
expect 64 "--dropout: '1' is out of range; give a number from 0 to below 1" train --dropout 1
expect 64 "--hidden" train --hidden 1000000000

# ---- names ----
expect 64 "unroll: train: unknown option --hiden; did you mean --hidden?" train --hiden 3
expect 64 "unknown option --HIDDEN; did you mean --hidden?" train --HIDDEN 3
expect 64 "--optimizer: no 'SGD'; did you mean sgd?" train --optimizer SGD
expect 64 'did you mean cell=rnn?' compare --variant rnn

# ---- abbreviations, and letters ----
expect 64 "--hidden: '0'" train --hid 0
expect 64 "--hidden: '0'" train --nhi 0
expect 64 "--gr is short for several options: --gru, --clip-value, --grad-every, --grad-distance" train --gr 3
expect 0 '' generate copy --cou 2 --s=7 --js
check 'abbreviations count' [ "$(grep -c '^{"input"' "$work/out")" -eq 2 ]
printf 'coun = 2\n' >"$work/short.conf"
expect 64 'unknown option --coun; did you mean --count?' generate copy --config "$work/short.conf"
"$unroll" generate copy --count 2 --seed 7 >"$work/long"
for way in '-qn2' '-n 2 -q' '-qn 2' '-n=2' '--count=2'; do
    expect 0 '' generate copy $way --seed 7
    check "generate copy $way" cmp -s "$work/long" "$work/out"
done
expect 64 '--count needs a value: N' generate copy -n
expect 64 "unknown option -x; see 'unroll generate --help-all', a file of that name is ./-x" generate copy -x
expect 64 "unknown option -out; did you mean --out?" train -out x
expect 64 "unknown option --confg; did you mean --config?" train --confg x
expect 64 "see 'unroll train --help-all'" train --xyzzy
expect 64 "unknown option -lr; did you mean --lr?" train -lr 0.1
expect 64 "did you mean train?" trian
expect 64 "see 'unroll --help'" frobnicate
expect 64 "no 'lsmt'; did you mean lstm?" train --cell lsmt
expect 64 "--lr needs a value: X from 0 to 1000" train --lr
expect 64 "--lines: 'maybe' is neither true nor false" train --lines=maybe
for alias in rnn-size rnn_size hidden-size nhid HIDDEN; do
    case $alias in
    HIDDEN) expect 64 "unknown option" train --$alias 0 ;;
    *) expect 64 "--hidden: '0'" train --$alias 0 ;;
    esac
done

# ---- options that do nothing beside the others: told where the command line has them ----
idle() { # idle WHY OPTION...: refused on the line, taken from a file
    why=$1
    shift
    expect 64 "$why" train "$@"
    for word in "$@"; do
        case $word in
        --*) printf '\n%s = ' "${word#--}" ;;
        *) printf '%s' "$word" ;;
        esac
    done >"$work/idle.conf"
    expect 0 '' train --dry-run --config "$work/idle.conf"
}
export UNROLL_CORPORA="$top/corpora"
idle '--forget-bias is of no use to --cell rnn' --cell rnn --forget-bias 2
check 'a plan does not speak of it' sh -c "! grep -q 'forget bias' '$work/out'"
idle '--forget-bias is of no use to --cell rnn' --cell rnn --forget-bias chrono
idle '--valid is of no use to a synthetic task' --task copy --valid nowhere
idle '--test is of no use to a synthetic task' --task copy --test nowhere
idle '--split is of no use to a synthetic task' --task copy --split 1,0,0
idle '--patience counts validations' --split 1,0,0 --patience 3
idle '--schedule plateau waits for validations' --split 1,0,0 --schedule plateau
idle '--norm-steps is for states that start at zero' --norm recurrent-batch --norm-steps 10
idle '--norm-steps is for --norm recurrent-batch' --no-carry true --norm-steps 10
idle '--norm-gamma is for --norm recurrent-batch' --norm-gamma 0.5
idle '--momentum is for --optimizer momentum and nesterov' --momentum 0.5
idle '--beta1 is for --optimizer adam and adamw' --optimizer sgd --beta1 0.5
idle '--beta2 is for --optimizer adam and adamw' --optimizer rmsprop --beta2 0.5
idle '--rho is for --optimizer rmsprop' --rho 0.5
idle '--decay is for --schedule exponential, step and plateau' --decay 0.5
idle '--decay-every is for --schedule step and plateau' --decay-every 9
idle '--decay-after is for --schedule exponential' --schedule step --decay-after 9
for used in '--cell gru --forget-bias 2' '--cell rnn --forget-bias auto' '--task copy --patience 3' \
    '--norm recurrent-batch --norm-steps 10 --no-carry' '--optimizer nesterov --momentum 0.5' \
    '--schedule step --decay 0.5 --decay-every 9' '--schedule exponential --decay-after 9' \
    '--layers 1 --dropout 0' '--task translate --embedding 8 --layers 1 --dropout 0.5' \
    "--split 1,0,0 --patience 3 --valid $UNROLL_CORPORA/english.txt"; do
    expect 0 '' train --dry-run $used
done
expect 0 'with --layers 1 it drops nothing' train --dry-run --layers 1 --dropout 0.5
expect 64 'training would never end; give --steps, --epochs or --time above 0' train --time 0
expect 64 'task char has no keys' train --task char:a=1

# ---- conflicts and arguments ----
expect 64 "--steps and --epochs exclude each other" train --steps 3 --epochs 3
expect 64 "--resume and --out exclude each other" train --resume a --out b
expect 64 "--prime and --prime-file exclude each other" sample m --prime a --prime-file b
expect 64 "--greedy and --temperature exclude each other" sample m --greedy --temperature 2
expect 66 "no model is given, and runs/ holds no run" sample
expect 64 "'b' is one argument too many" sample a b
expect 64 "--list" generate
expect 64 "--list" generate --list copy
expect 66 "no-such-model" sample no-such-model
expect 66 "--json" sample -- --json
expect 66 "" eval no-such-model -

# ---- --config ----
conf=$work/options.conf
printf '# a comment\n\ncount = 2   # two\n  seed=7\njson = true\n' >"$conf"
"$unroll" generate copy --count 2 --seed 7 --json >"$work/by-line"
expect 0 "" generate copy --config "$conf"
check 'a config file counts' cmp -s "$work/out" "$work/by-line"
expect 0 "" generate --config="$conf" copy --count 5
check 'the command line wins' [ "$(wc -l <"$work/out")" -eq 5 ]
expect 0 "" generate copy --json=false --config "$conf"
check 'a flag can be taken back' grep -q "	" "$work/out"
printf 'count = 3\ncoutn = 4\n' >"$conf"
expect 64 "options.conf:2: unknown option --coutn; did you mean --count?" generate copy --config "$conf"
printf '\n\ncount = -3\n' >"$conf"
expect 64 "options.conf:3: --count: '-3' is out of range" generate copy --config "$conf"
printf 'count 3\n' >"$conf"
expect 64 "options.conf:1: no '=' in 'count 3'; write name = value" generate copy --config "$conf"
printf 'list = yes\n' >"$conf"
expect 64 "options.conf:1: --list: 'yes' is neither true nor false" generate copy --config "$conf"
printf 'count = 3\r\nseed = 2' >"$conf"
expect 0 "" generate copy --config "$conf"
check 'CRLF and no last newline' [ "$(wc -l <"$work/out")" -eq 3 ]
printf 'steps = 3\nepochs = 3\n' >"$conf"
expect 64 "--steps and --epochs exclude each other" train --config "$conf"
printf 'config = other\n' >"$conf"
expect 64 "options.conf:1: unknown option --config" generate copy --config "$conf"
printf 'co\000unt = 3\n' >"$conf"
expect 64 "options.conf:1: a NUL byte" generate copy --config "$conf"
expect 66 "no-such-file" generate copy --config no-such-file
expect 66 "" generate copy --config "$work"

# ---- standard output ----
if [ -w /dev/full ]; then
    "$unroll" generate copy >/dev/full 2>"$work/err"
    check 'a full disk is 74' [ $? -eq 74 ]
    check 'and says so' grep -q 'unroll: generate: standard output: ' "$work/err"
    "$unroll" help train >/dev/full 2>"$work/err"
    check 'help on a full disk is 74' [ $? -eq 74 ]
fi
"$unroll" generate copy >&- 2>"$work/err"
check 'a closed standard output is 74' [ $? -eq 74 ]
{ "$unroll" generate copy --count 100000; echo $? >"$work/status"; } 2>"$work/err" | head -n 1 >"$work/out"
check 'a reader that goes away is no error' [ "$(cat "$work/status")" -eq 0 ]
check 'and not worth a word' [ ! -s "$work/err" ]

# ---- locales and escapes ----
"$unroll" generate adding:length=5 >"$work/plain"
for locale in C tr_TR.UTF-8 de_DE.UTF-8; do
    LC_ALL=$locale "$unroll" generate adding:length=5 >"$work/out"
    check "the same bytes in $locale" cmp -s "$work/plain" "$work/out"
done
escape=$(printf 'no\033[2Jsuch')
expect 66 'no\x1b[2Jsuch' sample "$escape"
expect 64 '\x1b' train "--$escape"

finish
