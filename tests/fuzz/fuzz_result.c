/* The result of a job of a comparison: what is read is written, and read again. */
#include "fuzz.h"

#include <stdio.h>

#include "lab/compare.h"

/* As the seed: --steps 2 --hidden 4 --layers 1, and the variant cell=rnn. */
static compare_variant variant;
static const compare_ask ask = {.probe = true};

static void open_variant(void)
{
    unroll_config *common;
    fuzz_require(unroll_config_new(&common) == UNROLL_OK);
    fuzz_require(compare_variant_parse("task=copy:delay=2,cell=rnn,hidden=4,layers=1,steps=2",
                                       common, &variant) == UNROLL_OK);
    unroll_config_free(common);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char copy[512];
    compare_result result = {0}, again = {0};
    if (!variant.config)
        open_variant();
    if (compare_result_read(fuzz_file("job.json", data, size), &variant, 1, &ask, &result) ==
        UNROLL_OK) {
        snprintf(copy, sizeof copy, "%s/again.json", fuzz_directory());
        fuzz_require(compare_result_write(copy, &variant, 1, &ask, &result) == UNROLL_OK);
        fuzz_require(compare_result_read(copy, &variant, 1, &ask, &again) == UNROLL_OK);
        fuzz_require(again.distances == result.distances && again.points == result.points);
    }
    compare_result_free(&again);
    compare_result_free(&result);
    return 0;
}
