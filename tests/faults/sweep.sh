#!/bin/sh
# Every call fails once, as sweep.c says, in a directory of its own: in memory, where the system has one there.
#   STRIDE=N COMMANDS="train eval" KINDS="open fsync" sh tests/faults/sweep.sh
# N is 7 by default, 35 with a sanitizer, and 1 in make check-faults. Of allocations, of which there are thousands, N
# above 1 takes a tenth of that. "sites" is every call that comes by a way of its own.
UNROLL=${UNROLL:-./unroll}
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR
. "${srcdir:-.}/tests/cli/lib.sh"
sweep=$PWD/tests/faults/sweep
cd "$work" || exit 99
stride=7
if ldd "$unroll" 2>/dev/null | grep -q 'lib[alt]*san'; then
    stride=35
    ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99${ASAN_OPTIONS:+:$ASAN_OPTIONS}
    export ASAN_OPTIONS
fi
STRIDE=${STRIDE:-$stride}
UNROLL_GNUPLOT=none # pictures are drawn by another program
export STRIDE UNROLL_GNUPLOT
${CC:-cc} -shared -fPIC -w "$top/tests/faults/shim.c" -o fail.so -ldl 2>/dev/null || exit 77
FAULT=alloc:-1 FAULT_COUNT=$PWD/count LD_PRELOAD=$PWD/fail.so "$unroll" generate copy >/dev/null 2>&1
[ "$(cat count 2>/dev/null || echo 0)" -gt 0 ] || exit 77 # linked so that no call can be caught
head -c 6000 "$top/corpora/english.txt" >english
printf 'a b\tb a\nb\tb\na a b\tb a a\nb b\tb b\na\ta\n' >pairs
"$sweep" "$unroll" "$PWD/fail.so"
