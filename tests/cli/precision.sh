#!/bin/sh
# The probe in doubles, as the library has it beside its floats, measures what the library in doubles throughout does;
# and every kernel set in doubles measures the same.
. "${srcdir:-.}/tests/cli/lib.sh"

# agree WHAT FILE FILE BOUND: the same names, and numbers that differ by no more than BOUND of themselves
agree() {
    paste -d ' ' "$2" "$3" >"$work/both"
    check "$1: $(wc -l <"$2") numbers" [ "$(wc -l <"$2")" -gt 500 ]
    check "$1: within $4" awk -v bound="$4" '
        { d = $3 - $6; s = $3 < 0 ? -$3 : $3; if ($1 != $4 || d > bound * s || -d > bound * s) exit 1 }' "$work/both"
}

for kernels in generic avx2 avx512 neon; do
    UNROLL_KERNELS=$kernels tests/measured_values >"$work/$kernels" 2>"$work/err" || {
        check "no $kernels kernels here" grep -q "this machine has no '$kernels' kernels" "$work/err"
        continue
    }
    UNROLL_KERNELS=$kernels tests/measured_values_double >"$work/throughout" ||
        check "the library in doubles has $kernels kernels" false
    agree "$kernels, and in doubles throughout" "$work/$kernels" "$work/throughout" 1e-12
    agree "$kernels and generic" "$work/$kernels" "$work/generic" 1e-10
done
finish
