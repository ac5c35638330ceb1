#!/bin/sh
# This script measures gradients, with unroll gradient and with unroll train --grad-every.
# shellcheck disable=SC2086 # options in one variable are several words
. "${srcdir:-.}/tests/cli/lib.sh"

text=$work/text.txt
sentences 300 >"$text"
small="--layers 2 --hidden 16 --threads 1"

# rows FILE: without the header
rows() { sed 1d "$1" | wc -l; }

# ---- a fresh model ----
expect 0 "" gradient $small --corpus "$text" --window 40 --windows 5 --out "$work/fresh" --cell lstm
check 'names the initialisation' grep -q 'lstm 2x16, init uniform, forget bias 1' "$work/out"
check 'says what the loss is' grep -q 'loss of one step alone' "$work/out"
check 'a row for each layer and state' [ "$(grep -c '^ *[01]  [hc] ' "$work/out")" -eq 4 ]
check 'draws the curve' grep -q 'distance t - s (steps)' "$work/out"
check 'within 80 columns' [ "$(awk 'length > 80' "$work/out" | wc -l)" -eq 0 ]
check 'the columns of the contract' [ "$(head -1 "$work/fresh/distance.csv")" = \
    step,layer,state,distance,mean,gmean,q10,median,q90,n ]
check 'all distances of all states' [ "$(rows "$work/fresh/distance.csv")" -eq 160 ]
check 'of the same samples' [ "$(cut -d, -f10 "$work/fresh/distance.csv" | sort -u | tr '\n' ' ')" = "5 n " ]
check 'histograms' [ "$(head -1 "$work/fresh/histogram.csv")" = step,name,bin_lo,bin_hi,count ]
check 'of every weight' [ "$(awk -F, '$2 == "rnn.weight_hh_l1" { n += $5 } END { print n }' \
    "$work/fresh/histogram.csv")" -eq 1024 ]
check 'exponents' [ "$(rows "$work/fresh/lyapunov.csv")" -eq 8 ]
check 'beside the measured rate' grep -q '^largest Lyapunov exponent: .*; measured x 0' "$work/out"
check 'with a standard error' grep -q '^  -0[.][0-9]* ± [0-9.e-]* decades a step, over [0-9]* steps of 8 windows' "$work/out"
check 'in the file, too' [ "$(head -1 "$work/fresh/lyapunov.csv")" = step,exponent,nats,decades,deviation,n,error ]
check 'slopes have intervals' [ "$(grep -c '^layer [01] [hc]: slope -0[.0-9]* .* interval -[.0-9]* to -[.0-9]*$' "$work/out")" -eq 4 ]
check 'and are of this text' grep -q 'of one text, so conditional on this text' "$work/out"
check 'on the page, too' grep -q 'of this one text, so they are conditional on it' "$work/fresh/report.html"
check 'Jacobian norms' awk -F, 'NR == 2 { exit !($2 == 0 && ($3 - 8) ^ 2 < 1e-24 && ($4 - 1) ^ 2 < 1e-24 && $5 == 2) }' \
    "$work/fresh/jacobian.csv"
check 'in doubles' grep -q 'in doubles, geometric mean' "$work/out"
check 'the page says so' grep -q 'forward and back in doubles' "$work/fresh/report.html"
check 'weights by distance' [ "$(rows "$work/fresh/weights.csv")" -eq 80 ]
check 'of all distances' [ "$(rows "$work/fresh/jacobian.csv")" -eq 40 ]
for heading in 'The product of Jacobians' 'Lyapunov exponents' Saturation Histograms; do
    check "$heading in the report" grep -q "<h2>$heading</h2>" "$work/fresh/report.html"
done
check 'pictures of Jacobians' [ -s "$work/fresh/plots/jacobian.gp" ]
check 'and of exponents' [ "$(rows "$work/fresh/plots/lyapunov.csv")" -eq 8 ]
paste -d, "$work/fresh/lyapunov.csv" "$work/fresh/plots/lyapunov.csv" >"$work/both"
check 'with bands of one standard error' awk -F, 'NR > 1 { d = ($11 - $9) * log(10) / $7 - 1; worst = d * d > worst ? d * d : worst }
    END { exit !(NR == 9 && worst < 1e-20) }' "$work/both"
