/* Logs that a run goes on with, and rows of curves: a log that opens takes a row and opens again. */
#include "fuzz.h"

#include <stdio.h>

#include "base/memory.h"
#include "store/curve_csv.h"
#include "store/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = "step,loss";
    char path[512];
    unroll_log *log;
    unroll_curve_row row;
    char *line = fuzz_text(data, size);
    if (unroll_curve_csv_get(line, &row)) {
        unroll_buffer text = {0};
        unroll_curve_csv_put(&text, &row, false);
        unroll_free(text.text);
    }
    free(line);
    snprintf(path, sizeof path, "%s", fuzz_file("metrics.csv", data, size));
    if (unroll_log_open(path, header, 5, &log) == UNROLL_OK) {
        fuzz_require(unroll_log_row(log, "6,0.5") == UNROLL_OK);
        fuzz_require(unroll_log_close(log) == UNROLL_OK);
        fuzz_require(unroll_log_open_before(path, header, 6, "0.5", &log) == UNROLL_OK);
        fuzz_require(unroll_log_close(log) == UNROLL_OK);
    }
    return 0;
}
