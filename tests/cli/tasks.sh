#!/bin/sh
# This script takes every synthetic task from the list to a trained run: its keys, its accuracy and its baseline.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99

expect 0 '' generate --list
sed '/^toy-translation: /,$d' out >list # the toy languages are translate_train.sh's
grep -o '^[a-z-]*:' list | tr -d : >names
tasks=$(wc -l <names)
check 'nine tasks or more' [ "$tasks" -ge 9 ]
for word in 'source: ' 'accuracy: ' 'by chance ' 'baseline: ' 'example: unroll train --task '; do
    check "each task has '$word'" [ "$(grep -c "$word" list)" -eq "$tasks" ]
done

# What --list gives as example is understood, and gives as many steps of targets as of inputs.
sed -n 's/.*example: unroll train --task //p' list >specs
while read -r spec; do
    expect 0 '' generate "$spec" --count 2
    check "$spec: two lines" [ "$(wc -l <out)" -eq 2 ]
    check "$spec: targets for inputs" awk -F '\t' 'split($1, a, " ") != split($2, b, " ") { exit 1 }' out
done <specs

while read -r name; do
    expect 0 '' train --task "$name" --cell rnn --layers 1 --hidden 4 --batch 2 --steps 3 --log-every 1 \
        --seq-length 9 --threads 1 --quiet --json --out "run-$name"
    for key in baseline chance recent test_loss accuracy recall_loss recall_accuracy steps_to_solve; do
        check "$name: --json has $key" grep -q "\"$key\":" out
    done
    check "$name: an accuracy in every row" awk -F , 'NR > 1 && $6 == "" { exit 1 }' "run-$name/metrics.csv"
    level=$(sed -n 's/.*"baseline":\([0-9.e-]*\).*/\1/p' out)
    check "$name: the baseline is drawn" grep -q 'baseline' "run-$name/plots/loss.gp"
    check "$name: at its level" grep -q "^.*$(echo "$level" | cut -c 1-6)" "run-$name/plots/loss.csv"
done <names

# The test's loss is of the same targets as that of the validation, on other samples; that of the recalled symbols is apart.
value() { sed -n "s/.*\"$1\":\([-+.0-9e]*\).*/\1/p" out; }
expect 0 '' train --task copy:delay=40,length=2 --layers 1 --hidden 8 --steps 100 --threads 1 --quiet --json --out kind
check 'losses of one kind, and another kind' awk "BEGIN { v = $(value valid_loss); t = $(value test_loss)
    r = $(value recall_loss); exit !(t != v && t > 0.9 * v && t < 1.1 * v && r > 5 * v) }"
check 'the same in metrics.csv' [ "$(value test_loss | cut -c 1-7)" = "$(sed -n 's/.*,test,//p' kind/metrics.csv | cut -c 1-7)" ]
expect 0 '' train --task copy:delay=40,length=2 --layers 1 --hidden 8 --steps 2 --threads 1 --quiet --out words
check 'and in words' grep -q 'test loss [0-9.]*, accuracy [0-9.]*; of the targets that need memory alone: loss' out
expect 0 '' train --task adding:length=4 --layers 1 --hidden 8 --steps 2 --threads 1 --quiet --out plain
check 'where all need memory there is one loss' sh -c '! grep -q alone out'

# A model is tested on its own task, and on another length, delay or key of it; what is not named stays as it was trained.
expect 0 '' train --task copy:delay=20,length=2,symbols=4 --hidden 8 --steps 50 --batch 50 --threads 1 --quiet --json \
    --out own
loss=$(value test_loss) recall=$(value recall_loss)
expect 0 '' eval own --json --threads 1
check 'its own task: the test of its training' [ "$(value loss) $(value recall_loss)" = "$loss $recall" ]
for key in accuracy recall_accuracy baseline chance sequences; do
    check "eval --json has $key" grep -q "\"$key\":" out
done
expect 0 '' eval own --json --threads 1 --task copy:delay=60
check 'another delay of the same task' grep -q '"task":"copy:delay=60,length=2,symbols=4,shortest=0"' out
check 'it is harder' awk "BEGIN { exit !($(value loss) != $loss) }"
check 'its own baseline' awk "BEGIN { d = $(value baseline) - 2 * log(4) / 64; exit !(d * d < 1e-12) }"
cp out first
expect 0 '' eval own --json --threads 2 --task copy:delay=60
check 'threads change nothing' cmp -s out first
expect 0 '' eval own --json --seed 2 --task copy:delay=60
check 'a seed does' sh -c '! cmp -s out first'
expect 0 '' eval own
for line in 'task  *copy:delay=20,length=2,symbols=4' 'loss  *[0-9.]* nats a target' 'accuracy  *[0-9.]*: share' \
    'recall loss  *[0-9.]*,' 'recall accuracy  *[0-9.]*$' 'baseline  *[0-9.]*,' 'chance  *0.25,' 'sequences  *1000$'; do
    check "eval says: $line" grep -q "^$line" out
done
expect 64 'task copy has 10 inputs (symbols) and 9 outputs (classes), the model 6 (symbols) and 5 (classes)' \
    eval own --task copy:symbols=8
expect 64 'task adding has 2 inputs (numbers) and 1 outputs (numbers)' eval own --task adding
expect 64 "no key 'dely'" eval own --task copy:dely=3
expect 64 "did you mean 'copy'" eval own --task copi
expect 64 'reads a text' eval own --task char
expect 64 "'' is no name" eval own --task ''
expect 64 'reads no file' eval own list
expect 64 'for models of texts; own is none' eval own --per-token
expect 64 'for translation models; own is none' eval own --beam 2
expect 64 'for texts; own reads none' eval own --max-input 5

# Solved within a few hundred updates, and said so; a resumed run does not know.
easy='--task latch:delay=2 --cell lstm --layers 1 --hidden 16 --batch 16 --lr 0.02 --threads 1'
expect 0 'solved (mean of the last 500 updates)' train $easy --steps 700 --out easy
check 'the result says it too' grep -q 'accuracy 1; solved at step [5-7][0-9][0-9]$' out
expect 0 '' train --resume easy --steps 720 --threads 1 --quiet --json
check 'nothing is known after a resume' grep -q '"steps_to_solve":null' out
finish
