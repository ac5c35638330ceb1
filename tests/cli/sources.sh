#!/bin/sh
# This script reads the sources: no literal of the library has dashes of options.
. "${srcdir:-.}/tests/cli/lib.sh"

found=$(sh "$top/tools/check-messages" 2>&1)
check "tools/check-messages: $found" [ $? -eq 0 ]
finish
