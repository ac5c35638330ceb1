#!/bin/sh
# Two builds of the program must give the same bytes: the check for a change that moves code and is meant to change no
# behaviour. Each line of the lists below is run by both programs, and then what both printed, their exit codes and
# every file they left are compared. One line per command, "same" or "DIFFERENT" with the names of the files; exits 1
# where anything differs or a command does not end as it should. Half a minute on two cores. Pictures are compared
# where gnuplot is installed.
#
#   same_bytes.sh OLD-UNROLL NEW-UNROLL            results: exit codes, standard output, files
#   same_bytes.sh OLD-UNROLL NEW-UNROLL words      also standard error, help, man page, completions and messages
#
# KEEP    a directory for what the programs left, in KEEP/old and KEEP/new (removed at the end)
#
# Both programs run in a directory of the same name, one after the other, because a checkpoint names its text by the
# whole path.
set -u
LC_ALL=C
export LC_ALL OMP_WAIT_POLICY=passive
unset NO_COLOR COLUMNS UNROLL_KERNELS UNROLL_GNUPLOT
corpora=$(cd "$(dirname "$0")/../../corpora" && pwd) || exit 2

# What lines of the lists share
small='--hidden 12 --batch 8 --steps 16 --log-every 4 --threads 1 --out run'
text='../text --seq-length 16 --eval-every 8'
pairs='../pairs/pairs.tsv --task translate --tokens word --embedding 8 --eval-every 8'
probe='--windows 4 --threads 1 --out probe'
: "$small $text $pairs $probe" # used by eval

