#!/bin/sh
# unroll compare and unroll reproduce as a user meets them.
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
expect 64 'did you mean hochreiter1997-copy?' reproduce hochreiter1997-cop
expect 64 'which experiment' reproduce
expect 0 '' reproduce --list
check 'experiments are listed with their sources' grep -q 'Hochreiter and Schmidhuber (1997)' out
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
check 'with intervals' grep -q ' ± ' table
check 'results.csv has the columns of the contract' [ "$(head -1 one/results.csv)" = \
    'variant,seed,steps,loss,accuracy,solved,steps_to_solve,half_life_start,half_life_end,seconds' ]
check 'and a row for each job' [ "$(wc -l <one/results.csv)" -eq 5 ]
check 'labels are quoted' grep -q '^"a<b, ""quoted""",1,60,' one/results.csv
check 'learning.csv has points' [ "$(wc -l <one/learning.csv)" -gt 100 ]
check 'distance.csv has both states' grep -q ',0,c,3,' one/distance.csv
check 'the page has no markup from a label' grep -q 'a&lt;b, &quot;quoted&quot;' one/report.html
check 'nor a raw one' [ -z "$(grep 'a<b' one/report.html)" ]
check 'the page names the command' grep -q 'unroll compare --task=copy' one/report.html
if command -v gnuplot >/dev/null; then
    check 'pictures are in the page' [ "$(grep -c '<svg' one/report.html)" -ge 5 ]
    check 'and beside their data' [ -s one/plots/gradient-start.png ]
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
check 'and is told' grep -q '0/1, 1 diverged' out
check 'the other one is there' grep -q '^"cell=lstm,lr=0.01",1,200' bad/results.csv

finish
