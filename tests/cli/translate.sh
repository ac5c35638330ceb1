#!/bin/sh
# This script translates with trained models and scores them, with unroll translate and unroll eval.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99

expect 0 '' generate toy-translation:clauses=0 --count 1500 --seed 4
cp out pairs.tsv
head -n 150 pairs.tsv >some.tsv
cut -f1 some.tsv >sources
# right: how many lines of `translated` are the target
right() { cut -f2 some.tsv | paste -d'\n' - translated | awk 'NR % 2 { want = $0; next } $0 == want { n++ } END { print n + 0 }'; }
train() {
    to=$1
    shift
    expect 0 '' train --task translate --quiet --tokens word --layers 1 --hidden 24 --embedding 12 --batch 16 \
        --cell gru --lr 0.01 --out "$to" "$@" pairs.tsv
}
train looks --steps 250 --attention additive
awk 'BEGIN { for (i = 0; i < 600; i++) print "the zebra" i " greets the man\tdas Zebra" i " grüßt den Mann" }' |
    cat - pairs.tsv >rare.tsv
mv rare.tsv pairs.tsv
train plain --steps 150 --reverse-source --min-count 2
train rare --steps 150 --attention dot --min-count 2

# ---- translate ----
expect 0 '' translate looks sources
cp out translated
check 'a line for each' [ "$(wc -l <translated)" -eq 150 ]
check 'most lines are right' [ "$(right)" -gt 75 ]
for threads in 1 3; do
    expect 0 '' translate looks sources --threads $threads
    check "$threads threads: the same" cmp -s out translated
done
"$unroll" translate looks <sources >out
check 'standard input: the same' cmp -s out translated
cat sources | "$unroll" translate looks - >out
check 'a pipe: the same' cmp -s out translated
while read -r line; do echo "$line" | "$unroll" translate looks; done <sources 2>&1 | head -n 20 >out
head -n 20 translated >first
check 'line by line: the same' cmp -s out first
gzip -c sources >sources.gz
expect 0 '' translate looks sources.gz
check 'gzip: the same' cmp -s out translated
sed 's/$/\r/' sources >crlf
expect 0 '' translate looks crlf
check 'CR is no token: the same' cmp -s out translated
expect 0 '' translate looks sources --beam 1 --length-penalty 3
check 'a beam of 1 is greedy, whatever the penalty' cmp -s out translated
expect 0 '' translate looks sources --beam 4
cp out beam
expect 0 '' translate looks sources --beam 4 --n-best 3 --scores --length-penalty 0
check 'n-best: number, score, text' [ "$(grep -cE '^[0-9]+	-[0-9.]+	.' out)" -eq 450 ]
check 'best first' awk -F'\t' '$1 == last && $2 > score { exit 1 } { last = $1; score = $2 }' out
expect 0 '' translate looks sources --beam 4 --json
check 'JSON' [ "$(grep -c '^{"line":[0-9]*,"text":"d.*"ended":true}$' out)" -ge 140 ]
printf 'the dog greets the man\n\n \nthe man\n' >gaps
expect 0 '' translate looks gaps
check 'empty lines stay empty' [ "$(grep -n '^$' out | tr -d '\n')" = '2:3:' ]
check 'and the others do not' [ "$(wc -l <out)" -eq 4 ]
printf 'the dog greets the man' >unended
expect 0 '' translate looks unended
check 'no last newline' [ "$(wc -l <out)" -eq 1 ]
: >nothing
expect 0 '' translate looks nothing
check 'nothing in, nothing out' [ ! -s out ]
expect 0 '' translate looks sources --max-length 2
check '--max-length' awk 'NF > 2 { exit 1 }' out