check 'fits' [ "$(rows "$work/fresh/fit.csv")" -eq 4 ]
for plot in "$work/fresh/plots/"*.gp; do
    check "$(basename "$plot") names the precision" grep -q 'forget bias 1, in doubles' "$plot"
done
check 'a picture has the digits of distance.csv' [ "$(cut -d, -f2 "$work/fresh/plots/distance.csv" | sed 1d)" = \
    "$(grep '^0,1,h,' "$work/fresh/distance.csv" | cut -d, -f6)" ]
check 'a map too' [ "$(grep '^[0-9]*,1,' "$work/fresh/plots/layer-distance.csv" | awk -F, '{ printf "%.10f\n", 10 ^ $3 }')" = \
    "$(grep '^0,1,h,' "$work/fresh/distance.csv" | awk -F, '{ printf "%.10f\n", $6 }')" ]
expect 0 "" gradient $small --corpus "$text" --window 40 --windows 5 --out "$work/floats" --cell lstm --precision float
check 'floats are named' grep -q 'in floats, geometric mean' "$work/out"
check 'on the page' grep -q 'forward and back in floats with exact complements' "$work/floats/report.html"
check 'and in the title' grep -q 'forget bias 1, in floats with exact complements' "$work/floats/plots/distance.gp"
paste -d, "$work/fresh/distance.csv" "$work/floats/distance.csv" >"$work/both"
check 'floats agree' awk -F, 'NR > 1 { d = $6 / $16 - 1; worst = d * d > worst ? d * d : worst }
    END { exit !(NR == 161 && worst > 0 && worst < 1e-6) }' "$work/both"
expect 64 "--precision" gradient $small --corpus "$text" --precision half
expect 0 "" gradient $small --corpus "$text" --window 40 --windows 3
check 'three windows have no interval' grep -q 'interval none: it takes 4 windows' "$work/out"
expect 73 "is not empty" gradient $small --corpus "$text" --out "$work/fresh"
expect 0 "" gradient $small --corpus "$text" --window 40 --force --out "$work/fresh" --max-distance 9
check 'distances 0 to 9' [ "$(rows "$work/fresh/distance.csv")" -eq 40 ]
expect 0 "" gradient $small --corpus "$text" --window 60 --loss all --cell rnn
check 'accumulated is said' [ "$(grep -c accumulated "$work/out")" -ge 3 ]
expect 0 "" gradient $small --task copy:delay=20 --cell gru --json --windows 4
check 'as JSON' grep -q '"variant":"gru 2x16, init uniform","loss":"last","precision":"double","windows":4,"window":40' "$work/out"
check 'with the standard error' grep -Eq '"lyapunov":\[-[0-9.]+\],"lyapunov_error":\[[0-9.]+\],"lyapunov_windows":4,' "$work/out"
expect 0 "" gradient $small --corpus "$text" --json --seed 3
cp "$work/out" "$work/once"
expect 0 "" gradient $small --corpus "$text" --json --seed 3 --threads 3
check 'the same on any threads' cmp -s "$work/out" "$work/once"

expect 0 "" gradient $small --corpus "$text" --window 40 --norm recurrent-batch --residual
check 'the remedies are named' grep -q '16, residual, recurrent-batch norm, gamma 0.1, init uniform' "$work/out"

expect 0 "" gradient $small --corpus "$text" --window 40 --norm recurrent-batch --through-statistics
check 'through the statistics' grep -q 'recurrent-batch norm, gamma 0.1, init uniform, .*through statistics' "$work/out"

# ---- chrono biases are for the task's length ----
for bias in chrono chrono:40 chrono:50; do
    expect 0 "" gradient $small --task temporal-order:length=40 --forget-bias $bias --json --windows 2
    cp "$work/out" "$work/$bias"
done
check 'the length of the task' cmp -s "$work/chrono" "$work/chrono:40"
check 'else as told' [ "$(cat "$work/chrono")" != "$(cat "$work/chrono:50")" ]

