/* Plain files and gzip, at once and by lines: lines are what lies between newlines. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/input.h"
#include "base/memory.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[512], *all = NULL, *line;
    size_t length = 0, at = 0, n;
    unroll_lines *lines;
    snprintf(path, sizeof path, "%s", fuzz_file(size && data[0] % 2 ? "x.gz" : "x", data, size));
    const bool whole = unroll_input_slurp(path, MOST, &all, &length) == UNROLL_OK;
    if (unroll_lines_open(path, &lines) == UNROLL_OK) {
        while (unroll_lines_next(lines, &line, &n) == UNROLL_OK && line) {
            fuzz_require(line[n] == '\0');
            if (!whole)
                continue;
            fuzz_require(at + n <= length && memcmp(all + at, line, n) == 0);
            at += n + (at + n < length);
        }
        fuzz_require(!whole || at == length);
        unroll_lines_close(lines);
    }
    if (whole)
        unroll_free(all);
    return 0;
}
