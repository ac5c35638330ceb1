#!/bin/sh
# This script trains on texts as a user does: what is written, what is refused, how it stops and goes on.
. "${srcdir:-.}/tests/cli/lib.sh"
export UNROLL_CORPORA="$top/corpora"
cd "$work" || exit 99
small="--layers 1 --hidden 16 --batch 8 --seq-length 16 --quiet"
text=$top/corpora/english.txt

# the shipped corpus, the run directory
expect 0 '' train $small --steps 40 --eval-every 20 --out a
for made in config.json model.safetensors metrics.csv samples/20.txt samples/40.txt \
    checkpoint-40.safetensors checkpoint-20.safetensors; do
    check "a run has $made" [ -s "a/$made" ]
done
check 'metrics.csv has the columns of the contract' [ "$(head -n 1 a/metrics.csv)" = \
    'step,epoch,split,loss,bits_per_token,accuracy,lr,grad_norm,clip_scale,tokens_per_s,seconds' ]
check 'two validations and a test' [ "$(grep -cE ',(valid|test),' a/metrics.csv)" -eq 3 ]
if command -v gnuplot >/dev/null; then
    check 'plots are drawn' test -s a/plots/loss.svg -a -s a/plots/loss.png
fi
check 'the script and the data are there' test -s a/plots/loss.gp -a -s a/plots/loss.csv

# without gnuplot: all but the pictures, and what to install
UNROLL_GNUPLOT=$work/no-gnuplot "$unroll" train $small --steps 3 --out bare >out 2>err
check 'no gnuplot: the training is done' [ $? -eq 0 ]
check 'it says what to install' grep -q '^unroll: train: gnuplot is not installed; .*install gnuplot' err
check 'in one line' [ "$(wc -l <err)" -eq 1 ]
check 'data and script are there' test -s bare/plots/loss.csv -a -s bare/plots/loss.gp
check 'and no picture' [ ! -e bare/plots/loss.svg ]

# --json: the keys of the contract
expect 0 '' train $small --steps 3 --json --out j
for key in steps loss valid_loss bits_per_token tokens_per_s seconds parameters peak_rss_mb stopped_by; do
    check "--json has $key" grep -q "\"$key\":" out
done
check '--json is one line' [ "$(wc -l <out)" -eq 1 ]

# --dry-run: the plan is the result, and nothing is written
expect 0 '' train --dry-run --out dry
check 'a dry run says sizes, parameters and memory' grep -q '245,707 parameters.* about .* MB' out
check 'and the text' grep -q '150,358 characters, 75 symbols; train 135,322' out
cp out plan
expect 0 '' train --dry-run --quiet
check 'with --quiet too' cmp -s out plan
expect 0 '' train --dry-run --json
check 'as JSON one object' [ "$(wc -l <out)" -eq 1 ]
for pair in '"tokens":150358' '"vocabulary":75' '"train":135322' '"parameters":245707' '"bytes":[1-9]' \
    '"hidden":128' '"epochs":10'; do
    check "of it: $pair" grep -q "$pair" out
done
expect 0 '' train --dry-run --json --task copy:delay=5 --steps 7
check 'a task has no tokens' grep -q '"tokens":null.*"parameters":[1-9].*"steps":7' out
expect 0 '' train --dry-run --json --task translate --steps 7
check 'a translation has two vocabularies' grep -q '"vocabulary":[1-9].*"source_vocabulary":[1-9]' out
check 'a dry run writes nothing' [ ! -e dry ]

# a run that is at its end already
expect 0 'nothing was to be done' train --resume j
check 'says no speed' grep -q '^3 steps, none of them now; best validation loss' out
expect 0 '' train --resume j --quiet --json
check 'has none as JSON' grep -q '"tokens_per_s":null' out
"$unroll" train $small --quiet=false --steps 3 --out counted >out 2>err
check 'the last line knows what is left' grep -q '^step 3/3 .* 0.0 s left$' err

# other ways to give a text
head -c 20000 "$text" >part
gzip -c part >part.gz
expect 0 '' train $small --steps 5 --out plain part
expect 0 '' train $small --steps 5 --out zipped part.gz
"$unroll" train $small --steps 5 --out piped - <part >/dev/null 2>err
mkfifo fifo && { cat part >fifo & }
expect 0 '' train $small --steps 5 --out fifoed fifo
for other in zipped piped fifoed; do
    check "$other: the same model" cmp -s plain/model.safetensors $other/model.safetensors
done

# --recompute: less memory, the same model
long="--layers 2 --hidden 12 --batch 4 --seq-length 150 --dropout 0.2 --steps 3 --quiet"
expect 0 '' train $long --out whole
expect 0 '' train $long --recompute --out again
check '--recompute: the same model' cmp -s whole/model.safetensors again/model.safetensors
expect 64 '--recompute is not possible with --norm batch' train $long --recompute --norm batch --out b
expect 64 '--recompute is not possible with --omega' train $long --recompute --cell rnn --omega 1 --out b

