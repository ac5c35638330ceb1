/* A translator on a small untrained model, whose outputs are as odd as can be. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <unroll/translate.h>

#include "base/memory.h"
#include "data/pairs.h"
#include "parameter.h"
#include "runner.h"
#include "store/model.h"

static const char TSV[] = "a b c\tx y z\nb c d\ty z w\nc d e\tz w v\nd e a\tw v x\ne a b\tv x y\n";
static const char *const LINES[] = {"a b c", "e", "d d d d d d d d d d d d d d",
                                    "q a b", "a", "c b a"};
enum { COUNT = sizeof LINES / sizeof *LINES };

static const struct {
    const char *cell, *attention;
    const char *bidirectional, *reverse;
} MODELS[] = {{"gru", "none", "false", "false"},
              {"lstm", "none", "false", "true"},
              {"rnn", "general", "true", "false"},
              {"gru", "additive", "false", "true"},
              {"lstm", "dot", "false", "false"}};

static unroll_model *new_model(int kind)
{
    unroll_config *config;
    unroll_pairs *pairs;
    unroll_pairs_options o;
    unroll_model *model;
    ck_assert_int_eq(unroll_config_new(&config), UNROLL_OK);
    const char *const set[][2] = {{"task", "translate"},
                                  {"tokens", "word"},
                                  {"layers", "2"},
                                  {"hidden", "9"},
                                  {"embedding", "5"},
                                  {"cell", MODELS[kind].cell},
                                  {"attention", MODELS[kind].attention},
                                  {"bidirectional", MODELS[kind].bidirectional},
                                  {"reverse-source", MODELS[kind].reverse}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        ck_assert_msg(unroll_config_set(config, set[i][0], set[i][1]) == UNROLL_OK, "%s",
                      unroll_message());
    unroll_pairs_options_default(&o);
    unroll_model_rules(config, &o.rules);
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    ck_assert_int_eq(unroll_pairs_from_text(&o, "pairs", TSV, strlen(TSV), &pairs), UNROLL_OK);
    ck_assert_msg(unroll_model_create(config, unroll_pairs_take_vocabulary(pairs, UNROLL_SOURCE),
                                      unroll_pairs_take_vocabulary(pairs, UNROLL_TARGET),
                                      &model) == UNROLL_OK,
                  "%s", unroll_message());
    ck_assert_int_eq(unroll_model_init(model), UNROLL_OK);
    unroll_pairs_free(pairs);
    unroll_config_free(config);
    return model;
}

static unroll_translator *new_translator(unroll_model *model, size_t beam, size_t best,
                                         enum unroll_unknown unknown)
{
    unroll_translator *t;
    const unroll_translator_options o = {.size = sizeof o,
                                         .beam = beam,
                                         .best = best,
                                         .length_penalty = 0.6,
                                         .unknown = unknown,
                                         .attention = true};
    ck_assert_int_eq(unroll_translator_new(model, &o, &t), UNROLL_OK);
    return t;
}

static unroll_translations translate(unroll_translator *t, const char *line)
{
    unroll_translations out;
    ck_assert_msg(unroll_translator_line(t, "line", line, strlen(line), &out) == UNROLL_OK, "%s",
                  unroll_message());
    ck_assert_uint_ge(out.count, 1);
    return out;
}

/* A line becomes the same after any other, which may have been longer. */
START_TEST(lines_are_independent)
{
    unroll_model *model = new_model(_i);
    unroll_translator *all = new_translator(model, 3, 2, UNROLL_UNKNOWN_COPY);
    for (size_t i = 0; i < 2 * COUNT; i++) {
        const char *line = LINES[(i * 5) % COUNT];
        unroll_translator *one = new_translator(model, 3, 2, UNROLL_UNKNOWN_COPY);
        unroll_translations a = translate(all, line), b = translate(one, line);
        ck_assert_uint_eq(a.count, b.count);
        for (size_t k = 0; k < a.count; k++) {
            ck_assert_str_eq(a.list[k].text, b.list[k].text);
            ck_assert(a.list[k].log_probability == b.list[k].log_probability);
        }
        unroll_translations_free(&a);
        unroll_translations_free(&b);
        unroll_translator_free(one);
    }
    unroll_translator_free(all);
    unroll_model_free(model);
}
END_TEST

/* ln P of the tokens, given them one after the other to a decoding of one row. */
static double log_probability(unroll_model *model, const unroll_source *source,
                              const unroll_translation *t)
{
    const size_t outputs = unroll_vocabulary_size(unroll_model_vocabulary(model));
    unroll_decoding *d;
    uint32_t id = UNROLL_ID_BEGIN;
    double sum = 0;
    ck_assert_int_eq(unroll_decoding_new(unroll_model_net(model), source->length, 1, &d), UNROLL_OK);
    ck_assert_int_eq(unroll_decoding_begin(d, source->id, source->length), UNROLL_OK);
    for (size_t i = 0; i < t->tokens + t->ended; i++) {
        double all = 0;
        const unroll_real *logits = unroll_decoding_step(d, &id, NULL, 1);
        id = i < t->tokens ? t->id[i] : UNROLL_ID_END;
        for (size_t k = 0; k < outputs; k++)
            all += exp((double)logits[k]);
        sum += (double)logits[id] - log(all);
    }
    unroll_decoding_free(d);
    return sum;
}

