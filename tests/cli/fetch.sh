#!/bin/sh
# tools/fetch against a directory of files: no network.
set -u
srcdir=${srcdir:-$(dirname "$0")/../..}
tool=$srcdir/tools/fetch
command -v curl >/dev/null 2>&1 || { echo "curl is not here"; exit 77; }
curl --version | grep -q '^Protocols:.* file' || { echo "curl lacks file://"; exit 77; }

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/mirror"
XDG_CACHE_HOME=$tmp/cache
UNROLL_FETCH_BASE=file://$tmp/mirror/
export XDG_CACHE_HOME UNROLL_FETCH_BASE
cache=$tmp/cache/unroll
failed=0

# run STATUS arguments: sets $out and $err
run() {
    want=$1
    shift
    sh "$tool" "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    out=$(cat "$tmp/out")
    err=$(cat "$tmp/err")
    [ $got -eq "$want" ] || fail "fetch $*: exit $got, not $want: $err"
}
fail() {
    echo "FAIL: $*"
    failed=1
}
says() { case $err in *"$1"*) ;; *) fail "'$1' is not in: $err" ;; esac; }
# nothing half-done is left
clean() { [ -z "$(find "$tmp/cache" -name '.fetch*')" ] || fail "temporaries are left"; }

run 0 --help
case $out in *Usage*) ;; *) fail "no usage" ;; esac
run 0 --list
for name in tinyshakespeare text8 enwik8 tatoeba-deu-eng; do
    case $out in *"$name"*) ;; *) fail "--list lacks $name" ;; esac
done
run 64
run 64 tinyshakespear
says "is not known"
run 64 '.*'
run 64 --frce
[ ! -e "$tmp/cache" ] || [ -z "$(ls "$cache")" ] || fail "something was written"

# A download that is not there, and one that is not what it should be
run 74 tinyshakespeare
says "download failed"
echo "not Shakespeare" >"$tmp/mirror/input.txt"
run 65 tinyshakespeare
says "86c4e6aa9db7c042"
[ -z "$out" ] || fail "a path was printed"
[ ! -e "$cache/tinyshakespeare.txt" ] || fail "a wrong file was kept"
clean

# The pinned sum, here of another file
sum=$(sha256sum "$tmp/mirror/input.txt" | cut -d ' ' -f 1)
sed "s/86c4e6aa[0-9a-f]*/$sum/g" "$tool" >"$tmp/fetch"
tool=$tmp/fetch
run 0 tinyshakespeare
[ "$out" = "$cache/tinyshakespeare.txt" ] || fail "printed '$out'"
says "expected one"
cmp -s "$out" "$tmp/mirror/input.txt" || fail "another text"
rm "$tmp/mirror/input.txt"
run 0 tinyshakespeare # from the cache
[ "$out" = "$cache/tinyshakespeare.txt" ] || fail "printed '$out'"
echo more >>"$cache/tinyshakespeare.txt"
run 65 tinyshakespeare
says "has changed"
run 74 --force tinyshakespeare
[ -e "$cache/tinyshakespeare.txt" ] || fail "what was there is gone"
clean

# A zip whose sum nobody knows: trusted once, held to it later
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("deu.txt", "Go.\tGeh.\n")
    z.writestr("_about.txt", "about")' "$tmp/mirror/deu-eng.zip"
    run 0 tatoeba-deu-eng
    says "is trusted"
    printf 'Go.\tGeh.\n' | cmp -s - "$cache/tatoeba-deu-eng.txt" || fail "another text from the zip"
    run 0 tatoeba-deu-eng
    [ -z "$err" ] || fail "says: $err"
    echo >>"$cache/tatoeba-deu-eng.txt"
    run 65 tatoeba-deu-eng
    says "has changed"
    run 0 --force tatoeba-deu-eng
    rm "$cache/tatoeba-deu-eng.txt.sha256"
    run 65 tatoeba-deu-eng
    says "sum was lost"
fi
printf 'PK\003\004\012' >"$tmp/mirror/fra-eng.zip" # cut short
run 65 tatoeba-fra-eng
[ ! -e "$cache/tatoeba-fra-eng.txt" ] || fail "half a zip was kept"
clean

# Nowhere to put it
echo file >"$tmp/notdir"
XDG_CACHE_HOME=$tmp/notdir
run 73 tinyshakespeare
XDG_CACHE_HOME=$tmp/cache

exit $failed
