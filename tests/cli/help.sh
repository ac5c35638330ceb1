#!/bin/sh
# This script reads help, man page and completions: they are made from tables, so all that exists must be in them.
. "${srcdir:-.}/tests/cli/lib.sh"

expect 0 "" --help
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
    expect 0 "" "$command" --help
    check "help $command and $command --help are one" cmp -s "$work/help" "$work/out"
    check "help $command fits 80 columns" awk 'length > 80 { print; exit 1 }' "$work/help"
    check "help $command is ASCII" sh -c "! LC_ALL=C grep -q '[^ -~]' '$work/help'"
    check "help $command has an example" grep -q "^  .*unroll $command" "$work/help"
    check "help $command has no blank at a line's end" sh -c "! grep -q ' \$' '$work/help'"
    options=$(sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' "$work/help")
    check "help $command shows the common options" sh -c \
        "echo '$options' | grep -cx 'seed\|threads\|quiet\|json\|config\|help\|version' | grep -qx 7"
    for option in $options; do
        check "man has --$option" grep -q "^.fB--$option" "$work/man.plain"
        check "bash completes $command --$option" sh -c \
            "sed -n '/^    $command)/,/;;\$/p' '$work/bash' | grep -q -e ' --$option[ '\'']'"
        check "zsh completes $command --$option" grep -q -e "'--$option\[" "$work/zsh"
        check "fish completes $command --$option" grep -q \
            "__fish_seen_subcommand_from $command' -l $option " "$work/fish"
    done
done

# What the contract calls by another name, the unit and the default are in help.
"$unroll" help train >"$work/help"
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
END
check 'bash completes commands, options and values' bash "$work/complete.bash" "$work/bash"
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
"$unroll" help train | tr -s ' \n' ' ' >"$work/train"
check 'an epoch of a synthetic task' grep -q 'for a synthetic task of 1000 steps each' "$work/train"
check 'symbols of --valid' grep -q "A share's symbols are in the vocabulary; a symbol that is here alone" "$work/train"
finish