# ---- nothing to draw ----
expect 0 "" gradient $small --task temporal-order:length=20 --cell rnn --activation relu --init-scale 1e-200 --out "$work/dead"
check 'all zero' [ "$(sed 1d "$work/dead/distance.csv" | cut -d, -f6 | sort -u | tail -1)" = 0 ]
if command -v gnuplot >/dev/null; then
    check 'a picture that says so' grep -q 'all values are zero' "$work/dead/plots/distance.svg"
fi

# ---- a share of units, steps and windows reads back as the same number ----
expect 0 "" gradient $small --corpus "$text" --cell gru --init-scale 8 --window 21 --windows 3 --out "$work/wild"
check 'saturation.csv' awk -F, 'NR > 1 { n = $5 * 16 * 21 * 3; d = n - int(n + 0.5); worst = d * d > worst ? d * d : worst
    some += $5 > 0 && $5 < 1 } END { exit !(some > 1 && worst < 1e-16) }' "$work/wild/saturation.csv"

# ---- histograms end where the curve does ----
expect 0 "" gradient --layers 1 --hidden 4 --cell rnn --activation sigmoid --init xavier --task temporal-order:length=560 \
    --windows 2 --threads 1 --quiet --out "$work/low"
check 'the curve comes to the smallest number' [ -n "$(cut -d, -f6 "$work/low/distance.csv" | grep 'e-32[123]$')" ]
check 'every half decade of it is counted' [ "$(grep -c '^0,h_l0,-3[12]' "$work/low/histogram.csv")" -ge 25 ]

# ---- what is refused ----
expect 64 "recurrent-batch alone" gradient --corpus "$text" --window 40 --through-statistics
expect 64 "--max-distance 40" gradient --corpus "$text" --window 40 --max-distance 40
expect 64 "does not train" gradient --lr 0.1
expect 64 "length of its own" gradient --task copy --window 40
expect 65 "--window 100000 needs 100001" gradient --corpus "$text" --window 100000
expect 66 "" gradient "$work/none" "$text"
expect 64 "--loss" gradient --loss first

# ---- what a picture has room for, and its units ----
expect 0 "" gradient --layers 16 --hidden 4 --cell lstm --task adding:length=12 --windows 4 --threads 1 --quiet --out "$work/deep"
if command -v gnuplot >/dev/null; then
    for layer in 0 8 15; do
        check "the histograms have layer $layer" grep -q "'h_l$layer'" "$work/deep/plots/histogram-states.gp"
    done
    check 'and say that some are left out' grep -q 'layers 0, 8 and 15 of 16' "$work/deep/plots/histogram-states.gp"
    for plot in distance layers layer-distance weights histogram-states histogram-parameters; do
        check "$plot has the unit of a squared error" grep -q '(squared error)' "$work/deep/plots/$plot.gp"
        check "$plot has no other" [ -z "$(grep nats "$work/deep/plots/$plot.gp")" ]
    done
fi
check 'the table, too' grep -q '^ *sq. error ' "$work/out"
check 'and the page, beside the fit' grep -q 'at 0 (squared error).*95% interval.*R2' "$work/deep/report.html"

# ---- recorded while training ----
train="train --threads 1 --layers 1 --hidden 12 --cell gru --seq-length 10 --batch 8 --quiet --eval-every 100"
expect 0 "" $train --steps 30 --out "$work/without" "$text"
expect 0 "" $train --steps 30 --out "$work/with" --grad-every 10 "$text"
check 'not one bit of the training changes' cmp -s "$work/with/model.safetensors" "$work/without/model.safetensors"
check 'before, and every ten steps' [ "$(sed 1d "$work/with/gradient/distance.csv" | cut -d, -f1 | uniq | tr '\n' ' ')" = \
    "0 10 20 30 " ]
check 'distances below the window' [ "$(rows "$work/with/gradient/distance.csv")" -eq 40 ]
check 'histograms too' grep -q '^20,rnn.weight_hh_l0,' "$work/with/gradient/histogram.csv"
check 'how the curve moved' [ -s "$work/with/plots/gradient-steps.csv" ]
for plot in gradient-steps gradient-steps-lines; do
    check "$plot names the precision" grep -q 'init uniform, in floats with exact complements' "$work/with/plots/$plot.gp"
