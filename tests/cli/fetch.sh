#!/bin/sh
# This script runs tools/fetch against a directory of files, without a network.
. "${srcdir:-.}/tests/cli/lib.sh"
tool=$top/tools/fetch
command -v curl >/dev/null 2>&1 || { echo "curl is not here"; exit 77; }
curl --version | grep -q '^Protocols:.* file' || { echo "curl lacks file://"; exit 77; }

mkdir "$work/mirror"
XDG_CACHE_HOME=$work/cache
UNROLL_FETCH_BASE=file://$work/mirror/
export XDG_CACHE_HOME UNROLL_FETCH_BASE
cache=$work/cache/unroll

# run STATUS ARGUMENT...: the tool; sets $out and $err
run() {
    want=$1
    shift
    sh "$tool" "$@" >"$work/out" 2>"$work/err"
    got=$?
    out=$(cat "$work/out") err=$(cat "$work/err")
    check "fetch $*: exit $got, not $want: $err" [ $got -eq "$want" ]
}
says() { check "'$1' is in: $err" grep -qF -e "$1" "$work/err"; }
clean() { check 'no temporary is left' [ -z "$(find "$work/cache" -name '.fetch*')" ]; }

run 0 --help
check '--help says how it is used' grep -q Usage "$work/out"
run 0 --list
for name in tinyshakespeare text8 enwik8 tatoeba-deu-eng; do
    check "--list has $name" grep -q "$name" "$work/out"
done
run 64
run 64 tinyshakespear
says "is not known"
run 64 '.*'
run 64 --frce
check 'nothing is written' [ -z "$(ls "$cache" 2>/dev/null)" ]

# A download that is not there, and one that is not what it should be
run 74 tinyshakespeare
says "download failed"
echo "not Shakespeare" >"$work/mirror/input.txt"
run 65 tinyshakespeare
says "86c4e6aa9db7c042"
check 'no path is printed' [ -z "$out" ]
check 'a wrong file is not kept' [ ! -e "$cache/tinyshakespeare.txt" ]
clean

# The pinned sum, here of another file
sum=$(sha256sum "$work/mirror/input.txt" | cut -d ' ' -f 1)
sed "s/86c4e6aa[0-9a-f]*/$sum/g" "$tool" >"$work/fetch"
tool=$work/fetch
run 0 tinyshakespeare
check "the path is printed: '$out'" [ "$out" = "$cache/tinyshakespeare.txt" ]
says "expected one"
check 'it is the text of the mirror' cmp -s "$out" "$work/mirror/input.txt"
rm "$work/mirror/input.txt"
run 0 tinyshakespeare # from the cache
check "the path is printed: '$out'" [ "$out" = "$cache/tinyshakespeare.txt" ]
echo more >>"$cache/tinyshakespeare.txt"
run 65 tinyshakespeare
says "has changed"
run 74 --force tinyshakespeare
check 'what was there stays' [ -e "$cache/tinyshakespeare.txt" ]
clean

# A zip whose sum nobody knows: trusted once, held to it later
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("deu.txt", "Go.\tGeh.\n")
    z.writestr("_about.txt", "about")' "$work/mirror/deu-eng.zip"
    run 0 tatoeba-deu-eng
    says "is trusted"
    printf 'Go.\tGeh.\n' >"$work/deu.txt"
    check 'it is the text of the zip' cmp -s "$work/deu.txt" "$cache/tatoeba-deu-eng.txt"
    run 0 tatoeba-deu-eng
    check "nothing is said: $err" [ -z "$err" ]
    echo >>"$cache/tatoeba-deu-eng.txt"
    run 65 tatoeba-deu-eng
    says "has changed"
    run 0 --force tatoeba-deu-eng
    rm "$cache/tatoeba-deu-eng.txt.sha256"
    run 65 tatoeba-deu-eng
    says "sum was lost"
fi
printf 'PK\003\004\012' >"$work/mirror/fra-eng.zip" # cut short
run 65 tatoeba-fra-eng
check 'half a zip is not kept' [ ! -e "$cache/tatoeba-fra-eng.txt" ]
clean

# Nowhere to put it
echo file >"$work/notdir"
XDG_CACHE_HOME=$work/notdir
run 73 tinyshakespeare
XDG_CACHE_HOME=$work/cache

finish