# An answer comes before the next question is asked.
mkfifo ask
"$unroll" translate looks <ask >answers &
translator=$!
exec 3>ask
head -n 1 sources >&3
tries=0
while [ ! -s answers ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
check 'answers while the input is open' [ "$(wc -l <answers)" -eq 1 ]
exec 3>&-
wait $translator || fail 'the pipe ends well'

# ---- unknown words ----
echo 'the okapi greets the man' >okapi
for model in plain rare; do
    expect 0 '' translate $model okapi --unknown unk
    check "$model: <unk>" grep -q '<unk>' out
    expect 0 '' translate $model okapi
    check "$model: a source token instead" grep -qvw 'unk' out
done
expect 0 '' translate plain okapi
check 'without attention: the unknown one' grep -q okapi out
echo 'das Okapi grüßt den Mann' | paste okapi - >okapi.tsv
expect 0 'target tokens are <unk>' eval plain okapi.tsv
check 'unknown ones are counted' grep -q '^unknown .* 1 of 5 source tokens, 1 of 5 target' out

# ---- attention ----
# undrawn STATUS TEXT PATH: all translations are there, and only then is the picture missed.
undrawn() {
    PATH=$3 "$unroll" translate looks sources --attention missed.svg >out 2>err
    check "no picture: exit $1" [ $? -eq "$1" ]
    check 'no picture: no translation is lost' cmp -s out translated
    check 'no picture: it says why' grep -q "$2" err
    check 'no picture: the data are there' [ -s missed.csv -a -s missed.gp ]
    rm -f missed.*
}
if command -v gnuplot >made; then
    expect 0 '' translate looks sources --attention look.svg
    check 'the picture comes alone' [ "$(echo look.*)" = look.svg -a ! -e .attention* ]
    check 'a picture' grep -q '<svg' look.svg
    check 'with names' grep -q 'the' look.svg
    printf 'the <b> & "it'"'"'s" `date` greets\n' >odd
    expect 0 '' translate looks odd --attention odd.svg
    check 'odd words are shown, not run' grep -q '&lt;\|<text' odd.svg
    mkdir broken
    touch broken/gnuplot
    undrawn 74 'cannot be started' "$PWD/broken"
    printf '#!/bin/sh\nexit 3\n' >broken/gnuplot
    chmod +x broken/gnuplot
    undrawn 74 'gnuplot failed' "$PWD/broken"
else
    undrawn 0 'install gnuplot' "$PATH"
fi
expect 0 'no line has a token' translate looks - --attention blank.svg
expect 64 'ends in .svg' translate looks sources --attention look.png
expect 64 'trained without' translate plain sources --attention look.svg
expect 73 'none/' translate looks sources --attention none/look.svg
check 'before anything is translated' [ ! -s out ]

# ---- what is wrong ----
expect 64 'give --beam 3' translate looks sources --n-best 3
expect 64 'from 1 to 1000' translate looks sources --beam 0
expect 64 'did you mean --n-best' translate looks sources --nbest 2
expect 66 'missing' translate looks missing
expect 66 'missing' translate missing sources
expect 64 'usage: unroll translate' translate
printf 'the dog\n\377\nthe man\n' >bad
expect 65 'bad:2: ' translate looks bad
check 'what came before is out' [ "$(wc -l <out)" -eq 1 ]
printf 'the dog\n\377\376 bad\n' >bad
expect 65 'bad:2: byte 0: not UTF-8' translate looks bad
printf '\377\376t\0h\0e\0\n\0' >wide
expect 65 'wide: is UTF-16' translate looks wide
check 'before a line of it is' [ ! -s out ]
head -n 1 sources >first
printf '\357\273\277' | cat - first >marked
"$unroll" translate looks first --json >plain.json
"$unroll" translate looks marked --json >out
check 'a byte order mark is no token' cmp -s out plain.json
expect 0 '' train --quiet --layers 1 --hidden 8 --steps 2 --batch 2 --seq-length 8 --out text pairs.tsv
expect 65 '--task translate' translate text sources
expect 65 'unroll translate' sample looks
"$unroll" translate looks sources 2>err | head -n 1 >out
check 'a reader that leaves' [ ! -s err ]
if [ -w /dev/full ]; then
    "$unroll" translate looks sources >/dev/full 2>err
    check '/dev/full is 74' [ $? -eq 74 ]
fi

# ---- eval ----
expect 0 '' eval looks some.tsv --out scores
check 'all scores' [ "$(grep -cE '^(loss|perplexity|token accuracy|exact match|BLEU|chrF2|pairs|unknown) ' out)" -eq 8 ]
check 'signatures' [ "$(grep -cE 'nrefs:1\|case:mixed\|eff:(no\|tok:13a\|smooth:exp|yes\|nc:6\|nw:0\|space:no)' out)" -eq 2 ]
check 'by length' grep -q '^1-6 ' out
cp out text.scores
check 'length.csv' [ "$(head -n 1 scores/length.csv)" = source_min,source_max,pairs,exact_match,bleu,chrf ]
check 'its data' [ -s scores/plots/length.csv ]
check 'pairs add up' [ "$(awk -F, 'NR > 1 { n += $3 } END { print n }' scores/length.csv)" -eq 150 ]
expect 0 '' eval looks some.tsv --threads 3
check 'threads change nothing' cmp -s out text.scores
gzip -c some.tsv >some.tsv.gz
expect 0 '' eval looks some.tsv.gz
check 'nor gzip' cmp -s out text.scores
expect 0 '' eval looks some.tsv --json
check 'JSON' grep -q '^{"loss":.*"bleu_signature":"nrefs:1|.*"lengths":\[{"source_min":1,' out
exact=$(right | awk '{ printf "%.4f", $1 / 150 }')
check 'exact match is that of translate' grep -q "^exact match  *$exact$" text.scores
expect 0 '' eval looks some.tsv --beam 3 --quiet
printf 'no tab\n' | cat some.tsv - >bad.tsv
expect 65 'bad.tsv:151: ' eval looks bad.tsv
expect 0 '1 ' eval looks bad.tsv --skip-bad
check 'bad lines are counted' grep -q '^bad lines  *1 left out$' out
sed '/^bad lines/d' out >rest
check 'but that line, all the same' cmp -s rest text.scores
cat okapi.tsv >>bad.tsv
expect 0 'bad.tsv: 1 bad lines' eval looks bad.tsv --skip-bad
check 'what is unknown is told beside it' grep -q 'source tokens are <unk>' err
expect 0 '' eval looks bad.tsv --skip-bad --json --quiet
check 'and in JSON' grep -q '"bad":1,' out
printf '\357\273\277' | cat - some.tsv >marked.tsv
expect 0 'byte order mark' eval looks marked.tsv
check 'a byte order mark changes nothing' cmp -s out text.scores
expect 65 'empty' eval looks nothing
expect 66 'missing' eval looks missing
expect 64 'translation models' eval text pairs.tsv --beam 2
expect 64 'models of texts' eval looks some.tsv --per-token
expect 73 'sources' eval looks some.tsv --out sources/in

finish