# what is refused
expect 73 'not empty' train $small --steps 5 --out a
expect 73 '' train $small --steps 5 --out missing/parent
cp a/model.safetensors old
: >empty
expect 65 'is empty' train $small --out a --force empty
expect 66 '' train $small --out a --force nowhere.txt
expect 66 '' train $small --out a --force --init-from nowhere
expect 71 '' train --hidden 1000000 --quiet --out a --force
check '--force that is refused leaves the old run' cmp -s a/model.safetensors old
check 'all of it' [ -s a/checkpoint-40.safetensors -a -s a/metrics.csv -a -s a/config.json ]
touch a/plots/gradient-steps.svg
expect 0 '' train $small --steps 5 --out a --force
check '--force that goes on takes it away' [ ! -e a/checkpoint-40.safetensors -a ! -e a/plots/gradient-steps.svg ]
expect 65 'is empty' train $small --out e empty
expect 66 'directory' train $small --out e .
expect 66 '' train $small --out e nowhere.txt
printf 'abc\355\240\200def' >surrogate
expect 65 'byte 3' train $small --out e surrogate
head -c 500 part.gz >cut.gz
expect 65 'after' train $small --out e cut.gz
head -c 100 part >short
expect 65 '--batch' train --batch 50 --seq-length 50 --quiet --out e short
expect 64 'from 1' train --hidden 0
expect 64 '--steps' train --steps 5 --epochs 2
expect 64 'did you mean' train --hiden 5
expect 71 '' train --hidden 1000000 --quiet --out e
check 'what was refused left nothing' [ ! -e e ]
expect 0 'shrinks' train --layers 1 --hidden 8 --steps 2 --out s short

# bits do not depend on threads, on logging, sampling or saving
long="--layers 2 --hidden 24 --batch 6 --seq-length 16 --dropout 0.3 --steps 60 --quiet"
expect 0 '' train $long --threads 1 --out t1 part
expect 0 '' train $long --threads 2 --out t2 part
expect 0 '' train $long --threads 3 --eval-every 60 --save-every 7 --sample-every 11 --log-every 3 --out t3 part
check '2 threads: the same model' cmp -s t1/model.safetensors t2/model.safetensors
for run in t1 t3; do
    "$unroll" eval $run/checkpoint-60.safetensors part --json >$run.json
done
check 'evaluating, saving, sampling: the same last weights' cmp -s t1.json t3.json

# stopped in the middle of an epoch and resumed: the same bytes
long="$long --eval-every 25 --save-every 25"
for cell in lstm gru rnn; do
    expect 0 '' train $long --cell $cell --out whole-$cell part
    expect 0 '' train $long --cell $cell --steps 25 --out half-$cell part
    expect 0 '' train --resume half-$cell --steps 60 --threads 1 --quiet
    check "$cell: resumed to the same checkpoint" cmp -s whole-$cell/checkpoint-60.safetensors \
        half-$cell/checkpoint-60.safetensors
    check "$cell: no step is logged twice" [ -z "$(cut -d, -f1,3 half-$cell/metrics.csv | sort | uniq -d)" ]
done
expect 78 'hidden' train --resume half-lstm --hidden 25
head -c 19000 part >other
expect 78 '' train --resume half-lstm --steps 70 other
expect 66 '' train --resume nowhere

# SIGINT: the step ends, it saves, the signal is seen; then it goes on
"$unroll" train $long --steps 100000 --out stopped part >/dev/null 2>err &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.3
    [ -s stopped/metrics.csv ] && break
done
"$unroll" train $long --resume stopped >/dev/null 2>busy
check 'two trainers in one run: 75' [ $? -eq 75 ]
kill -TERM $pid
wait $pid
check 'SIGTERM is raised again' [ $? -eq 143 ]
check 'it saved' [ -n "$(ls stopped/checkpoint-[1-9]*.safetensors)" ]
step=$(ls stopped/checkpoint-*.safetensors | sed 's/.*-\([0-9]*\)\..*/\1/' | sort -n | tail -n 1)
expect 0 '' train --resume stopped --steps $((step + 3)) --quiet

# divergence: exit 1, and what was saved stays
expect 1 '' train $small --optimizer sgd --lr 1000 --clip-norm 0 --cell rnn --activation relu --init-scale 50 \
    --steps 200 --out diverged part
check 'it says where it began' grep -q 'clip the gradient; the last: step [0-9]*: ' err
"$unroll" train $small --optimizer sgd --lr 1000 --clip-norm 0 --cell rnn --activation relu --init-scale 50 \
    --steps 200 --json --out diverged-json part >out 2>err
check 'one line, no stray colons' grep -q '^unroll: train: diverged: [0-9]* steps .* the last: step ' err

# lines, words, bytes, graphemes
for tokens in byte codepoint grapheme word; do
    expect 0 '' train $small --tokens $tokens --min-count 2 --steps 5 --out tok-$tokens "$top/corpora/multilingual.txt"
    expect 0 '' sample tok-$tokens --length 20
done
expect 0 '' train $small --lines --steps 5 --out lines part
expect 0 '' sample lines --length 20
expect 0 '' train $small --task copy:delay=5 --steps 20 --out copy
expect 64 'FILE' train $small --task copy:delay=5 --steps 20 --out copy2 part

# locales write no commas
LC_ALL=de_DE.UTF-8 "$unroll" train $small --steps 5 --out de part >/dev/null 2>&1
check 'the same bytes in any locale' cmp -s plain/model.safetensors de/model.safetensors

"$unroll" eval a part --json >full 2>err
check 'eval reads every token' grep -q '"tokens":20000' full
"$unroll" sample a --length 100000 2>err | head -c 10 >/dev/null
check 'sample | head ends quietly' [ -z "$(cat err)" ]
"$unroll" eval a part >/dev/full 2>err
check 'a full disk is seen' [ $? -eq 74 ]
finish
