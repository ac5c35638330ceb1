#!/bin/sh
# What the sources promise each other: no literal of the library has dashes of options.
. "${srcdir:-.}/tests/cli/lib.sh"
top=$(cd "${srcdir:-.}" && pwd)

found=$(sh "$top/tools/check-messages" 2>&1)
check "tools/check-messages: $found" [ $? -eq 0 ]
finish