done
expect 0 "" $train --steps 30 --out "$work/far" --grad-every 15 --grad-distance 60 "$text"
check 'nor with distances beyond the window' cmp -s "$work/far/model.safetensors" "$work/without/model.safetensors"
check 'distances as asked' [ "$(rows "$work/far/gradient/distance.csv")" -eq 183 ]
check 'of stacked rows' grep -q '^30,0,h,60,.*,10$' "$work/far/gradient/distance.csv"
expect 64 'without --grad-every' train --grad-distance 60 --steps 1 "$text"
expect 64 'it is for a text' train --grad-every 1 --grad-distance 60 --steps 1 --task copy:delay=5
expect 0 "" $train --steps 20 --out "$work/stopped" --grad-every 10 "$text"
expect 0 "" train --resume "$work/stopped" --steps 30 --quiet
for file in distance histogram; do
    check "$file.csv goes on after a stop" cmp -s "$work/stopped/gradient/$file.csv" "$work/with/gradient/$file.csv"
done
expect 0 "" gradient "$work/with" "$text" --window 30
check 'the trained model' grep -q '^gru 1x12, init uniform, trained' "$work/out"
expect 0 "" gradient "$work/with/checkpoint-30.safetensors" "$text" --window 30
check 'and after how many steps' grep -q '^gru 1x12, init uniform, after 30 steps' "$work/out"
expect 0 "taking the test share of the run" gradient "$work/with" --window 20
expect 64 "give a text" gradient "$work/with/model.safetensors"
expect 64 "MODEL brings its own" gradient --hidden 3 "$work/with" "$text"
expect 0 "" train --threads 1 --task copy:delay=10 --layers 1 --hidden 8 --steps 4 --grad-every 2 --quiet --out "$work/task"
check 'a task, too' [ "$(rows "$work/task/gradient/distance.csv")" -eq 180 ]
expect 0 "" gradient "$work/task"
check 'and its model' grep -q 'windows of 30 steps' "$work/out"

# ---- and of a translation ----
for how in '' '--bidirectional --attention general --dropout 0.2'; do
    pairs="train --task translate:pairs=200 --threads 1 --cell lstm --layers 2 --hidden 8 --batch 16 --quiet $how"
    expect 0 "" $pairs --steps 8 --force --out "$work/pairs-without"
    expect 0 "" $pairs --steps 8 --force --out "$work/pairs-with" --grad-every 4
    check "nothing of the training changes $how" cmp -s "$work/pairs-with/model.safetensors" "$work/pairs-without/model.safetensors"
    check "records of a translation $how" [ "$(sed 1d "$work/pairs-with/gradient/distance.csv" | cut -d, -f1 | uniq | tr '\n' ' ')" = \
        "0 4 8 " ]
    rows "$work/pairs-with/gradient/distance.csv" > "$work/reach-${how:+both}"
    check "histograms of the encoder $how" grep -q '^8,encoder.rnn.weight_hh_l0,' "$work/pairs-with/gradient/histogram.csv"
    expect 0 "" $pairs --steps 5 --force --out "$work/pairs-stopped" --grad-every 4
    expect 0 "" train --resume "$work/pairs-stopped" --steps 8 --quiet
    for file in distance histogram; do
        check "$file.csv of a translation goes on after a stop $how" \
            cmp -s "$work/pairs-stopped/gradient/$file.csv" "$work/pairs-with/gradient/$file.csv"
    done
done
check 'distances go on into the source' [ "$(cat "$work/reach-")" -gt "$(cat "$work/reach-both")" ]
expect 65 "train --grad-every" gradient "$work/pairs-with"
expect 64 "compare --task translate" gradient --task translate
expect 65 "needs pairs for validation" train --task translate:pairs=200 --split 1,0,0 --steps 2 --quiet --grad-every 1 \
    --out "$work/pairs-none"
finish
