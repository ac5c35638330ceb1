#include "texts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

unroll_text_rules rules_for(enum unroll_tokens tokens)
{
    unroll_text_rules rules = UNROLL_TEXT_RULES_INIT;
    rules.tokens = tokens;
    return rules;
}

unroll_vocabulary *vocabulary_of(const unroll_text_rules *rules, const char *text, size_t length,
                                 unroll_ids *ids)
{
    unroll_vocabulary *v;
    ck_assert_int_eq(unroll_vocabulary_build(rules, "NAME", text, length, &v, ids), UNROLL_OK);
    return v;
}

char notes[4096];

void take_note(void *arg, const char *text)
{
    (void)arg;
    strncat(notes, text, sizeof notes - strlen(notes) - 1);
    strncat(notes, "\n", sizeof notes - strlen(notes) - 1);
}

unroll_pairs_options pair_options(enum unroll_tokens tokens)
{
    unroll_pairs_options o;
    unroll_pairs_options_default(&o);
    o.rules.tokens = tokens;
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    o.note = take_note;
    notes[0] = '\0';
    return o;
}

unroll_pairs *pairs_of(const unroll_pairs_options *o, const char *text)
{
    unroll_pairs *p;
    ck_assert_msg(unroll_pairs_from_text(o, "NAME", text, strlen(text), &p) == UNROLL_OK, "%s",
                  unroll_message());
    return p;
}

char *many_pairs(size_t count, uint64_t seed)
{
    char *text = malloc(count * 64 + 1), *to = text;
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < count; i++)
        to += sprintf(to, "s%u of%.*s\tt%zu\n", (unsigned)unroll_rng_below(&rng, count / 3),
                      (int)unroll_rng_below(&rng, 8) * 4, " and and and and and and and and", i);
    return text;
}
