/* BLEU and chrF of a translation, the first line, against a reference, the rest: both lie between 0 and 100. */
#include "fuzz.h"

#include <string.h>

#include "score/bleu.h"
#include "score/chrf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *newline = size ? memchr(text, '\n', size) : NULL;
    const size_t n = newline ? (size_t)(newline - text) : size, m = newline ? size - n - 1 : 0;
    const char *reference = newline ? newline + 1 : "";
    unroll_bleu bleu = {0};
    unroll_chrf chrf = {0};
    fuzz_require(unroll_bleu_add(&bleu, text, n, reference, m) == UNROLL_OK);
    fuzz_require(unroll_chrf_add(&chrf, text, n, reference, m) == UNROLL_OK);
    const double a = unroll_bleu_score(&bleu), b = unroll_chrf_score(&chrf);
    fuzz_require(a >= 0 && a <= 100.0000001 && b >= 0 && b <= 100.0000001);
    return 0;
}