# name | shell commands, in which unroll is the program; they run in a directory of that name, beside those of the
# lines above it. Programs must end with 0, those of a line "refused" with anything else.
results()
{
    cat <<'END'
rnn-tanh       | unroll train $text $small --cell rnn --layers 2 --grad-every 8 --optimizer sgd --lr 0.5 --schedule step --decay-every 4
rnn-sigmoid    | unroll train $text $small --cell rnn --activation sigmoid --layers 3 --norm layer --residual --init xavier --optimizer momentum --schedule exponential
rnn-relu       | unroll train $text $small --cell rnn --activation relu --layers 2 --embedding 8 --skip-input --init identity --optimizer rmsprop --clip-value 0.1
rnn-leaky-relu | unroll train $text $small --cell rnn --activation leaky-relu --layers 2 --norm batch --optimizer nesterov --lr 0.01
rnn-prelu      | unroll train $text $small --cell rnn --activation prelu --layers 2 --dropout 0.2 --init he --optimizer adagrad --no-carry
lstm           | unroll train $text $small --cell lstm --layers 2 --grad-every 8 --grad-distance 40 --sample-every 4 --save-every 4 --keep 3
lstm-resumed   | unroll train ../text --cell lstm --layers 2 --hidden 12 --batch 8 --seq-length 16 --steps 9 --log-every 4 --grad-every 4 --threads 1 --out run; unroll train --resume run --steps 16 --threads 2
lstm-words     | unroll train $text $small --tokens word --casefold --min-count 2 --layers 1 --embedding 12 --tie --init orthogonal --optimizer adamw --weight-decay 0.01 --schedule cosine --warmup 4
lstm-recompute | same='../text --tokens byte --layers 2 --residual --skip-input'; unroll train $same --hidden 12 --batch 8 --seq-length 16 --steps 4 --quiet --out start; unroll train $same $small --seq-length 60 --recompute --init-from start
lstm-norm      | unroll train $text $small --cell lstm --layers 2 --norm recurrent-batch --norm-steps 3 --no-carry --forget-bias chrono:20 --init normal
gru            | unroll train $text $small --cell gru --layers 2 --tokens grapheme --residual --skip-input --grad-every 8 --schedule plateau --patience 3 --json --quiet
gru-before     | gzip -nc ../text >text.gz; unroll train text.gz $small --cell gru --gru reset-before --layers 2 --norm layer --lines --eval-every 8 --seq-length 16
config         | printf '%s\n' '# a comment' 'cell = gru' 'layers = 1' 'epochs = 0.5' 'eval-every = 4' >options; head -c 900 ../text >held-out; unroll train --config options --hidden 8 --batch 4 --seq-length 20 --threads 2 --valid held-out --lr-min 0.001 --schedule step --decay-every 8 ../text
generic        | export UNROLL_KERNELS=generic; unroll train $text $small --cell lstm --layers 1; unroll sample run --length 30; unroll inspect --json run
tasks          | for task in copy:delay=4 reverse:length=4 adding:length=12 multiplication:length=12 temporal-order:length=15 latch:delay=6 two-sequence:delay=6 parity:length=6 reber:longest=8; do unroll train --task $task --cell gru --layers 1 --hidden 8 --batch 8 --steps 8 --threads 1 --json --quiet --out "${task%%:*}"; done
omega          | unroll train --task temporal-order:length=15 $small --cell rnn --omega 2 --layers 1 --grad-every 8
generate       | for task in copy reverse adding multiplication temporal-order latch two-sequence parity reber toy-translation:relative=0.5,perfect=0.5,negation=0.5,plural=0.5 numbers numbers:to=1 numbers:to=2; do unroll generate $task --count 3 --seed 2; done
sample         | unroll sample ../lstm/run --length 100 --prime 'It was' --temperature 0.7; unroll sample ../gru/run --length 60 --top-k 5 --count 2 --json; unroll sample ../rnn-relu/run --length 60 --top-p 0.8 --stop e --seed 3; unroll sample ../lstm-words/run --length 20 --greedy
eval           | for run in lstm gru-before rnn-prelu lstm-norm; do unroll eval ../$run/run ../text --threads 2; done; unroll eval ../gru/run ../text --json; head -c 300 ../text | unroll eval ../lstm/run - --per-token
inspect        | for run in rnn-leaky-relu lstm-words gru-before lstm-norm; do unroll inspect ../$run/run; unroll inspect --json ../$run/run; done
gradient       | unroll gradient --corpus ../text --cell gru --layers 2 --hidden 12 --window 40 $probe
gradient-model | unroll gradient ../lstm/run ../text --window 60 $probe; unroll gradient ../rnn-tanh/run ../text --window 60 --loss all --windows 4 --json
gradient-task  | unroll gradient --task adding:length=30 --cell rnn --activation relu --init identity --layers 1 --hidden 12 $probe
gradient-norm  | unroll gradient --corpus ../text --cell lstm --norm recurrent-batch --through-statistics --layers 1 --hidden 12 --window 30 $probe
pairs          | unroll generate toy-translation:clauses=1 --count 300 >pairs.tsv; cut -f 1 pairs.tsv | head -n 8 >sources
attention      | unroll train $pairs $small --cell lstm --layers 1 --attention additive --bidirectional --grad-every 8 --label-smoothing 0.1
attention-dot  | unroll train $pairs $small --cell gru --layers 2 --attention dot --reverse-source --dropout 0.1 --scheduled-sampling 0.3
attention-rnn  | unroll train $pairs $small --cell rnn --layers 1 --attention general --swap --max-length 9 --skip-bad
no-attention   | unroll train --task numbers:pairs=300,digits=2 $small --cell lstm --layers 1 --embedding 8 --json --quiet
translate      | unroll translate ../attention/run ../pairs/sources --beam 4 --n-best 3 --scores --attention looks.svg --threads 2; head -n 3 ../pairs/sources | unroll translate ../attention-dot/run --json; unroll translate ../no-attention/run ../pairs/sources --max-length 6 --unknown unk
eval-pairs     | unroll eval ../attention/run ../pairs/pairs.tsv --out scores --threads 2; unroll eval ../attention-dot/run ../pairs/pairs.tsv --beam 2 --length-penalty 0 --json
compare        | unroll compare --task copy:length=2 --variant cell=rnn --variant 'cell=lstm,forget-bias=1' --sweep delay=2,4 --layers 1 --hidden 8 --batch 8 --steps 24 --seeds 2 --jobs 1 --out study
compare-text   | unroll compare ../text --variant cell=gru --variant 'cell=gru;gru=reset-before;label=before' --layers 2 --hidden 8 --batch 8 --seq-length 16 --steps 12 --seeds 2 --jobs 2 --quiet --json --out study
compare-pairs  | unroll compare ../pairs/pairs.tsv --task translate --tokens word --variant attention=none --variant attention=dot --layers 1 --hidden 8 --embedding 8 --batch 8 --steps 12 --seeds 2 --jobs 1 --out study
compare-solved | unroll compare --task latch:delay=3 --variant cell=gru --variant cell=rnn,activation=relu --layers 1 --hidden 8 --batch 16 --lr 0.02 --steps 515 --until-solved --no-probe --seeds 2 --jobs 1 --out study
reproduce      | unroll reproduce --quick depth --jobs 1 --out study; unroll reproduce --quick depth --quiet --json --out study
refused        | unroll; unroll trian; unroll train --hiden 3; unroll train --lr 3x ../text; unroll train nowhere.txt; unroll train --out ../lstm/run ../text; unroll train --resume ../lstm/run --hidden 13; unroll sample ../text; unroll sample ../lstm/run --prime '%'; unroll generate copy:delay=x; unroll gradient --lr 0.1; unroll gradient --corpus ../text --window 100000; unroll compare --task adding; unroll reproduce depht; unroll eval nowhere ../text; unroll translate ../lstm/run ../pairs/sources; unroll train ../text --cell lstm --omega 1 --steps 1
END
}

