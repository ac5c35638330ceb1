#include "small_models.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/config.h"
#include "data/pairs.h"
#include "own_directory.h"
#include "runner.h"
#include "store/model.h"
#include "task/task.h"

const char path[] = "model.safetensors";

void leave_model(void)
{
    leave_with_only(path);
}

unroll_config *config_of(const char *options)
{
    char text[256], *rest = text;
    unroll_config *c;
    OK(unroll_config_new(&c));
    OK(unroll_config_set(c, "hidden", "5"));
    OK(unroll_config_set(c, "layers", "2"));
    snprintf(text, sizeof text, "%s", options);
    for (char *name; (name = strtok_r(rest, " ", &rest)) != NULL;) {
        char *value = strtok_r(NULL, " ", &rest);
        OK(unroll_config_set(c, name, value));
    }
    return c;
}

const char TEXT[] = "to be, or not to be: \"that\" is \\the question \xc3\xa9 \xe2\x82\xac\n\t";

static unroll_model *translation_of(const unroll_config *c)
{
    static const char text[] = "a b\tx y z\nb c d \xc3\xa9\tz w\n";
    unroll_pairs_options o;
    unroll_pairs *p;
    unroll_model *m;
    unroll_pairs_options_default(&o);
    unroll_model_rules(c, &o.rules);
    o.split[0] = 1;
    OK(unroll_pairs_from_text(&o, "pairs", text, sizeof text - 1, &p));
    OK(unroll_model_create(c, unroll_pairs_take_vocabulary(p, UNROLL_SOURCE),
                           unroll_pairs_take_vocabulary(p, UNROLL_TARGET), &m));
    OK(unroll_model_init(m));
    unroll_pairs_free(p);
    return m;
}

unroll_model *model_of(const char *options)
{
    unroll_config *c = config_of(options);
    if (unroll_task_translates(c->task)) {
        unroll_model *pairs = translation_of(c);
        unroll_config_free(c);
        return pairs;
    }
    unroll_text_rules rules;
    unroll_vocabulary *v = NULL;
    unroll_ids ids = {0};
    unroll_model *m;
    unroll_model_rules(c, &rules);
    if (strcmp(c->task, "char") == 0)
        OK(unroll_vocabulary_build(&rules, "text", TEXT, sizeof TEXT, &v, &ids)); /* with its NUL */
    OK(unroll_model_create(c, NULL, v, &m));
    OK(unroll_model_init(m));
    unroll_ids_free(&ids);
    unroll_config_free(c);
    return m;
}

static void same_vocabulary(const unroll_vocabulary *v, const unroll_vocabulary *w)
{
    ck_assert_int_eq(v == NULL, w == NULL);
    if (v == NULL)
        return;
    ck_assert_uint_eq(unroll_vocabulary_size(v), unroll_vocabulary_size(w));
    ck_assert_uint_eq(unroll_vocabulary_unknown(v), unroll_vocabulary_unknown(w));
    for (uint32_t i = 0; i < unroll_vocabulary_size(v); i++) {
        size_t m, n;
        const char *s = unroll_vocabulary_token(v, i, &m), *t = unroll_vocabulary_token(w, i, &n);
        ck_assert_uint_eq(m, n);
        ck_assert_mem_eq(s, t, m);
    }
}

void same_model(unroll_model *a, unroll_model *b)
{
    ck_assert_uint_eq(unroll_net_size(a->net), unroll_net_size(b->net));
    ck_assert_mem_eq(unroll_net_weights(a->net), unroll_net_weights(b->net),
                     unroll_net_size(a->net) * sizeof(unroll_real));
    const unroll_config *c = unroll_model_config(a), *d = unroll_model_config(b);
    ck_assert_str_eq(c->cell, d->cell);
    ck_assert_str_eq(c->task, d->task);
    ck_assert_int_eq(c->tokens, d->tokens);
    ck_assert_int_eq(c->casefold, d->casefold);
    ck_assert_uint_eq(c->layers, d->layers);
    ck_assert_uint_eq(c->min_count, d->min_count);
    same_vocabulary(unroll_model_vocabulary(a), unroll_model_vocabulary(b));
    same_vocabulary(unroll_model_source_vocabulary(a), unroll_model_source_vocabulary(b));
}
