#!/bin/sh
# This script runs unroll compare as a user does: refusals, results, pages, and going on.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99

# ---- refusals, before anything is made ----
expect 64 'nothing to compare' compare --task adding
expect 64 'did you mean cell?' compare --task adding --variant cel=rnn
expect 64 'two variants are called' compare --task adding --variant cell=rnn --variant cell=rnn
expect 64 "did you mean 'length'" compare --task adding --sweep lenght=3 --variant cell=rnn
expect 64 "'x' is not a number" compare --task adding --sweep length=x --variant cell=rnn
expect 64 '--seeds' compare --task adding --seeds 0 --variant cell=rnn
expect 64 'standard input' compare --variant cell=rnn -
expect 66 'no-such-text' compare --variant cell=rnn no-such-text
check 'a refusal makes no directory' [ ! -e runs ]
mkdir full && touch full/mine
expect 73 'holds no comparison' compare --task adding --variant cell=rnn --out full
check 'and touches nothing there' [ "$(ls full)" = mine ]

# ---- a small comparison, from end to end ----
run=
small() {
    $run "$unroll" compare --task copy:delay=4,length=1,symbols=2 --hidden 8 --layers 1 --batch 8 \
        --steps "${steps:-60}" --seeds 2 --jobs "${jobs:-2}" --variant cell=rnn \
        --variant 'label=a<b, "quoted";cell=lstm' "$@"
}
small --out one >table 2>err
check 'compare succeeds' [ $? -eq 0 ]
check 'the table has both variants' [ "$(grep -c -e '^cell=rnn' -e '^a<b' table)" -eq 2 ]
check 'two seeds have no interval, and the table says so' grep -q 'without intervals: those take 4 seeds' table
check 'results.csv has the columns of the contract' [ "$(head -1 one/results.csv)" = \
    'variant,seed,steps,loss,accuracy,solved,steps_to_solve,half_life_start,half_life_end,seconds,diverged' ]
check 'and a row for each job' [ "$(wc -l <one/results.csv)" -eq 5 ]
check 'labels are quoted' grep -q '^"a<b, ""quoted""",1,60,' one/results.csv
check 'with all digits' awk -F, -v r="$(sed -n 's/.*"loss":\([^,]*\),"accuracy".*/\1/p' one/jobs/cell=rnn-1.json | head -n 1)" \
    '$1 == "cell=rnn" && $2 == 1 { exit $4 != r + 0 || length($4) < 12 }' one/results.csv
check 'learning.csv has points' [ "$(wc -l <one/learning.csv)" -gt 100 ]
check 'distance.csv has both states' grep -q ',0,c,3,' one/distance.csv
check 'two seeds are dots beside their mean' [ "$(grep -c 'with points' one/plots/gradient-start.gp)" -eq 2 ]
check 'not a band' [ -z "$(grep filledcurves one/plots/*.gp)" ]
check 'the page has no markup from a label' grep -q 'a&lt;b, &quot;quoted&quot;' one/report.html
check 'nor a raw one' [ -z "$(grep 'a<b' one/report.html)" ]
check 'the page names the command' grep -q 'unroll compare --task=copy' one/report.html
if command -v gnuplot >/dev/null; then
    check 'pictures are in the page' [ "$(grep -c '<svg' one/report.html)" -ge 5 ]
    check 'and beside their data' [ -s one/plots/gradient-start.png ]
fi

# ---- each model is tested on shorter and longer sequences, too ----
check 'generalization.csv has a header' [ "$(head -1 one/generalization.csv)" = \
    'variant,seed,key,trained,value,steps,loss,accuracy,recall_loss,recall_accuracy,chance' ]
check 'half, once, twice and four times the delay' [ "$(grep '^cell=rnn,2' one/generalization.csv | cut -d, -f3-6 |
    tr '\n' ' ')" = 'delay,4,2,4 delay,4,4,6 delay,4,8,10 delay,4,16,18 ' ]