START_TEST(scores_are_those_of_the_net)
{
    unroll_model *model = new_model(_i);
    unroll_translator *t = new_translator(model, 4, 4, UNROLL_UNKNOWN_UNK);
    for (size_t i = 0; i < COUNT; i++) {
        unroll_translations out = translate(t, LINES[i]);
        for (size_t k = 0; k < out.count; k++) {
            const unroll_translation *one = &out.list[k];
            ck_assert_uint_le(one->tokens, 2 * (out.source.length - 1) + 10);
            ck_assert(k == 0 || out.list[k - 1].penalised >= one->penalised);
            ck_assert_double_eq_tol(one->log_probability, log_probability(model, &out.source, one),
                                    1e-4);
            for (size_t j = 0; one->attention && j < one->tokens + one->ended; j++) {
                double sum = 0;
                for (size_t s = 0; s < out.source.length; s++)
                    sum += (double)one->attention[j * out.source.length + s];
                ck_assert_double_eq_tol(sum, 1, 1e-5);
            }
        }
        ck_assert_int_eq(out.list[0].attention != NULL, strcmp(MODELS[_i].attention, "none") != 0);
        unroll_translations_free(&out);
    }
    unroll_translator_free(t);
    unroll_model_free(model);
}
END_TEST

/* Make the decoder say <unk> and nothing else. */
static void say_unknown(unroll_model *model)
{
    unroll_net *net = unroll_model_net(model);
    weights_of(net, "decoder.output.bias")[UNROLL_ID_UNKNOWN] = 50;
    unroll_net_pack(net, 1);
}

START_TEST(copies_what_it_does_not_know)
{
    unroll_model *model = new_model(_i);
    say_unknown(model);
    unroll_translator *copy = new_translator(model, 1, 1, UNROLL_UNKNOWN_COPY);
    unroll_translator *unk = new_translator(model, 1, 1, UNROLL_UNKNOWN_UNK);
    unroll_translations a = translate(copy, "a okapi b gnu"), b = translate(unk, "a okapi b gnu");
    ck_assert(!a.list[0].ended);
    ck_assert_uint_eq(a.list[0].tokens, 2 * 4 + 10);
    ck_assert_int_eq(strncmp(b.list[0].text, "<unk> <unk> <unk>", 17), 0);
    if (strcmp(MODELS[_i].attention, "none") == 0) /* the unknown ones as they are read, then no more */
        ck_assert_int_eq(strncmp(a.list[0].text, "okapi gnu <unk>", 15), 0);
    else
        ck_assert_ptr_null(strstr(a.list[0].text, "<unk>"));
    unroll_translations_free(&a);
    unroll_translations_free(&b);
    unroll_translator_free(copy);
    unroll_translator_free(unk);
    unroll_model_free(model);
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    static const char *const empty[] = {"", " ", "\t "};
    unroll_model *model = new_model(0);
    unroll_translator *t = new_translator(model, 2, 2, UNROLL_UNKNOWN_COPY);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        unroll_translations out = translate(t, empty[i]);
        ck_assert_uint_eq(out.count, 1);
        ck_assert_str_eq(out.list[0].text, "");
        unroll_translations_free(&out);
    }
    unroll_translations bad;
    ck_assert_int_eq(unroll_translator_line(t, "here", "a \xff", 3, &bad), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "here: "));
    unroll_translator_free(t);
    unroll_model_free(model);
}
END_TEST

START_TEST(out_of_memory)
{
    unroll_model *model = new_model(3);
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status; n++) {
        unroll_translator *t = NULL;
        unroll_translations out = {0};
        const unroll_translator_options o = {
            .size = sizeof o, .beam = 2, .best = 2, .attention = true};
        unroll_alloc_fail_after(n);
        status = unroll_translator_new(model, &o, &t);
        if (!status)
            status = unroll_translator_line(t, "line", "a b", 3, &out);
        unroll_alloc_fail_after(-1);
        ck_assert(!status || status == UNROLL_EMEMORY);
        unroll_translations_free(&out);
        unroll_translator_free(t);
        ck_assert_int_lt(n, 2000);
    }
    unroll_model_free(model);
}
END_TEST

Suite *make_suite(void)
{
    enum { KINDS = sizeof MODELS / sizeof *MODELS };
    Suite *suite = suite_create("translator");
    TCase *t = new_case(suite, "all");
    tcase_add_loop_test(t, lines_are_independent, 0, KINDS);
    tcase_add_loop_test(t, scores_are_those_of_the_net, 0, KINDS);
    tcase_add_loop_test(t, copies_what_it_does_not_know, 0, KINDS);
    tcase_add_test(t, nothing_gives_nothing);
    tcase_add_test(t, out_of_memory);
    return suite;
}
