#!/bin/sh
# This script reads help, man page and completions: they are made from tables, so all that exists must be in them.
. "${srcdir:-.}/tests/cli/lib.sh"

expect 0 "" --help
cp "$work/out" "$work/general"
for way in '' help -h; do
    expect 0 "" $way
    check "unroll $way prints the general help" cmp -s "$work/general" "$work/out"
done
check 'which fits a screen' [ "$(wc -l <"$work/general")" -le 30 ]
commands=$(commands)
check 'the commands are listed' [ "$(echo "$commands" | wc -l)" -ge 6 ]
check 'general help fits 80 columns' awk 'length > 80 { exit 1 }' "$work/out"
for must in train sample eval inspect bench generate; do
    check "there is a command $must" sh -c "echo '$commands' | grep -qx $must"
done

"$unroll" --completion bash >"$work/bash"
"$unroll" --completion zsh >"$work/zsh"
"$unroll" --completion fish >"$work/fish"
"$unroll" --man >"$work/man"
sed 's/\\-/-/g' "$work/man" >"$work/man.plain"

for command in $commands; do
    expect 0 "" help "$command"
    cp "$work/out" "$work/help"
    for way in --help -h; do
        expect 0 "" "$command" $way
        check "help $command and $command $way are one" cmp -s "$work/help" "$work/out"
    done
    check "help $command has an example" grep -q "^  .*unroll $command" "$work/help"
    expect 0 "" "$command" --help-all
    mv "$work/out" "$work/help"
    check "help $command fits 80 columns" awk 'length > 80 { print; exit 1 }' "$work/help"
    check "help $command is ASCII" sh -c "! LC_ALL=C grep -q '[^ -~]' '$work/help'"
    check "help $command has no blank at a line's end" sh -c "! grep -q ' \$' '$work/help'"
    options=$(options_of "$command")
    check "help $command shows the common options" sh -c \
        "echo '$options' | grep -cx 'seed\|threads\|quiet\|json\|config\|help\|help-all\|version' | grep -qx 8"
    for option in $options; do
        check "man has --$option" grep -q "^.fB--$option" "$work/man.plain"
        check "bash completes $command --$option" sh -c \
            "sed -n '/^    $command)/,/;;\$/p' '$work/bash' | grep -q -e ' --$option[ '\'']'"
        check "zsh completes $command --$option" grep -q -e "'--$option\[" "$work/zsh"
        check "fish completes $command --$option" grep -q \
            "__fish_seen_subcommand_from $command' -l $option " "$work/fish"
    done
done

# ---- short help has what one needs, whole help the rest ----
for command in train compare gradient; do
    "$unroll" help $command >"$work/short"
    shown=$(grep -c '^  \(-.,\|   \) --' "$work/short")
    check "help $command shows about 15 options, not $shown" [ "$shown" -ge 12 -a "$shown" -le 20 ]
    count=$(options_of $command | wc -l)
    check "and says where all $count are" grep -qx "All $count options: unroll $command --help-all" "$work/short"
done
for refused in lr epochs resume grad-every; do
    check "help gradient does not offer --$refused" sh -c "! '$unroll' gradient --help-all | grep -q -e ' --$refused '"
    expect 64 "--$refused: a probe does not train; leave it out" gradient --$refused 1
done
check 'help compare does not offer --grad-every' sh -c "! '$unroll' compare --help-all | grep -q -e ' --grad-every '"
expect 0 '' --help-all
check 'all of it at once' [ "$(grep -c '^Usage: unroll' "$work/out")" -eq $(($(echo "$commands" | wc -l) + 1)) ]

# ---- as wide as the terminal, from 60 to 160 ----
if can_have_terminal; then
    for wide in 40:59 100:99 300:159; do
        script -qec "stty cols ${wide%:*}; '$unroll' train --help-all" /dev/null </dev/null |
            tr -d '\r' | sed 's/.\[[0-9]*m//g; /^  [a-z].*unroll /d; /^  unroll /d; /^  echo /d' >"$work/wide"
        check "help at ${wide%:*} columns is within ${wide#*:}, and uses them" awk -v most="${wide#*:}" \
            '{ n = length > n ? length : n } END { exit !(n <= most && n > most - 12) }' "$work/wide"
    done
fi

# What the contract calls by another name, the unit and the default are in help.
"$unroll" train --help-all >"$work/help"
tr -s ' \n' ' ' <"$work/help" >"$work/help.line"
for alias in rnn-size hidden-size nhid num-layers nlayers model rnn-type bptt block-size learning-rate \
    batch-size max-grad-norm grad-clip; do
    check "help train names --$alias" grep -q -e "--$alias" "$work/help.line"
