#!/bin/sh
# unroll bench: every cell has its line, and every figure is a number above 0. How large it is nobody can know.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99
tiny='--layers 1 --hidden 8 --batch 4 --seq-length 4 --symbols 5 --seconds 0.01'

# each result on a line of its own
results() { { tr -d '\n' <out; echo; } | sed 's/.*"results": *\[//; s/} *, *{/}\n{/g'; }
# above_zero FIELD: how many results have a number above 0 in it
above_zero() { results | sed -n "s/.*\"$1\": *\([0-9.e+-]*\).*/\1/p" | awk '$1 > 0' | wc -l; }

expect 0 '' bench $tiny --threads 2 --json
count=$(results | wc -l)
for cell in rnn lstm gru; do
    check "a result for $cell" [ "$(results | grep -c "\"cell\": *\"$cell\"")" -eq 1 ]
done
check 'of one size each' [ "$(results | grep -c '"layers": *1,.*"hidden": *8,.*"batch": *4,.*"seq_length": *4')" -eq "$count" ]
for field in tokens_per_s tokens_per_s_one_thread speedup share_of_peak sampled_per_s sampling_share_of_read; do
    check "$field is above 0 in all $count" [ "$(above_zero $field)" -eq "$count" ]
done
check 'the machine' grep -qE '"threads": *2,.*"peak_gflops_core": *[0-9.]*[1-9].*"peak_gflops": *[0-9.]*[1-9]' out

expect 0 '' bench $tiny --threads 1
check 'the kernels, the threads and the peak' grep -qE '^[a-z0-9]+ kernels, 1 threads; multiply-add peak [0-9]+ GFLOP/s a core' out
check 'a line for each cell' [ "$(grep -cE '^[a-z]+ +1x8 +4 x 4 ' out)" -eq "$count" ]
check 'one thread is as fast as one thread' [ "$(grep -cE ' 1\.00x ' out)" -eq "$count" ]

expect 0 '' bench $tiny --threads 1 --cell gru --hidden 12
check 'one cell of one size' [ "$(grep -cE '^[a-z]+ +1x[0-9]' out)" -eq 1 ]
check 'of that size' grep -q '^gru *1x12 ' out

# Sizes that no machine has are refused before anything is measured.
expect 71 '' bench --cell lstm --layers 64 --hidden 8192 --batch 65536 --seq-length 65536 --threads 1 --seconds 0.01
check 'and nothing is printed for them' [ -z "$(grep 64x8192 out)" ]
expect 64 '--seconds' bench --seconds 0
expect 64 '--hidden' bench --hidden 8193
finish
