/* A text and its vocabulary, by the rules that the first byte chooses: every id is one of the vocabulary's, which
 * can be made again from its tokens. */
#include "fuzz.h"

#include <unroll/vocabulary.h>

enum { MOST = 4096 };

/* The same vocabulary from its spellings. */
static void spell(const unroll_vocabulary *v)
{
    const size_t n = unroll_vocabulary_size(v);
    static char byte[MOST][8];
    const char *token[MOST];
    size_t length[MOST];
    unroll_vocabulary *again;
    if (n > MOST)
        return;
    for (size_t i = 0; i < n; i++)
        token[i] = unroll_vocabulary_spelling(v, (uint32_t)i, byte[i], &length[i]);
    fuzz_require(unroll_vocabulary_from_tokens(unroll_vocabulary_rules(v), token, length, n,
                                               &again) == UNROLL_OK);
    unroll_vocabulary_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unroll_text_rules rules = UNROLL_TEXT_RULES_INIT;
    unroll_vocabulary *v;
    unroll_ids ids = {0}, again = {0};
    if (size == 0)
        return 0;
    rules.tokens = (enum unroll_tokens)(data[0] % 4);
    rules.normalize = (enum unroll_normalize)(data[0] / 4 % 3);
    rules.casefold = data[0] & 16;
    rules.replace = data[0] & 32;
    rules.min_count = data[0] & 64 ? 2 : 1;
    const char *text = (const char *)data + 1;
    if (unroll_vocabulary_build(&rules, "text", text, size - 1, &v, &ids) == UNROLL_OK) {
        for (size_t i = 0; i < ids.count; i++)
            fuzz_require(ids.id[i] < unroll_vocabulary_size(v));
        fuzz_require(unroll_vocabulary_encode(v, "text", text, size - 1, &again) == UNROLL_OK);
        fuzz_require(again.count == ids.count);
        spell(v);
        unroll_vocabulary_free(v);
    }
    unroll_ids_free(&again);
    unroll_ids_free(&ids);
    return 0;
}
