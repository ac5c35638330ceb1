#!/bin/sh
# What a user sees and need not type: names of runs, the newest run, the run's own test share, lines that do not fill
# the screen, samples on the way, a step as an object, an estimate before a comparison.
. "${srcdir:-.}/tests/cli/lib.sh"
export UNROLL_CORPORA="$top/corpora"
cd "$work" || exit 99
sentences 120 >'my book.txt'
small='--layers 1 --hidden 8 --batch 10 --seq-length 20 --threads 1'
train() { "$unroll" train "$@" >out 2>err; }

# ---- names, and runs/latest ----
train 'my book.txt' $small --epochs 60
check 'a training' [ $? -eq 0 ]
check 'a run is named after its text' [ -s runs/my-book-lstm-1x8/model.safetensors ]
check 'runs/latest points to it' [ "$(readlink runs/latest)" = my-book-lstm-1x8 ]
lines=$(grep -c '^step [0-9]*, epoch .*: validation loss' err)
check "sixty epochs print a few lines, not $lines" [ "$lines" -ge 5 -a "$lines" -le 14 ]
check 'the last validation is among them' grep -q '^step [0-9]*, epoch 60: validation loss' err
check 'samples appear as it trains' [ "$(grep -c '^    | ' err)" -ge "$lines" ]
check 'the model learns something' grep -q ', the best so far$' err
check 'every validation is in metrics.csv' [ "$(grep -c ,valid, runs/latest/metrics.csv)" -eq 60 ]
cp runs/my-book-lstm-1x8/metrics.csv metrics
train "my book.txt" $small --epochs 1 --cell gru
check 'one epoch is not "1 epochs"' grep -q ' 1 epoch of ' err
check 'the link follows' [ "$(readlink runs/latest)" = my-book-gru-1x8 ]
train $small --cell rnn --steps 1
check 'the text that ships has its name' [ -d runs/english-rnn-1x8 ]
train - $small --cell rnn --steps 1 <'my book.txt'
check 'standard input has none' [ -d runs/char-rnn-1x8 ]
train --task copy:delay=2 $small --steps 1
check 'a task has its own' [ -d runs/copy-lstm-1x8 ]
train 'my book.txt' $small --steps 1 --out elsewhere
check 'a run elsewhere leaves the link' [ "$(readlink runs/latest)" = copy-lstm-1x8 ]
rm runs/latest && mkdir runs/latest
train 'my book.txt' $small --steps 1 --cell rnn
check 'what is no link stays' [ $? -eq 0 -a -d runs/latest -a ! -L runs/latest ]
rmdir runs/latest

# ---- resume ----
last=$(tail -n 1 metrics | cut -d, -f1)
train --resume runs/my-book-lstm-1x8 --steps $((last + 2))
check 'a resumed run tells its steps from the others' grep -q "^$((last + 2)) steps, 2 of them now in " out
expect 78 'or start another run from its weights with --init-from' train --resume runs/my-book-lstm-1x8 --lr 0.1

# ---- the newest run, and what it held out ----
ln -s my-book-lstm-1x8 runs/latest
expect 0 'unroll: sample: no model is given; taking the newest run, runs/my-book-lstm-1x8' sample -n 3
expect 0 '' sample -n 3 --quiet
expect 0 'taking the newest run' inspect
expect 0 'taking the test share of runs/my-book-lstm-1x8' eval runs/my-book-lstm-1x8
expect 0 '' eval --json --quiet
loss=$(sed -n 's/.*"loss":\([0-9.]*\).*/\1/p' out)
tested=$(grep ,test, runs/my-book-lstm-1x8/metrics.csv | tail -n 1 | cut -d, -f4)
check "the test share has the loss of the training's test: $loss, $tested" awk \
    "BEGIN { d = $loss - $tested; exit !(d * d < 1e-10) }"
expect 0 'taking the newest run' gradient --window 10 --windows 4
check 'its curve is of the trained model' grep -q 'lstm 1x8, .*, trained' out
expect 0 '' gradient --window 10 --windows 4 --cell rnn --hidden 4
check 'a fresh one where it is asked for' sh -c '! grep -q trained out'
expect 64 'no text is given' eval runs/my-book-lstm-1x8/model.safetensors
rm runs/latest
touch runs/english-rnn-1x8/model.safetensors
expect 0 'taking the newest run' sample -n 3
check 'without the link the newest model counts' grep -q 'runs/english-rnn-1x8$' err
echo 'the cat' >>'my book.txt'
expect 78 '' eval runs/my-book-lstm-1x8
mkdir empty
check 'no run is 66' sh -c "cd empty && '$unroll' sample 2>err; [ \$? -eq 66 ] && grep -q 'runs/ holds no run' err"

# ---- typing ----
printf 'the cat\n\nthe ' | "$unroll" sample runs/english-rnn-1x8 --interactive -n 5 >out 2>err
check 'each line is gone on from' [ $? -eq 0 -a "$(grep -c '^the ' out)" -eq 2 -a ! -s err ]
printf '\342\230\203\nthe cat\n' | "$unroll" sample runs/english-rnn-1x8 --interactive -n 5 >out 2>err
check 'a line that the model cannot read does not end it' sh -c 'grep -q "^the cat" out && grep -q "is not in the vocabulary" err'
expect 64 '--interactive and --prime exclude each other' sample --interactive --prime a
expect 0 '' generate --list
check 'the list says when a task is solved' grep -q '^  solved: accuracy above 0.995, in the mean over the last 500 updates$' out
check 'and by which loss' grep -q '^  solved: loss below 0\.' out

# ---- a step as an object ----
expect 0 '' train --task copy:delay=2 $small --steps 5 --json=lines --quiet
check 'an object a step, and one for the result' [ "$(grep -c '"split":"train"' out)" -eq 5 -a "$(wc -l <out)" -eq 7 ]
check 'the validation, too' grep -q '"step":5,"epoch":[0-9.]*,"split":"valid","loss":' out
check 'the result comes last' sh -c 'tail -n 1 out | grep -q "^{\"steps\":5,"'
expect 64 "--json: 'rows' is neither true nor false nor lines" train --json=rows
expect 0 '' train --resume "$(ls -d runs/copy-lstm-1x8-2)" --quiet --steps 6

# ---- comparisons ----
"$unroll" compare --task copy:delay=2 $small --steps 40 --seeds 2 --no-probe --variant cell=rnn --variant cell=gru \
    --out pair >out 2>err
check 'a comparison says how long it may take' grep -q '^4 trainings, [0-9]* at a time: about ' err
check 'before the first result' sh -c "head -n 1 err | grep -q trainings"
"$unroll" compare --task copy:delay=2 $small --steps 40 --seeds 2 --no-probe --variant cell=rnn --variant cell=gru \
    --out pair >out 2>err
check 'nothing is left, nothing is tried' sh -c '! grep -q "at a time" err'
expect 64 '--quick and --steps exclude each other' compare --quick --steps 3 --variant cell=rnn
UNROLL_KERNELS=generic "$unroll" compare --task copy:delay=100 --hidden 200 --steps 1000000 --variant cell=rnn \
    --out long >out 2>err &
compared=$!
waited=0 # each variant is tried first, which takes long with a sanitizer
until grep -q 'at a time' err || [ $waited -ge 60 ]; do
    waited=$((waited + 1))
    sleep 1
done
kill -TERM $compared
wait $compared 2>/dev/null
check 'what takes long names what does not' grep -q 'at a time: about .*; --quick ends within two minutes' err
finish
