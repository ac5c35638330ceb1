/* Sentence pairs in TSV, by the rules that the first byte chooses: a target becomes text again. */
#include "fuzz.h"

#include "base/memory.h"
#include "data/pairs.h"

static void check_part(const unroll_pairs *pairs, enum unroll_split split)
{
    const unroll_pairs_part *part = unroll_pairs_get_part(pairs, split);
    for (size_t i = 0; i < part->count; i++) {
        const unroll_pair *p = &part->pair[i];
        char *text;
        size_t length;
        for (int side = 0; side < UNROLL_SIDES; side++) {
            fuzz_require(p->length[side] >= 2 && p->length[side] <= part->longest[side]);
            fuzz_require(p->id[side][p->length[side] - 1] == UNROLL_ID_END);
        }
        fuzz_require(unroll_target_text(unroll_pairs_vocabulary(pairs, UNROLL_TARGET),
                                        p->id[UNROLL_TARGET], p->length[UNROLL_TARGET], NULL, NULL,
                                        &text, &length) == UNROLL_OK);
        unroll_free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unroll_pairs_options options;
    unroll_pairs *pairs;
    if (size == 0)
        return 0;
    unroll_pairs_options_default(&options);
    options.rules.tokens = (enum unroll_tokens)(data[0] % 4);
    options.rules.replace = data[0] & 4;
    options.rules.min_count = data[0] & 8 ? 2 : 1;
    options.swap = data[0] & 16;
    options.skip_bad = data[0] & 32;
    options.keep_text = data[0] & 64;
    options.max_length = data[0] & 128 ? 5 : 0;
    if (unroll_pairs_from_text(&options, "pairs", (const char *)data + 1, size - 1, &pairs) ==
        UNROLL_OK) {
        for (int split = 0; split < 3; split++)
            check_part(pairs, (enum unroll_split)split);
        unroll_pairs_free(pairs);
    }
    return 0;
}
