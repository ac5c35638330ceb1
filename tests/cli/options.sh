#!/bin/sh
# Options as a user types them: what is refused, with which words, and what wins over what.
. "${srcdir:-.}/tests/cli/lib.sh"

# ---- bad numbers, for every numeric option that help shows ----
for command in train sample generate; do
    "$unroll" help $command >"$work/help"
    for option in $(sed -n 's/^  --\([a-z0-9-]*\) \(N\|X\|P\|BYTES\|TIME\)\( .*\|\)$/\1/p' "$work/help"); do
        for bad in -1 nan inf '' 1x 0x10 1e99; do
            case $option$bad in forget-bias-1) continue ;; esac
            case $command in
            train) expect 64 "--$option: '$bad'" train "--$option" "$bad" --dry-run ;;
            sample) expect 64 "--$option: '$bad'" sample "--$option=$bad" no-such-model ;;
            generate) expect 64 "--$option: '$bad'" generate "--$option" "$bad" copy ;;
            esac
        done
    done
done
check 'more than 250 bad numbers were tried' [ "$checks" -gt 250 ]
expect 64 "unroll: train: --lr: '3x' is not a number; give one from 0 to 1000" train --lr 3x
expect 64 "unroll: train: --hidden: '0' is out of range; give a whole number from 1 to 1048576" train --hidden 0
expect 64 "--dropout: '1' is out of range; give a number from 0 to below 1" train --dropout 1
expect 64 "--hidden" train --hidden 1000000000

# ---- names ----
expect 64 "unroll: train: unknown option --hiden; did you mean --hidden?" train --hiden 3
expect 64 "unknown option --hid; did you mean --hidden?" train --hid 3
expect 64 "unknown option --confg; did you mean --config?" train --confg x
expect 64 "see 'unroll help train'" train --xyzzy
expect 64 "unknown option -lr; did you mean --lr?" train -lr 0.1
expect 64 "did you mean train?" trian
expect 64 "see 'unroll --help'" frobnicate
expect 64 "see 'unroll --help'"
expect 64 "no 'lsmt'; did you mean lstm?" train --cell lsmt
expect 64 "--lr needs a value: X from 0 to 1000" train --lr
expect 64 "--lines: 'maybe' is neither true nor false" train --lines=maybe
for alias in rnn-size rnn_size hidden-size nhid HIDDEN; do
    case $alias in
    HIDDEN) expect 64 "unknown option" train --$alias 0 ;;
    *) expect 64 "--hidden: '0'" train --$alias 0 ;;
    esac
done

# ---- conflicts and arguments ----
expect 64 "--steps and --epochs exclude each other" train --steps 3 --epochs 3
expect 64 "--resume and --out exclude each other" train --resume a --out b
expect 64 "--prime and --prime-file exclude each other" sample m --prime a --prime-file b
expect 64 "--greedy and --temperature exclude each other" sample m --greedy --temperature 2
expect 64 "usage: unroll sample [options] MODEL" sample
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
