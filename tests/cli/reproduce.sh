#!/bin/sh
# This script runs unroll reproduce as a user does: a claim that holds gives 0, one that does not gives 1, and the
# verdict says what was tested.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99

# ---- refusals and the list ----
expect 64 'did you mean hochreiter1997-copy?' reproduce hochreiter1997-cop
expect 64 'which experiment' reproduce
expect 64 "no 'untraind'; did you mean untrained?" reproduce depth --control untraind
expect 0 '' reproduce --list
check 'experiments are listed with their sources' grep -q 'Hochreiter and Schmidhuber (1997)' out
check 'with what --quick tests of them' grep -q -e '--quick:  Length 60 instead of 150' out

# ---- one that takes little training ----
expect 0 '' reproduce --quick --quiet bengio1994-latch --out latch
check 'its table has what was reported, measured, the interval, the bounds, and whether it holds' grep -q \
    '^delay 5, share solved  *nearly all  *1 \[0.6756, 1\] (at least 0.35)  *yes$' out
check 'and the verdict says in what setting' grep -q \
    "^It holds with 8 seeds, in a setting that is not the source's: batches of 32" out
check 'the page has it, too' grep -q 'It holds with 8 seeds, in a setting' latch/report.html

# Of what is there nothing is trained again.
expect 1 'left open; give more --seeds' reproduce --quick --quiet bengio1994-latch --out latch --seeds 3
check 'three seeds give no verdict' grep -q '^It is left open with 3 seeds.* Fewer than four seeds have no interval' out
check 'nor a row of it' [ "$(grep -c ' open$' out)" -eq 5 ]
for file in latch/jobs/*delay=40-*.json; do
    sed 's/"solved":false/"solved":true/' "$file" >changed && mv changed "$file"
done
expect 1 '2 of 5 claims do not hold' reproduce --quick --quiet bengio1994-latch --out latch
check 'the claims that fail are marked' grep -q '^delay 40, share solved .* 1 \[0.6756, 1\] (at most 0.5)  *NO$' out
check 'and the verdict says so' grep -q '^It does NOT hold with 8 seeds' out

# ---- without learning nothing holds ----
for control in untrained diverged; do
    expect 1 'claims do not hold' reproduce --quick --quiet bengio1994-latch --control $control
    check "$control: the verdict is the control's" grep -q '^Control: every learning rate times [01]' out
    check 'in a directory of its own' [ -s runs/reproduce-bengio1994-latch-quick-$control/report.html ]
done

finish