done
check 'help shows range and default' grep -q 'from 1 to 1048576, default 128' "$work/help.line"
check 'help tells what a choice is' grep -q 'rnn: simple recurrent network (Elman 1990)' "$work/help.line"
check 'and an initialisation' grep -q 'he: N(0, 2/inputs) (He et al. 2015)' "$work/help.line"
check 'the man page, too' grep -q 'N(0, 2/inputs) (He et al. 2015)' "$work/man"
check 'help shows choices' grep -q 'rnn, lstm\(, [a-z, ]*\)* or [a-z]* (default lstm)' "$work/help.line"
check 'bash reads its completion' bash -n "$work/bash"
cat >"$work/complete.bash" <<'END'
. "$1"
try() { COMP_WORDS=(unroll "$@"); COMP_CWORD=$#; _unroll; echo "${COMPREPLY[*]}"; }
[ "$(try tra)" = "train translate" ] || exit 1
[ "$(try train --cel)" = --cell ] || exit 2
[ "$(try train --cell l)" = lstm ] || exit 3
[ "$(try help ins)" = inspect ] || exit 4
[ -z "$(try train --hidden 1)" ] || exit 5
cd "$2" && mkdir -p runs/one runs/none && : >runs/one/config.json && : >text
[ "$(try train --task cop)" = copy ] || exit 6
[ "$(try reproduce dep)" = depth ] || exit 7
[ "$(try reproduce --quick dep)" = depth ] || exit 8
[ "$(try generate cop)" = copy ] || exit 9
[ "$(try sample r)" = runs/one ] || exit 10
[ "$(try train --resume r)" = runs/one ] || exit 11
[ "$(try eval runs/one te)" = text ] || exit 12
[ "$(try train -o r)" = runs ] || exit 13
[ "$(try train te)" = text ] || exit 14
[ -z "$(try sample runs/one te)" ] || exit 15
[ -z "$(try bench te)" ] || exit 16
[ -z "$(try reproduce te)" ] || exit 17
END
check 'bash completes commands, options and values' bash "$work/complete.bash" "$work/bash" "$work"
if command -v zsh >/dev/null; then check 'zsh reads its completion' zsh -n "$work/zsh"; fi
if command -v fish >/dev/null; then check 'fish reads its completion' fish -n "$work/fish"; fi
if command -v groff >/dev/null; then
    check 'groff has no complaint' sh -c \
        "groff -man -Tascii -ww -z '$work/man' 2>&1 | { ! grep -q .; }"
fi
# ---- colours: only where a terminal is, and NO_COLOR and TERM=dumb are obeyed ----
check 'no colours into a file' sh -c "! grep -q '$(printf '\033')' '$work/help'"
if can_have_terminal; then
    colours() { # environment: prints how many lines have an escape sequence
        script -qec "env $* '$unroll' help sample" /dev/null </dev/null | grep -c "$(printf '\033')"
    }
    check 'headings stand out on a terminal' [ "$(colours TERM=xterm)" -gt 0 ]
    check 'not with NO_COLOR' [ "$(colours TERM=xterm NO_COLOR=1)" -eq 0 ]
    check 'nor on a dumb terminal' [ "$(colours TERM=dumb)" -eq 0 ]
fi

expect 64 "no script for 'tcsh'; give bash, zsh or fish" --completion tcsh

expect 0 "" -V
cp "$work/out" "$work/version"
expect 0 "" version
check 'version and -V are one' cmp -s "$work/version" "$work/out"
expect 0 "" --version
check 'version' grep -q '^unroll [0-9]' "$work/out"
for what in compiler kernels threads; do
    check "version names $what" grep -q "^$what: " "$work/out"
done
UNROLL_KERNELS=generic "$unroll" --version >"$work/out"
check 'the kernels can be chosen' grep -q '^kernels: generic ' "$work/out"
UNROLL_KERNELS=abacus "$unroll" --version >"$work/out" 2>"$work/err"
check 'but not those that do not exist' [ $? -eq 64 ]

# what the defaults of train mean
"$unroll" train --help-all | tr -s ' \n' ' ' >"$work/train"
check 'an epoch of a synthetic task' grep -q 'for a synthetic task of 1000 steps each' "$work/train"
check 'symbols of --valid' grep -q "A share's symbols are in the vocabulary; a symbol that is here alone" "$work/train"
finish
