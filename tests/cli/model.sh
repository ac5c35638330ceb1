#!/bin/sh
# This script runs sample, eval and inspect on models written by hand, byte by byte, and on one just trained.
. "${srcdir:-.}/tests/cli/lib.sh"

text=$work/text.txt
sentences 200 >"$text"

# hand FILE TOKENS RECURRENT BIAS: an Elman network of one unit, two tokens; floats as octal bytes
hand() {
    json='{"__metadata__":{"config":"{\"task\":\"char\",\"cell\":\"rnn\",\"layers\":1,\"hidden\":1,\"tokens\":\"codepoint\"}",'
    json=$json'"vocabulary":"'$2'"},'
    json=$json'"rnn.weight_ih_l0":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},'
    json=$json'"rnn.weight_hh_l0":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},'
    json=$json'"rnn.bias_ih_l0":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},'
    json=$json'"rnn.bias_hh_l0":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},'
    json=$json'"decoder.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[20,28]},'
    json=$json'"decoder.bias":{"dtype":"F32","shape":[2],"data_offsets":[28,36]}}'
    length=${#json} zero='\000\000\000\000'
    {
        printf "\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))\\000\\000$zero"
        printf %s "$json"
        printf "$zero$zero$3$zero$zero$zero$zero$zero$4"
    } >"$1"
}
half='\000\000\000\077' nan='\000\000\300\177' hundred='\000\000\310\102'

# ---- by hand ----
hand "$work/hand" '[\"a\",\"b\"]' "$half" "$hundred"
expect 0 "" inspect "$work/hand"
check 'the spectral radius of (0.5)' grep -q 'rnn.weight_hh_l0  *0.5  *0.5$' "$work/out"
expect 0 "" inspect --json "$work/hand"
check 'and as JSON' grep -q '"gate":"","spectral_radius":0.5,"spectral_norm":0.5' "$work/out"
check 'nine parameters but one frozen' grep -q '"vocabulary":2,' "$work/out"
expect 0 "" sample "$work/hand" --greedy --length 5 --prime a
check 'what the bias says' [ "$(cat "$work/out")" = abbbbb ]
printf ab >"$work/ab"
expect 0 "" eval --json "$work/hand" "$work/ab"
check 'two tokens, one prediction, certain' grep -q '^{"loss":[0-9.e-]*,"bits_per_token":[0-9.e-]*,"perplexity":1.0,"tokens":2,"unknown":0}$' "$work/out"
printf ba >"$work/ba"
expect 0 "" eval --per-token --quiet "$work/hand" "$work/ba"
check 'and one that is wrong by 100 nats' [ "$(cat "$work/out")" = "1	a	-100.000000" ]

hand "$work/broken" '[\"a\",\"b\"]' "$nan" "$half"
expect 0 "" inspect "$work/broken"
check 'NaN is marked' grep -q '1 values\{0,1\} .* NaN or infinite' "$work/out"
expect 0 "" inspect --json "$work/broken"
check 'and null in JSON' grep -q '"spectral_radius":null' "$work/out"
expect 65 "rnn.weight_hh_l0 are NaN or infinite" sample "$work/broken"
expect 65 "rnn.weight_hh_l0 are NaN or infinite" eval "$work/broken" "$work/ab"

hand "$work/escape" '[\"a\",\"\\u001b\"]' "$half" "$hundred"
expect 0 "" sample "$work/escape" --greedy --length 2 --prime a
check 'control characters go raw into a pipe' [ "$(od -An -tx1 <"$work/out" | tr -d ' ')" = 611b1b ]
if can_have_terminal; then
    script -qec "TERM=xterm '$unroll' sample '$work/escape' --greedy --length 2 --prime a" /dev/null \
        </dev/null >"$work/out" 2>&1
    check 'and are escaped on a terminal' grep -qF 'a\x1b\x1b' "$work/out"
fi

# ---- trained ----
expect 0 "" train --quiet --hidden 8 --layers 1 --steps 20 --batch 4 --seq-length 10 --out "$work/run" "$text"
model=$work/run
"$unroll" train --hidden 8 --steps 20 --batch 4 --seq-length 10 --out "$work/loud" "$text" >"$work/out" 2>"$work/err"
check 'progress in a file: plain lines' sh -c "grep -q step '$work/err' && ! grep -q '[[:cntrl:]]' '$work/err'"
"$unroll" sample "$model" >"$work/first"
"$unroll" sample "$model/model.safetensors" --seed 1 >"$work/out"
check 'one seed, one text; a directory is its model' cmp -s "$work/first" "$work/out"
check '500 tokens' [ "$(wc -c <"$work/first")" -eq 500 ]
"$unroll" sample "$model" --seed 2 >"$work/out"
check 'another seed, another text' sh -c "! cmp -s '$work/first' '$work/out'"
"$unroll" sample "$model" --top-k 100000 >"$work/out"
symbols=$("$unroll" inspect --json "$model" | sed 's/.*"vocabulary":\([0-9]*\).*/\1/')
"$unroll" sample "$model" --top-k "$symbols" >"$work/first"
check 'top-k above the vocabulary is all of it' cmp -s "$work/first" "$work/out"
"$unroll" sample "$model" --greedy >"$work/greedy"
for certain in '--temperature 0' '--temperature 1e-38' '--top-k 1' '--top-p 1e-9'; do
    "$unroll" sample "$model" $certain >"$work/out"
    check "$certain is greedy" cmp -s "$work/greedy" "$work/out"
done
"$unroll" sample "$model" --start-text 'the cat' --length 0 --stop ' ' >"$work/out"
check 'the prime text is printed, the stop text is not' sh -c \
    "head -c 7 '$work/out' | grep -q '^the cat' && tail -c +8 '$work/out' | { ! grep -q ' '; }"
printf 'the dog' >"$work/prime"
"$unroll" sample "$model" --prime-file "$work/prime" --length 9 >"$work/out"
"$unroll" sample "$model" --prime 'the dog' --length 9 >"$work/first"
check 'a prime file is a prime text' cmp -s "$work/first" "$work/out"
check 'length counts what is drawn' [ "$(wc -c <"$work/first")" -eq 16 ]
"$unroll" sample "$model" --count 3 --length 20 >"$work/out"
check 'texts are parted' [ "$(grep -cx -e --- "$work/out")" -eq 2 ]
"$unroll" sample "$model" --count 3 --length 20 --json >"$work/out"
check 'one JSON object each' [ "$(grep -c '^{"text":".*","tokens":20,"stopped_by":"length"}$' "$work/out")" -eq 3 ]
expect 64 "--json and --length 0 exclude each other" sample "$model" --json --length 0
expect 65 "--prime" sample "$model" --prime 'é'
expect 66 "" sample "$model" --prime-file "$work/no-such-file"
{ "$unroll" sample "$model" --length 0; echo $? >"$work/status"; } 2>"$work/err" | head -n 3 >"$work/out"
check 'text without end stops with its reader' [ "$(cat "$work/status")" = 0 ]
check 'in silence' [ ! -s "$work/err" ]

"$unroll" eval "$model" "$text" --json >"$work/sum"
"$unroll" eval "$model" "$text" --per-token >"$work/tokens" 2>"$work/err"
check 'N tokens give N-1 predictions' [ "$(wc -l <"$work/tokens")" -eq $(($(wc -c <"$text") - 1)) ]
check 'per-token sums go to standard error' grep -q '^loss  *[0-9.]* nats$' "$work/err"
check 'the mean of all tokens is the loss' awk -F '\t' -v sum="$(cat "$work/sum")" '
    { s -= $3; n++ }
    END { sub(/.*"loss":/, "", sum); d = s / n - (sum + 0); exit !(d < 1e-5 && d > -1e-5) }' "$work/tokens"
check 'newlines are spelled out' grep -q '^[0-9]*	\\n	-' "$work/tokens"
"$unroll" eval "$model" "$text" "$text" --json >"$work/out"
check 'two files: twice the tokens' grep -q "\"tokens\":$((2 * $(wc -c <"$text")))," "$work/out"
gzip -c "$text" | "$unroll" eval "$model" - --json >"$work/out"
check 'gzip on standard input' cmp -s "$work/sum" "$work/out"
"$unroll" eval "$model" "$text" --json --threads 1 >"$work/out"
check 'any number of threads' cmp -s "$work/sum" "$work/out"
: >"$work/empty"
expect 65 "empty" eval "$model" "$work/empty"
printf t >"$work/one"
expect 65 "at least two tokens" eval "$model" "$work/one"
expect 66 "directory" eval "$model" "$work"
expect 65 "--max-input" eval "$model" "$text" --max-input 100
expect 65 "" eval "$text" "$text"
expect 66 "" inspect "$work/no-such-file"

expect 0 "" inspect "$model"
check 'inspect shows options' grep -q '^  hidden = 8$' "$work/out"
check 'each gate has its radius' [ "$(grep -c '^  rnn.weight_hh_l0  *[ifgo]  ' "$work/out")" -eq 4 ]
sed -n 's/^  \([a-z-]* = .*\)/\1/p' "$work/out" >"$work/options"
expect 0 "" train --quiet --config "$work/options" --dry-run "$text"

finish
