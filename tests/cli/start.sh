#!/bin/sh
# This script begins trainings: from another model, from a run, and with what is refused first.
. "${srcdir:-.}/tests/cli/lib.sh"
export UNROLL_CORPORA="$top/corpora"
cd "$work" || exit 99
whole="--layers 1 --hidden 8 --batch 4 --quiet"
small="$whole --seq-length 8"
still="$small --steps 1 --lr 0"
head -c 6000 "$top/corpora/english.txt" >text
head -c 6000 "$top/corpora/multilingual.txt" | iconv -c -f UTF-8 -t UTF-8 >many 2>/dev/null ||
    cp "$top/corpora/multilingual.txt" many

# ---- --init-from: a vocabulary comes with the rules that it was made with ----
i=0
while read -r option other file; do
    i=$((i + 1)) name=${option%%=*} value=${option#*=}
    expect 0 '' train $small --steps 3 "--$option" --out from$i $file
    expect 0 '' train $still --init-from from$i --out to$i $file
    check "$option comes from the model" grep -qE "\"$name\": \"?$value\"?,\$" to$i/config.json
    "$unroll" eval from$i $file --json >one 2>&1
    "$unroll" eval to$i $file --json >two 2>&1
    check "$option: the same model: $(cat two)" cmp -s one two
    expect 0 '' sample to$i --length 30
    cp out sampled
    expect 0 '' sample from$i --length 30
    check "$option: the same sample" cmp -s out sampled
    expect 0 '' train $still --init-from from$i "--$option" --out same$i $file
    expect 78 "--$name: the model of --init-from has '$value'" train $still --init-from from$i \
        "--$name=$other" --out refused $file
done <<'END'
tokens=word codepoint text
tokens=byte codepoint many
tokens=codepoint byte many
tokens=grapheme codepoint many
normalize=none nfc many
casefold=true false text
min-count=3 1 text
invalid=replace error text
lines=true false text
END
check 'all were tried' [ $i -eq 9 ]
"$unroll" sample to2 --length 200 >sampled
check 'bytes are no names of bytes' sh -c "! grep -q '<0x' sampled"
check 'what was refused left nothing' [ ! -e refused ]
echo 'tokens = byte' >options
expect 78 '--tokens' train $still --init-from from1 --config options --out refused text
expect 0 '' train --resume to1 --steps 3 --quiet
expect 0 '' eval to1 text

pairs="--task translate $whole"
"$unroll" generate toy-translation --count 60 >pairs.tsv
expect 0 '' train $pairs --tokens word --steps 3 --out pairs pairs.tsv
expect 0 '' train $pairs --steps 1 --lr 0 --init-from pairs --out pairs2 pairs.tsv
"$unroll" eval pairs pairs.tsv --json >one
"$unroll" eval pairs2 pairs.tsv --json >two
check 'a translation: the same model' cmp -s one two
expect 0 '' train --task toy-translation:pairs=60 $whole --tokens byte --steps 1 --out toy
expect 0 '' train --task toy-translation:pairs=60 $whole --steps 1 --init-from toy --out toy2
check 'a toy language, too' grep -q '"tokens": "byte"' toy2/config.json

# ---- --resume reads what the run read ----
mkdir parts
i=0
while [ $i -lt 300 ]; do
    i=$((i + 1))
    tail -c +$((i * 20)) text | head -c 20 >parts/$i
done
expect 0 '' train $small --steps 1 --out three-hundred parts/*
expect 0 '' train --resume three-hundred --steps 2 --quiet
"$unroll" train $small --steps 1 --out piped text - <many >out 2>err
check 'a file and standard input' [ $? -eq 0 ]
expect 64 'standard input; give it again' train --resume piped --steps 2 --quiet
"$unroll" train --resume piped --steps 2 --quiet text - <many >out 2>err
check 'given again' [ $? -eq 0 ]
"$unroll" train $small --steps 1 --valid - --out valid text <text >out 2>err
expect 64 'give it again, as --valid -' train --resume valid --steps 2 --quiet
"$unroll" train --resume valid --steps 2 --quiet --valid - <text >out 2>err
check '--valid given again' [ $? -eq 0 ]
newline='a
b'
cp text "$newline"
expect 64 'a\x0ab: a name with a newline' train $small --steps 1 --out refused "$newline"
mkdir "$newline.d" && cp text "$newline.d"
(cd "$newline.d" && "$unroll" train $small --steps 1 --out run text &&
    "$unroll" train --resume run --steps 2 --quiet) >out 2>err
check 'a folder with a newline is no hindrance' [ $? -eq 0 ]

# ---- names that are none ----
long=$(printf %5000s | tr ' ' n)
expect 66 'File name too long' train $still --out refused \
    "$long" "$long" "$long" "$long" "$long" "$long" "$long" "$long"
for option in resume out init-from valid test; do
    expect 64 "--$option: '' is no name" train $still "--$option" '' text
done
check 'no default run began' [ ! -e runs ]
expect 66 "model.safetensors: cannot be resumed: Not a directory; give the run's directory" train \
    --resume to1/model.safetensors
expect 66 "give the run's directory" train --resume to1/model.safetensors/
expect 73 'another --out' train $still --out to1/model.safetensors text

# ---- memory: an estimate before it is taken; what is bad in little ----
expect 71 'this machine has' train --task copy:delay=100 --batch 32768 --hidden 64 --layers 200 \
    --quiet --out refused
expect 71 'this machine has' train --hidden 1000000 --quiet --out refused text
check 'what was refused left nothing' [ ! -e refused ]

# within STATUS TEXT ARGUMENT...: as expect, in 64 MB, on standard input as it is
within() {
    expected=$1 pattern=$2
    shift 2
    (ulimit -v 65536 && exec "$unroll" "$@") >out 2>err
    got=$?
    check "in 64 MB: unroll $*: exit $got, not $expected: $(head -c 300 err)" [ $got -eq $expected ]
    check "unroll $*: $(head -c 300 err)" grep -qF -e "$pattern" err
}
if { (ulimit -v 65536 && "$unroll" --version); } >out 2>&1; then # not with a sanitizer
    printf '\000\000\350\001\000\000\000\000{"a":' >header # 31,981,568 bytes of header
    within 65 'does not fit into a file of' inspect header </dev/null
    truncate -s 32000000 header
    within 65 'the header is no valid JSON' inspect header </dev/null
    printf '\000\340\365\005\000\000\000\000{"a":' >header # 99,999,744 bytes
    truncate -s 100000000 header
    within 65 'above the format' inspect header </dev/null
    printf '\000\000\000\000\000\000\000\200{"a":' >header
    within 65 'above the format' inspect header </dev/null
    mkfifo endless
    yes 'a text without an end' | gzip -1 >endless &
    within 65 '--max-input' train $still --max-input 1M --out refused endless
    yes "$(head -n 1 text)" | gzip -1 >endless &
    within 65 '--max-input' eval from1 --max-input 1M endless
fi
finish
