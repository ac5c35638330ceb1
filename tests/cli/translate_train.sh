#!/bin/sh
# This script generates toy languages and trains translations on them and on files of pairs.
. "${srcdir:-.}/tests/cli/lib.sh"
cd "$work" || exit 99
small="--layers 1 --hidden 12 --embedding 6 --batch 8 --tokens word"

# ---- toy languages ----
expect 0 '' generate toy-translation:clauses=1,perfect=0.5 --count 300 --seed 4
cp out pairs.tsv
check '300 pairs' [ "$(grep -c '^the .*	d[iea][ers] .*$' pairs.tsv)" -eq 300 ]
check 'the participle is the end or stands before hat' grep -q 'weil .* ge[^ ]* hat$' pairs.tsv
expect 0 '' generate toy-translation:clauses=1,perfect=0.5 --count 300 --seed 4
check 'the same seed, the same pairs' cmp -s out pairs.tsv
expect 0 '' generate toy-translation --count 2 --json
check '--json' [ "$(grep -c '^{"source":"the .*","target":"d.*"}$' out)" -eq 2 ]
expect 0 '' generate --list
check 'the list has both' [ "$(grep -cE '^(toy-translation|numbers): ' out)" -eq 2 ]
expect 64 "did you mean 'plural'" generate toy-translation:plurals=1
expect 64 'reads pairs' generate translate

# ---- a run, and how it goes on ----
run="$small --quiet --eval-every 20 --save-every 9 --keep 30"
for options in '' '--reverse-source --cell gru'; do
    rm -rf whole parts
    expect 0 '' train --task translate $run $options --steps 60 --out whole pairs.tsv
    expect 0 '' train --task translate $run $options --steps 41 --out parts pairs.tsv
    expect 0 '' train --resume parts --steps 60 --threads 2 --quiet
    for made in model.safetensors checkpoint-60.safetensors samples/60.txt; do
        check "$options: resumed, $made is the same" cmp -s whole/$made parts/$made
    done
done
check 'samples are three lines each' [ "$(grep -cE '^(source  the|target  d|model   )' whole/samples/60.txt)" -eq 15 ]
check 'validations and a test' [ "$(grep -cE ',(valid|test),' whole/metrics.csv)" -eq 4 ]
"$unroll" train --task translate $small --quiet --steps 60 --eval-every 20 --out piped - <pairs.tsv >out 2>err
gzip -c pairs.tsv >pairs.tsv.gz
expect 0 '' train --task translate $small --quiet --steps 60 --eval-every 20 --out zipped pairs.tsv.gz
check 'from a pipe and from gzip: the same' cmp -s piped/model.safetensors zipped/model.safetensors
sed 's/$/	CC-BY/;s/$/\r/' pairs.tsv >anki.tsv
expect 0 '' train --task translate $small --quiet --steps 60 --eval-every 20 --out anki anki.tsv
check 'further columns and CRs: the same' cmp -s anki/model.safetensors zipped/model.safetensors
awk -F'\t' '{print $2 "\t" $1}' pairs.tsv >swapped.tsv
expect 0 '' train --task translate $small --quiet --steps 60 --eval-every 20 --swap --out swap swapped.tsv
check '--swap' grep -q '"swap": true' swap/config.json
check '--swap: the same samples' cmp -s swap/samples/60.txt zipped/samples/60.txt
head -n 20 pairs.tsv >more.tsv
expect 0 '' train --task translate $small --quiet --steps 5 --valid more.tsv --out own pairs.tsv
expect 0 '' train --task translate:pairs=200 $small --quiet --steps 5 --out toy
expect 0 '' train --task numbers:pairs=200 --layers 1 --hidden 12 --quiet --steps 5 --out numbers
check 'numbers are read by character' grep -q '"tokens": "codepoint"' numbers/config.json
expect 0 '' train --task toy-translation:pairs=200 --layers 1 --hidden 8 --quiet --steps 5 --out word
check 'sentences are read by word' grep -q '"tokens": "word"' word/config.json
expect 0 '' train --task toy-translation:pairs=200 --tokens byte --layers 1 --hidden 8 --quiet --steps 2 --out byte
check 'unless told otherwise' grep -q '"tokens": "byte"' byte/config.json
expect 0 '' train --resume byte --steps 4 --quiet
expect 0 '' train --task translate $small --quiet --steps 5 --init-from whole --cell gru --reverse-source --out from pairs.tsv
expect 0 '' train --task toy-translation:pairs=300 --layers 1 --hidden 8 --steps 2 --batch 4 --init-scale 6 \
    --reverse-source --quiet --out turned