# What may be put into better words without a change of results. The messages of the lines above belong to it.
words()
{
    cat <<'END'
help           | unroll --help; unroll help; for command in train sample translate eval inspect generate gradient bench compare reproduce; do unroll help $command; unroll $command --help-all; done
man            | unroll --man
completion     | for shell in bash zsh fish; do unroll --completion $shell; done
lists          | unroll generate --list; unroll reproduce --list
sizes          | unroll train ../text --dry-run; unroll train ../pairs/pairs.tsv --task translate --attention dot --embedding 8 --dry-run --json
END
}

# What may differ is time. Standard input with the times of file $1 taken out:
mask()
{
    case $1 in
        # The columns tokens_per_s and seconds. Counted from the end, as only the first column may have commas in it.
        */metrics.csv | */results.csv)
            awk -F, -v OFS=, '
                NR == 1 { for (i = 1; i <= NF; i++) if ($i == "tokens_per_s" || $i == "seconds") timed[NF - i] }
                NR > 1 { for (back in timed) $(NF - back) = "TIME" }
                { print }' ;;
        # The same by their keys, and the memory that the process had; "16 steps in 0.1 s, 90k tokens/s"
        *.json | */stdout)
            sed -E -e 's/"(tokens_per_s|seconds|peak_rss_mb)":[-+0-9.e]+/"\1":TIME/g' \
                -e 's|^([0-9]+ steps in )[0-9.dhms ]+, [0-9.]+[kMG]? tokens/s|\1TIME|' ;;
        # The date in the last line; the last column, "seconds", of a comparison's table of jobs
        */report.html)
            sed -E -e 's|[-0-9]+ [0-9:]+ UTC</p>$|DATE</p>|' \
                -e '/<th>seconds<.th><.tr>$/,/<.table>/s|>[0-9.]+</td></tr>$|>TIME</td></tr>|' ;;
        # "90k/s  0.0 s left" at the end of a training's last line; "gradients recorded 3 times in 0.01 s, 20.65% of the
        # run"; ", 0.1 s" at the end of what a comparison prints about a job
        */stderr)
            sed -E -e '/^step /s|  [0-9.]+[kMG]?/s  [0-9.dhms ]+ left$|  TIME|' \
                -e 's|^(gradients recorded [0-9]+ times in )[0-9.]+ s, [0-9.]+% of the run$|\1TIME|' \
                -e '/, seed [0-9]+: /s|, [0-9.dhms ]+s$|, TIME|' ;;
        # An apostrophe in a text for gnuplot: it was doubled once, and is a number since (the picture is the same)
        *.gp) sed "s/'\.\"\\\\047\"\.'/''/g" ;;
        *) cat ;;
    esac
}

