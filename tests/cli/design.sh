#!/bin/sh
# The program with the cell and the task of doc/design.md in its tables, and a cell with a number of its own: all that
# loops over the tables knows them.
UNROLL=${UNROLL:-tests/design/unroll}
. "${srcdir:-.}/tests/cli/lib.sh"
text=$top/corpora/english.txt
cd "$work" || exit 99
head -c 6000 "$text" >text
small='--layers 2 --hidden 8 --batch 4 --threads 1'
plain="$small --seq-length 12 --steps 6"

# ---- what lists the tables ----

expect 0 '' train --help-all
check 'help lists the cells' grep -q 'the recurrent cell: rnn, lstm, gru, .*mgu or leaky' out
check 'help has a line on the cell' grep -q '^ *mgu: minimal gated unit (Zhou et al. 2016)$' out
check 'help has a line on its number' grep -q 'leaky:rate=X: share of the new state' out
expect 0 '' --man
check 'the man page too' grep -q '^minimal gated unit (Zhou et al. 2016)$' out
check 'and the number' grep -q '^share of the new state in a step (a number from 0 to 1, default 0.5)$' out
for shell in bash zsh fish; do
    expect 0 '' --completion $shell
    check "$shell completes the cells" grep -q 'rnn lstm gru .*mgu leaky' out
done
expect 0 '' generate --list
check 'the task is listed' grep -q '^first: name the first symbol at the last step$' out
expect 0 '' generate first:delay=3 --count 20
check 'and drawn' [ "$(grep -cE '^([0-3]) [4-7] [4-7] [4-7]	- - - \1$' out)" -eq 20 ]

# ---- training, resuming, models ----

expect 0 '' train text --cell mgu $plain --save-every 3 --quiet --out mgu
expect 0 '' train text --cell mgu $plain --save-every 3 --steps 3 --quiet --out parts
expect 0 '' train --resume parts --steps 6 --threads 2 --quiet
check 'a resumed run has the same weights' cmp mgu/model.safetensors parts/model.safetensors
for kernels in generic avx2 avx512 neon; do
    UNROLL_KERNELS=$kernels "$unroll" train text --cell mgu $plain --quiet --out "mgu-$kernels" >out 2>err ||
        check "no $kernels kernels here" grep -q "this machine has no '$kernels' kernels" err
done
expect 0 '' train text --cell mgu $plain --norm layer --residual --quiet --out normed
expect 0 '' sample mgu --length 20
expect 0 '' eval mgu text --quiet
expect 0 '' inspect --json mgu
check 'inspect names the gates' grep -q '"name":"rnn.weight_hh_l1","gate":"n"' out
check 'tensors have the names of PyTorch' grep -q '"name":"rnn.weight_ih_l0","shape":\[16,' out
expect 0 '' train --task first:delay=3 --cell mgu --layers 1 --hidden 16 --batch 16 --lr 0.02 --steps 700 \
    --threads 1 --quiet --json --out first
check 'the task is solved' grep -qE '"steps_to_solve":[0-9]+' out

# ---- gradients ----

expect 0 '' gradient mgu text --windows 4 --window 20 --threads 1 --out gradient
check 'saturation has the gates' grep -qE '  f [0-9]+% / [0-9]+%  \|n\| [0-9]+%' out
check 'a sentence says why there is no bound' grep -q 'no single matrix bounds its gradient\.$' out
check 'saturation.csv too' [ "$(cut -d , -f 3 gradient/saturation.csv | tr '\n' ' ')" = 'name h f n h f n ' ]
check 'the page says it' grep -q 'no single matrix bounds its gradient\.' gradient/report.html
check 'the factor that keeps the state is drawn' grep -q 'product of 1 - f alone' gradient/plots/distance.gp
expect 0 '' train text --cell mgu $plain --forget-bias 9 --quiet --out kept
expect 0 '' inspect --json kept
check 'a bias that keeps the state is negative where 1 - f keeps it' grep -q '"name":"rnn.bias_ih_l0",[^}]*"min":-9' out
expect 0 '' gradient kept text --windows 4 --window 20 --threads 1 --out kept-gradient
check 'and hardly anything of the state is lost' awk -F , 'NR == 2 { first = $6 } { last = $6 }
    END { exit !(last > 0.99 * first && last < first) }' kept-gradient/plots/distance.csv
expect 0 '' gradient mgu text --windows 2 --window 20 --threads 1 --json
check 'JSON has them' grep -q '"name":"f","low":' out
expect 0 '' compare --task first:delay=4 --variant cell=mgu --variant cell=leaky:rate=0.25 --sweep delay=2,4 --hidden 8 \
    --layers 1 --batch 8 --steps 20 --seeds 1 --jobs 1 --threads 1 --quiet --out compare
check 'a comparison has its gates' grep -q '^"*cell=mgu, delay=2"*,1,0,f,' compare/gates.csv
expect 0 '' bench --cell leaky:rate=0.3 --layers 1 --hidden 8 --seq-length 4 --symbols 5 --seconds 0.01 --threads 1

# ---- a number of its own ----

expect 0 '' train text --cell leaky --activation relu $plain --quiet --out leaky
check 'the value is kept' grep -q '"cell": "leaky:rate=0.5"' leaky/config.json
expect 0 '' inspect leaky
check 'and shown' grep -q '^  cell = leaky:rate=0.5$' out
expect 0 '' train text --cell leaky:rate=0.1 --activation relu $plain --quiet --out slow
check 'it changes the weights' sh -c '! cmp -s leaky/model.safetensors slow/model.safetensors'
expect 0 '' train --resume slow --steps 8 --quiet
expect 78 "'leaky:rate=0.1', not 'leaky:rate=0.2'" train --resume slow --cell leaky:rate=0.2
expect 0 '' train --resume slow --cell leaky:rate=0.10 --steps 9 --quiet
expect 64 "cell leaky has no key 'rte'; did you mean 'rate'?" train text --cell leaky:rte=1
expect 64 "cell leaky: rate: '2' is not a number from 0 to 1" train text --cell leaky:rate=2
expect 64 'cell mgu has no key' train text --cell mgu:rate=1
expect 64 "no 'leeky:rate=1'; did you mean leaky?" train text --cell leeky:rate=1
expect 64 'takes no normalisation' train text --cell leaky --norm layer
expect 64 'forget-bias' train text --cell leaky --forget-bias 1
check 'runs are named by the cell alone' sh -c \
    "'$unroll' train text --cell leaky $plain --quiet && [ -d runs/text-leaky-2x8 ]"
finish