sed -n 's/^source  //p' turned/samples/2.txt >sources
sed -n 's/^model   //p' turned/samples/2.txt | cut -d' ' -f1-12 >sampled
expect 0 '' translate turned sources --max-length 12
check '--reverse-source: samples are what unroll translate gives' cmp -s out sampled
check 'all five' [ "$(wc -l <sampled)" -eq 5 ]

# ---- what it says ----
expect 0 '' train --task translate $small --dry-run pairs.tsv
check 'a dry run tells of the pairs' grep -q 'pairs     pairs.tsv: train ' out
check 'padding is told' grep -q '[0-9]% of a batch is padding' out
check 'and both vocabularies' grep -q ' source and .* target words, of .* and .* symbols' out
check 'nothing is written' [ ! -e runs ]
expect 0 '' inspect whole
check 'inspect counts both vocabularies' grep -q "tokens in the vocabulary, .* in the source's" out
expect 0 '' inspect --json whole
check 'and in JSON' grep -q '"source_vocabulary":' out

# ---- what is refused ----
expect 65 'a translation' sample whole
expect 64 'is of no use to --task char' train --bidirectional
expect 64 'is of no use to --task copy' train --task copy --swap
expect 64 'is of no use to --task translate' train --task translate --lines pairs.tsv
expect 64 'is of no use to translation' train --task translate --seq-length 9 pairs.tsv
expect 0 '' train --task translate $small --quiet --steps 1 --forget-bias chrono --seq-length 9 --out chrono pairs.tsv
expect 64 'makes its own pairs' train --task toy-translation pairs.tsv
expect 64 'needs FILE' train --task translate --valid pairs.tsv
expect 64 'below 1' train --task translate --label-smoothing 1
expect 64 'from 0 to 1' train --task translate --scheduled-sampling 1.5
expect 64 'none' train --task translate --attention dott
expect 66 '' train --task translate $small --quiet --out e nowhere.tsv
: >empty.tsv
expect 65 'is empty' train --task translate $small --quiet --out e empty.tsv
printf 'a\tb\nno tab\nc\td\n' >bad.tsv
expect 65 'bad.tsv:2: has no tab' train --task translate $small --quiet --out e bad.tsv
expect 65 'bad.tsv:2: has no tab' train --task translate $small --quiet --valid bad.tsv --out e pairs.tsv
printf 'a\tb\n\tx\nc\td\n' >bad.tsv
expect 65 'bad.tsv:2: has nothing before the tab' train --task translate $small --quiet --out e bad.tsv
expect 65 'more than --max-length 4' train --task translate $small --quiet --max-length 4 --out e pairs.tsv
expect 0 'bad lines are left out' train --task translate $small --steps 2 --max-length 9 --skip-bad --out few pairs.tsv
printf 'a\377\tb\n' >bad.tsv
expect 65 'byte 1' train --task translate $small --quiet --out e bad.tsv
cp whole/model.safetensors old
expect 65 'byte 1' train --task translate $small --quiet --force --out whole bad.tsv
expect 65 'validation' train --task translate $small --quiet --force --grad-every 5 --split 1,0,0 --out whole pairs.tsv
check '--force that is refused leaves the old run' cmp -s whole/model.safetensors old
head -c 900 pairs.tsv.gz >cut.gz
expect 65 'after' train --task translate $small --quiet --out e cut.gz
sed '7s/the/a/' pairs.tsv >other.tsv
expect 78 '' train --resume whole --steps 80 --quiet other.tsv
expect 78 'bidirectional' train --resume whole --steps 80 --quiet --bidirectional
finish