check 'for each job' [ "$(wc -l <one/generalization.csv)" -eq 17 ]
check 'once is as long as trained: the same loss' awk -F, -v r="$(sed -n \
    's/.*"recall_loss":\([^,]*\).*/\1/p' one/jobs/cell=rnn-1.json)" \
    '$1 == "cell=rnn" && $2 == 1 && $5 == 4 { d = $9 - r; exit !(d * d < 1e-12) }' one/generalization.csv
expect 0 '' train --task copy:delay=4,length=1,symbols=2 --hidden 8 --layers 1 --batch 8 --steps 60 --cell rnn --quiet \
    --eval-every 1000 --out same
expect 0 '' eval same --task copy:delay=16 --json
check 'what eval says of the same model' [ "$(sed 's/.*"loss":\([^,]*\),"accuracy.*/\1/' out | cut -c 1-8)" = \
    "$(grep '^cell=rnn,1,delay,4,16' one/generalization.csv | cut -d, -f7 | cut -c 1-8)" ]
if command -v gnuplot >/dev/null; then
    check 'a picture of it' [ -s one/plots/generalization.png ]
    check 'with the delay of training marked' grep -q "title 'trained at delay=4'" one/plots/generalization.gp
    check 'and in the page' grep -q 'Accuracy after training on sequences shorter and longer than those' one/report.html
fi

# ---- it goes on where it was; jobs at a time change nothing ----
columns() { cut -d, -f1-10 "$1" | sed 's/,[^,]*$//'; }
columns one/results.csv >before
rm one/jobs/cell=rnn-2.json one/results.csv
small --out one >table2 2>err
check 'what is there is not done again' grep -q '3 of 4 jobs are there already' err
columns one/results.csv >after
check 'the same results' cmp -s before after
check 'the same table' cmp -s table table2
jobs=1 small --out two >/dev/null 2>&1
columns two/results.csv >after
check 'one job at a time gives the same' cmp -s before after
expect 78 "--steps '60', not '61'" compare --task copy:delay=4,length=1,symbols=2 --hidden 8 \
    --layers 1 --batch 8 --steps 61 --seeds 2 --variant cell=rnn --out one
expect 0 '' compare --task copy:delay=4,length=1,symbols=2 --hidden 8 --layers 1 --batch 8 \
    --steps 60 --seeds 1 --variant cell=rnn --out one --json --quiet
check 'JSON names the variant' grep -q '"variant":"cell=rnn"' out

# ---- translations ----
translate() {
    "$unroll" compare --task toy-translation:pairs=200 --layers 1 --hidden 8 --batch 8 --steps 2 --seeds 1 \
        --variant cell=rnn --variant 'label=looking back;cell=rnn;reverse-source;attention=dot' --out pairs
}
translate >table 2>err
check 'translations are compared' [ $? -eq 0 ]
check 'by length, in the table' [ "$(grep -c '^cell=rnn  *[0-9]' table)" -eq 3 ]
check 'and in length.csv' [ "$(head -n 1 pairs/length.csv)" = \
    'variant,seed,source_min,source_max,pairs,exact_match,bleu' ]
check 'of both variants' [ "$(sed 1d pairs/length.csv | cut -d, -f1 | uniq | tr '\n' ' ')" = 'cell=rnn looking back ' ]
check 'the data of its picture' [ "$(sed 1d pairs/plots/length-bleu.csv | wc -l)" -ge 2 ]
for map in 1 2; do
    check "the map of variant $map" [ "$(head -n 1 pairs/plots/alignment-$map.csv)" = x,y,z ]
done
if command -v gnuplot >/dev/null; then
    check 'both maps and both lengths are in the page' [ "$(grep -c '<svg' pairs/report.html)" -ge 6 ]
    check 'as maps' grep -q '<svg' pairs/plots/alignment-2.svg
fi
translate >table2 2>err
check 'nothing is trained again' grep -q '2 of 2 jobs are there already' err
check 'and all is the same' cmp -s table table2

# ---- a signal ends the jobs and keeps what is finished ----
run=exec steps=100000000 small --out four >/dev/null 2>&1 &
compare=$!
sleep 1
children=$(ps -o pid= --ppid $compare 2>/dev/null)
kill -TERM $compare
wait $compare
check 'it ends by the signal' [ $? -eq 143 ]
for child in $children; do
    check "its job $child has ended" sh -c "! kill -0 $child 2>/dev/null"
done
check 'and leaves no half result' [ -z "$(ls four/jobs)" ]

# ---- divergence is a result ----
"$unroll" compare --task adding:length=20 --hidden 8 --layers 1 --steps 200 --seeds 1 --clip-norm 0 \
    --optimizer sgd --variant 'cell=rnn,activation=relu,init-scale=30,lr=1000' \
    --variant cell=lstm,lr=0.01 --out bad >out 2>err
check 'a diverged job gives 1' [ $? -eq 1 ]
check 'and is told' grep -q '^cell=rnn[^ ]*  *1 diverged  *1 diverged  *0/1, 1 diverged ' out
check 'results.csv has it, too' grep -q '^"cell=rnn.*,1$' bad/results.csv
check 'and summary.csv counts it' grep -q '^"cell=rnn[^"]*",1,0,1,,,,0,' bad/summary.csv
check 'the other one is there' grep -q '^"cell=lstm,lr=0.01",1,200' bad/results.csv

# ---- the curve during training, where nobody knows beforehand when that is ----
# whens FILE: at how many steps
whens() { sed 's/"[^"]*"//' "$1" | sed 1d | cut -d, -f3 | sort -u | wc -l; }
expect 0 '' compare --task copy:delay=1,length=1,symbols=2 --hidden 8 --layers 1 --batch 8 --lr 0.02 --steps 20000 \
    --seeds 1 --until-solved --variant cell=gru --out solved --quiet
check 'it is solved long before the half' grep -q ',1,[0-9]*,[0-9.]*,[0-9.]*,[0-9.]*,0$' solved/results.csv
check 'a curve where it was solved' [ "$(whens solved/distance.csv)" -eq 3 ]
expect 0 '' compare --task copy:delay=4,length=1,symbols=2 --hidden 8 --layers 1 --batch 8 --time 0.3s --seeds 1 \
    --variant cell=gru --out timed --quiet
check 'a curve when half the time was gone' [ "$(whens timed/distance.csv)" -eq 3 ]

# ---- a sweep has its guesses, a label its start ----
expect 0 '' compare --task copy:length=1,symbols=2 --sweep delay=2,8 --hidden 8 --layers 1 --batch 8 --steps 20 \
    --seeds 1 --variant 'label=wide;cell=lstm;init-scale=2;forget-bias=3' --out sweep --quiet
if command -v gnuplot >/dev/null; then
    check 'chance against difficulty' grep -q "title 'chance'" sweep/plots/sweep.gp
    check 'the baseline, too' grep -q "title 'baseline: a guess" sweep/plots/sweep-loss.gp
    check 'a level each where they differ' [ "$(grep -c "nothing, delay=[28]'" sweep/plots/learning.gp)" -eq 2 ]
    check 'a label does not hide the start' grep -q 'wide (init uniform x 2, forget bias 3)' sweep/plots/sweep.gp
    check 'the unit of gradients' grep -q '(nats), top layer' sweep/plots/gradient-start.gp
fi

# ---- a key has bounds: half of the shortest is not tested ----
expect 0 '' compare --task temporal-order:length=10 --hidden 4 --layers 1 --batch 8 --steps 5 --seeds 1 --no-probe \
    --variant cell=rnn --out short --quiet
check 'no length below the least' [ "$(cut -d, -f5 short/generalization.csv | tr '\n' ' ')" = 'value 10 20 40 ' ]

# ---- translations have curves of their own, back into the source ----
expect 0 '' compare --task toy-translation:pairs=300 --hidden 8 --embedding 4 --layers 1 --batch 16 --steps 20 \
    --seeds 1 --variant cell=gru --out pairs --quiet
check 'of translations: before, during and after' [ "$(whens pairs/distance.csv)" -eq 3 ]
check 'a half-life, too' [ -n "$(tail -1 pairs/results.csv | cut -d, -f8)" ]

finish