# Run the commands $3 with the program $2 in the directory $here/$1. They share variables with nothing, because this
# is called in a subshell.
run()
{
    program=$2 commands=$3
    mkdir "$here/$1" && cd "$here/$1" || exit 1
    # shellcheck disable=SC2317 # eval calls it
    unroll()
    {
        "$program" "$@"
        echo "$?" >>exits
    }
    eval "$commands" >stdout 2>stderr </dev/null
}

# The names of all that is below directory $1
files()
{
    (cd "$1" && find . | sed 's|^\./||' | sort)
}

# Names of what differs between $old/$1 and $new/$1
differing()
{
    files "$old/$1" >"$work/files-old"
    files "$new/$1" >"$work/files-new"
    comm -3 "$work/files-old" "$work/files-new" | tr -d '\t'
    comm -12 "$work/files-old" "$work/files-new" | while IFS= read -r file; do
        [ -f "$old/$1/$file" ] || continue
        case $file in
            stderr) [ -n "$words" ] || continue ;;
        esac
        cmp -s "$old/$1/$file" "$new/$1/$file" && continue
        mask "/$file" <"$old/$1/$file" >"$work/masked-old"
        mask "/$file" <"$new/$1/$file" >"$work/masked-new"
        cmp -s "$work/masked-old" "$work/masked-new" || echo "$file"
    done
}

# Whether the exit codes of the old program in $old/$1 are those of commands that did what they are here for
ended_well()
{
    [ -s "$old/$1/exits" ] || return 1
    case $1 in
        refused) ! grep -qx 0 "$old/$1/exits" ;;
        *) ! grep -qvx 0 "$old/$1/exits" ;;
    esac
}

absolute()
{
    case $1 in
        /*) echo "$1" ;;
        *) echo "$PWD/$1" ;;
    esac
}

if [ $# -lt 2 ] || [ $# -gt 3 ] || [ "${3:-words}" != words ] || [ ! -x "$1" ] || [ ! -x "$2" ]; then
    echo "usage: sh same_bytes.sh OLD-UNROLL NEW-UNROLL [words]" >&2
    exit 64
fi
old_program=$(absolute "$1") new_program=$(absolute "$2") words=${3:-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
kept=$(absolute "${KEEP:-$work/kept}")
old=$kept/old new=$kept/new here=$work/here
mkdir -p "$kept" && mkdir "$old" "$new" || exit 1
head -c 6000 "$corpora/english.txt" >"$old/text" && cp "$old/text" "$new/text" || exit 1
results >"$work/list"
[ -z "$words" ] || words >>"$work/list"

commands=0 failures=0
while IFS='|' read -r name line <&3; do
    name=${name%% *}
    commands=$((commands + 1))
    mv "$old" "$here" && (run "$name" "$old_program" "$line") && mv "$here" "$old" || exit 1
    mv "$new" "$here" && (run "$name" "$new_program" "$line") && mv "$here" "$new" || exit 1
    different=$(differing "$name" | tr '\n' ' ')
    if [ -n "$different" ]; then
        echo "DIFFERENT $name: ${different% }"
    elif ! ended_well "$name"; then
        echo "FAILED $name: exit codes $(tr '\n' ' ' <"$old/$name/exits")"
        tail -n 3 "$old/$name/stderr"
    else
        echo "same $name: $(find "$old/$name" -type f | wc -l) files"
        continue
    fi
    failures=$((failures + 1))
done 3<"$work/list"
echo "$commands lines of commands, $failures of them not the same"
[ "$commands" -gt 0 ] && [ "$failures" -eq 0 ]
