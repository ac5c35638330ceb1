#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <unroll/model.h>

#include "base/memory.h"
#include "config/config.h"
#include "data/pairs.h"
#include "own_directory.h"
#include "runner.h"
#include "store/model.h"
#include "task/task.h"

static const char path[] = "model.safetensors";

static void leave_one_file(void)
{
    unroll_alloc_fail_after(-1);
    unlink(path);
    ck_assert_uint_eq(entries(".", NULL), 0); /* no temporary is left */
    leave_directory();
}

/** Options "name value name value …" over small sizes. */
static unroll_config *config_of(const char *options)
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

static const char TEXT[] =
    "to be, or not to be: \"that\" is \\the question \xc3\xa9 \xe2\x82\xac\n\t";

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
    OK(unroll_model_new_pairs(c, unroll_pairs_take_vocabulary(p, UNROLL_SOURCE),
                              unroll_pairs_take_vocabulary(p, UNROLL_TARGET), &m));
    OK(unroll_model_init(m));
    unroll_pairs_free(p);
    return m;
}

static unroll_model *model_of(const char *options)
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
    OK(unroll_model_new(c, v, &m));
    OK(unroll_model_init(m));
    unroll_ids_free(&ids);
    unroll_config_free(c);
    return m;
}

static const char *const MODELS[] = {
    "task translate tokens byte",
    "task translate tokens word embedding 4 attention additive bidirectional true cell gru",
    "cell lstm",
    "cell rnn activation relu layers 1",
    "cell rnn activation prelu",
    "cell gru",
    "cell gru gru reset-before layers 3",
    "cell lstm embedding 3",
    "cell lstm embedding 5 tie true layers 1",
    "cell gru tokens byte",
    "cell lstm tokens word casefold true",
    "cell rnn tokens grapheme normalize none",
    "cell lstm min-count 2",
    "cell lstm task adding:length=10",
};

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

static void same_model(unroll_model *a, unroll_model *b)
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

START_TEST(round_trip)
{
    unroll_model *a = model_of(MODELS[_i]), *b;
    OK(unroll_model_save(a, path));
    OK(unroll_model_load(path, &b));
    same_model(a, b);
    unroll_model_free(b);
    OK(unroll_model_load(directory, &b)); /* as a run directory */
    same_model(a, b);
    unroll_model_free(b);
    unroll_model_free(a);
}
END_TEST

/* ---- what PyTorch wrote: tests/golden/make_models.py ---- */

START_TEST(from_torch)
{
    static const char *const cells[] = {"rnn", "lstm", "gru"};
    const char *srcdir = getenv("srcdir");
    char file[512];
    snprintf(file, sizeof file, "%s/tests/golden/torch_%s.safetensors", srcdir ? srcdir : ".",
             cells[_i]);
    unroll_model *m;
    unroll_tensors t;
    unroll_stepper *s;
    OK(unroll_model_load(file, &m));
    ck_assert_uint_eq(unroll_vocabulary_size(unroll_model_vocabulary(m)), 7);
    ck_assert_uint_eq(unroll_vocabulary_find(unroll_model_vocabulary(m), "", 1), 6);
    OK(unroll_tensors_read(file, &t));
    json_t *input = json_loads(unroll_tensors_metadata(&t, "input"), 0, NULL);
    json_t *logits = json_loads(unroll_tensors_metadata(&t, "logits"), 0, NULL);
    ck_assert_uint_eq(json_array_size(input), 9);
    OK(unroll_stepper_new(unroll_model_net(m), &s));
    for (size_t i = 0; i < json_array_size(input); i++) {
        const json_t *want = json_array_get(logits, i);
        const unroll_real *got = unroll_stepper_step(
            s, (uint32_t)json_integer_value(json_array_get(input, i)));
        for (size_t k = 0; k < 7; k++)
            ck_assert_double_eq_tol((double)got[k], json_real_value(json_array_get(want, k)), 1e-5);
    }
    unroll_stepper_free(s);
    json_decref(logits);
    json_decref(input);
    unroll_tensors_free(&t);

    unroll_model *again; /* folded biases are kept */
    OK(unroll_model_save(m, path));
    OK(unroll_model_load(path, &again));
    same_model(m, again);
    unroll_model_free(again);
    unroll_model_free(m);
}
END_TEST

/* ---- faults ---- */

enum change { SET, DROP, DOUBLE, RESHAPE, RENAME, EXTRA, META };
enum { MANY = 40 };

static const struct fault {
    enum change change;
    const char *what;     /**< tensor or metadata key */
    const char *value;
    const char *part;     /**< of the message; NULL: it loads */
} FAULTS[] = {
    {SET, "rnn.weight_hh_l0", NULL, NULL},
    {DROP, "rnn.weight_hh_l1", NULL, "lacks the tensor rnn.weight_hh_l1"},
    {DROP, "rnn.weight_ih_l0", NULL, "lacks the tensor rnn.weight_ih_l0"},
    {DROP, "rnn.bias_hh_l0", NULL, "lacks the tensor rnn.bias_hh_l0"},
    {DROP, "decoder.bias", NULL, "lacks the tensor decoder.bias"},
    {DROP, "decoder.weight", NULL, "lacks the tensor decoder.weight"},
    {DOUBLE, "decoder.bias", NULL, "decoder.bias is not of dtype F32"},
    {DOUBLE, "decoder.weight", NULL, "decoder.weight is not of dtype F32"},
    {RESHAPE, "decoder.weight", NULL, "decoder.weight is"},
    {RESHAPE, "rnn.bias_ih_l1", NULL, "rnn.bias_ih_l1 is"},
    {RESHAPE, "rnn.weight_ih_l0", NULL, "rnn.weight_ih_l0 is"},
    {RENAME, "rnn.bias_ih_l1", "rnn.bias_ih_l2", "lacks the tensor rnn.bias_ih_l1"},
    {EXTRA, "rnn.weight_hh_l2", NULL, "has a tensor rnn.weight_hh_l2"},
    {EXTRA, "trainer.slot", NULL, "has a tensor trainer.slot"},
    {META, "format", "pt", NULL},
    {META, "format", NULL, NULL},
    {META, "version", "2", "newer than 1"},
    {META, "version", "x", "no number"},
    {META, "version", NULL, "no number"},
    {META, "config", NULL, "metadata has no 'config'"},
    {META, "vocabulary", NULL, "no 'vocabulary'"},
    {META, "config", "{", "no valid JSON"},
    {META, "config", "[]", "not a JSON object"},
    {META, "config", "{\"task\":\"char\",\"cell\":\"lstm\",\"layers\":2,\"hidden\":5}",
     "lacks 'tokens'"},
#define REST ",\"cell\":\"lstm\",\"layers\":2,\"tokens\":\"codepoint\"}"
    {META, "config", "{\"task\":\"char\",\"hidden\":5" REST, NULL},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"_by\":{\"a\":1}" REST, NULL},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"lr\":0.1,\"seed\":3" REST, NULL},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"dropot\":0" REST, "did you mean 'dropout'"},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"hidden\":5" REST, "duplicate"},
    {META, "config", "{\"task\":\"char\",\"hidden\":6" REST, "decoder.weight is"},
    {META, "config", "{\"task\":\"char\",\"hidden\":1000000" REST, "decoder.weight is"},
    {META, "config", "{\"task\":\"char\",\"hidden\":1000000000" REST, "--hidden"},
    {META, "config", "{\"task\":\"char\",\"hidden\":-1" REST, "--hidden"},
    {META, "config", "{\"task\":\"char\",\"hidden\":0" REST, "--hidden"},
    {META, "config", "{\"task\":\"char\",\"hidden\":5.0" REST, "wrong kind"},
    {META, "config", "{\"task\":\"char\",\"hidden\":true" REST, "wrong kind"},
    {META, "config", "{\"task\":\"char\",\"hidden\":null" REST, "wrong kind"},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"tie\":1" REST, "wrong kind"},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"tie\":true" REST, "config: --tie"},
    {META, "config", "{\"task\":\"char\",\"hidden\":5,\"embedding\":4" REST,
     "lacks the tensor encoder"},
    {META, "config", "{\"task\":\"singing\",\"hidden\":5" REST, "config: "},
    {META, "config", "{\"task\":null,\"hidden\":5" REST, "wrong kind"},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"lstm\",\"layers\":1000,\"hidden\":5,\"tokens\":\"codepoint\"}",
     "lacks the tensor rnn.weight_ih_l2"},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"lstm\",\"layers\":1,\"hidden\":5,\"tokens\":\"codepoint\"}",
     "has a tensor rnn."},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"gru\",\"layers\":2,\"hidden\":5,\"tokens\":\"codepoint\"}",
     "is [20"},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"ltsm\",\"layers\":2,\"hidden\":5,\"tokens\":\"codepoint\"}",
     "did you mean lstm"},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"lstm\",\"layers\":2,\"hidden\":5,\"tokens\":\"byte\"}", "256"},
    {META, "vocabulary", "{}", "not a JSON array"},
    {META, "vocabulary", "[]", "not a JSON array"},
    {META, "vocabulary", "[1]", "entry 0 is no string"},
    {META, "vocabulary", "[\"a\",\"b\",null]", "entry 2 is no string"},
    {META, "vocabulary", "[\"a\",\"b\"]", "decoder.weight is"},
    {META, "vocabulary", "[\"a\",\"b\",\"a\"]", "entries 0 and 2"},
    {META, "vocabulary", "[\"a\",\"\"]", ": "},
    {META, "vocabulary", "[\"a\",", "no valid JSON"},
};

/* Of a translation by words: 8 source tokens, 7 target tokens. */
static const char PAIRS[] =
    "task translate tokens word embedding 4 attention general bidirectional true";
static const struct fault PAIR_FAULTS[] = {
    {SET, "decoder.rnn.weight_hh_l0", NULL, NULL},
    {DROP, "encoder.embedding.weight", NULL, "lacks the tensor encoder.embedding.weight"},
    {DROP, "decoder.embedding.weight", NULL, "lacks the tensor decoder.embedding.weight"},
    {DROP, "decoder.output.weight", NULL, "lacks the tensor decoder.output.weight"},
    {DROP, "encoder.rnn.weight_hh_l1", NULL, "lacks the tensor encoder.rnn.weight_hh_l1"},
    {DROP, "encoder.rnn.weight_hh_l1_reverse", NULL,
     "lacks the tensor encoder.rnn.weight_hh_l1_reverse"},
    {DROP, "decoder.rnn.bias_ih_l0", NULL, "lacks the tensor decoder.rnn.bias_ih_l0"},
    {DROP, "attention.weight", NULL, "lacks the tensor attention.weight"},
    {DROP, "attention.combine.weight", NULL, "lacks the tensor attention.combine.weight"},
    {DROP, "bridge.bias_h_l1", NULL, "lacks the tensor bridge.bias_h_l1"},
    {RESHAPE, "encoder.embedding.weight", NULL, "encoder.embedding.weight is"},
    {RESHAPE, "encoder.rnn.weight_ih_l1", NULL, "encoder.rnn.weight_ih_l1 is"},
    {RESHAPE, "attention.weight", NULL, "attention.weight is"},
    {DOUBLE, "decoder.output.bias", NULL, "decoder.output.bias is not of dtype F32"},
    {EXTRA, "attention.score.weight", NULL, "has a tensor attention.score.weight"},
    {META, "source_vocabulary", NULL, "no 'source_vocabulary'"},
    {META, "vocabulary", NULL, "no 'vocabulary'"},
    {META, "source_vocabulary", "[]", "not a JSON array"},
    {META, "source_vocabulary", "[\"a\",\"b\"]", "begins with <unk>, <s> and </s>"},
    {META, "vocabulary", "[\"<unk>\",\"</s>\",\"<s>\",\"x\"]", "begins with <unk>, <s> and </s>"},
    {META, "source_vocabulary", "[\"<unk>\",\"<s>\",\"</s>\",\"x\"]",
     "encoder.embedding.weight is"},
    {META, "vocabulary", "[\"<unk>\",\"<s>\",\"</s>\",\"x\"]", "decoder.embedding.weight is"},
#define TRANSLATE "{\"task\":\"translate\",\"cell\":\"lstm\",\"layers\":2,\"tokens\":\"word\""
    {META, "config", TRANSLATE ",\"hidden\":5,\"embedding\":4,\"bidirectional\":true}",
     "has a tensor attention."},
    {META, "config", TRANSLATE ",\"hidden\":5,\"embedding\":4,\"attention\":\"general\"}",
     "encoder.rnn.weight_ih_l1 is"},
    {META, "config", TRANSLATE ",\"hidden\":1000000,\"embedding\":4}", "decoder.output.weight is"},
    {META, "config", TRANSLATE ",\"hidden\":5,\"embedding\":1000000}",
     "encoder.embedding.weight is"},
    {META, "config", TRANSLATE ",\"hidden\":5,\"embedding\":4,\"attention\":\"dott\"}",
     "did you mean dot"},
    {META, "config", TRANSLATE ",\"hidden\":5,\"embedding\":4,\"attention\":1}", "--attention"},
    {META, "config",
     "{\"task\":\"char\",\"cell\":\"lstm\",\"layers\":2,\"hidden\":5,\"embedding\":4,"
     "\"tokens\":\"word\"}", "lacks the tensor encoder.weight"},
};

/** A good model's file, changed. */
static void write_changed(const char *options, const struct fault *f)
{
    unroll_model *m = model_of(options);
    unroll_model_image image;
    OK(unroll_model_image_make(m, &image));
    static const double zeros[4096];
    static const unroll_tensor extra = {NULL, UNROLL_F32, 1, {1}, zeros};
    unroll_tensor tensor[MANY];
    unroll_metadata meta[8];
    size_t count = 0, metas = 0;
    for (size_t i = 0; i < image.count; i++) {
        unroll_tensor t = image.tensor[i];
        const bool hit = f->change != META && strcmp(t.name, f->what) == 0;
        if (hit && f->change == DROP)
            continue;
        if (hit && f->change == DOUBLE) {
            t.dtype = UNROLL_F64;
            t.data = zeros;
        }
        if (hit && f->change == RESHAPE)
            t = (unroll_tensor){.name = t.name, .dtype = UNROLL_F32, .rank = 2,
                                .shape = {t.shape[0], t.rank > 1 ? t.shape[1] + 1 : 1},
                                .data = zeros};
        if (hit && f->change == RENAME)
            t.name = f->value;
        tensor[count++] = t;
    }
    if (f->change == EXTRA) {
        tensor[count] = extra;
        tensor[count++].name = f->what;
    }
    for (size_t i = 0; i < image.metadata_count; i++) {
        const bool hit = f->change == META && strcmp(image.metadata[i].key, f->what) == 0;
        meta[metas] = image.metadata[i];
        if (hit)
            meta[metas].value = f->value;
        metas += !hit || f->value != NULL;
    }
    OK(unroll_tensors_write(path, tensor, count, meta, metas));
    unroll_model_image_free(&image);
    unroll_model_free(m);
}

static void expect_fault(const char *options, const struct fault *f)
{
    unroll_model *m;
    write_changed(options, f);
    const unroll_status status = unroll_model_load(path, &m);
    if (f->part == NULL) {
        ck_assert_msg(status == UNROLL_OK, "%s", unroll_message());
        unroll_model_free(m);
        return;
    }
    ck_assert_msg(status == UNROLL_EDATA, "status %d: %s", status, program_message());
    ck_assert_ptr_null(m);
    ck_assert_msg(strncmp(program_message(), path, strlen(path)) == 0, "no file in '%s'",
                  program_message());
    ck_assert_msg(strstr(program_message(), f->part) != NULL, "'%s' lacks '%s'", program_message(),
                  f->part);
}

START_TEST(faults)
{
    expect_fault("cell lstm", &FAULTS[_i]);
}
END_TEST

START_TEST(pair_faults)
{
    expect_fault(PAIRS, &PAIR_FAULTS[_i]);
}
END_TEST

START_TEST(no_model_there)
{
    unroll_model *m;
    ck_assert_int_eq(unroll_model_load(path, &m), UNROLL_ENOINPUT);
    ck_assert_int_eq(unroll_model_load(directory, &m), UNROLL_ENOINPUT);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "holds no model.safetensors"));
    OK(unroll_tensors_write(path, NULL, 0, &(unroll_metadata){"format", "np"}, 1));
    ck_assert_int_eq(unroll_model_load(path, &m), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "somebody else's"));
    ck_assert_ptr_nonnull(strstr(unroll_message(), "'np'"));
}
END_TEST

START_TEST(damaged)
{
    unsigned char file[8192];
    unroll_model *m = model_of("cell rnn layers 1 hidden 2");
    OK(unroll_model_save(m, path));
    unroll_model_free(m);
    FILE *f = fopen(path, "r+b");
    const size_t n = fread(file, 1, sizeof file, f);
    ck_assert_uint_lt(n, sizeof file);
    for (size_t bit = _i; bit < n * 8; bit += 11) { /* check_tensors takes every one */
        const int byte = file[bit / 8] ^ (1 << bit % 8);
        fseek(f, (long)(bit / 8), SEEK_SET);
        fputc(byte, f);
        fflush(f);
        ck_assert_int_eq(unroll_model_load(path, &m), UNROLL_EDATA);
        fseek(f, (long)(bit / 8), SEEK_SET);
        fputc(file[bit / 8], f);
    }
    fclose(f);
    OK(unroll_model_load(path, &m));
    unroll_model_free(m);
}
END_TEST

START_TEST(tied_files)
{
    unroll_model *m = model_of("cell lstm embedding 5 tie true layers 1"), *n;
    unroll_model_image image;
    OK(unroll_model_image_make(m, &image));
    unroll_tensor both[MANY];
    const unroll_tensor *encoder = NULL;
    for (size_t i = 0; i < image.count; i++) {
        both[i] = image.tensor[i];
        ck_assert_str_ne(both[i].name, "decoder.weight");
        if (strcmp(both[i].name, "encoder.weight") == 0)
            encoder = &both[i];
    }
    ck_assert_ptr_nonnull(encoder);
    both[image.count] = *encoder;
    both[image.count].name = "decoder.weight";
    OK(unroll_tensors_write(path, both, image.count + 1, image.metadata, image.metadata_count));
    OK(unroll_model_load(path, &n));
    same_model(m, n);
    unroll_model_free(n);
    const float zeros[4096] = {0};
    both[image.count].data = zeros;
    OK(unroll_tensors_write(path, both, image.count + 1, image.metadata, image.metadata_count));
    ck_assert_int_eq(unroll_model_load(path, &n), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "differ"));
    unroll_model_image_free(&image);
    unroll_model_free(m);
}
END_TEST

START_TEST(not_finite)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        unroll_model *m = model_of("cell gru"), *n;
        const unroll_parameter *list, *where;
        size_t found;
        ck_assert(unroll_model_finite(m, &where, &found));
        ck_assert_uint_eq(found, 0);
        const size_t count = unroll_net_parameters(m->net, &list);
        const unroll_parameter *last = &list[count - 1];
        unroll_net_weights(m->net)[last->offset + last->rows - 1] = bad[i];
        OK(unroll_model_save(m, path));
        OK(unroll_model_load(path, &n));
        ck_assert(!unroll_model_finite(n, &where, &found));
        ck_assert_str_eq(where->name, last->name);
        ck_assert_uint_eq(found, 1);
        unroll_model_free(n);
        unroll_model_free(m);
    }
}
END_TEST

START_TEST(copied_weights)
{
    unroll_model *a = model_of("cell gru seed 1"), *b = model_of("cell gru seed 2");
    ck_assert(memcmp(unroll_net_weights(a->net), unroll_net_weights(b->net),
                     unroll_net_size(a->net) * sizeof(unroll_real)) != 0);
    OK(unroll_model_copy_weights(a, b));
    same_model(a, b);
    unroll_model_free(b);
    b = model_of("cell gru layers 3");
    ck_assert_int_eq(unroll_model_copy_weights(a, b), UNROLL_EMISMATCH);
    unroll_model_free(b);
    b = model_of("cell gru hidden 6");
    ck_assert_int_eq(unroll_model_copy_weights(a, b), UNROLL_EMISMATCH);
    unroll_model_free(b);
    unroll_model_free(a);
}
END_TEST

START_TEST(allocations_fail)
{
    unroll_model *m = model_of("cell lstm embedding 3"), *loaded = NULL;
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_model_save(m, path);
        unroll_alloc_fail_after(-1);
        /* once the file is there, its directory may not be synced for want of memory */
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY ||
                          (status == UNROLL_EIO && access(path, F_OK) == 0),
                      "save %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 20);
    n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_model_load(path, &loaded);
        unroll_alloc_fail_after(-1);
        ck_assert_msg(status == UNROLL_OK || (status == UNROLL_EMEMORY && loaded == NULL),
                      "load %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 40);
    same_model(m, loaded);
    unroll_model_free(loaded);
    unroll_model_free(m);
}
END_TEST

/* ---- training in memory ---- */

static unroll_status count_step(void *arg, const unroll_progress *progress)
{
    ck_assert_uint_eq(progress->step, ++*(uint64_t *)arg);
    return UNROLL_OK;
}

START_TEST(train_in_memory)
{
    char text[3001];
    for (size_t i = 0; i < 3000; i++)
        text[i] = "abcd efgh "[i % 10];
    text[3000] = '\0';
    unroll_config *c = config_of("cell gru layers 1 hidden 16 lr 0.02 steps 60 threads 1");
    uint64_t steps = 0;
    unroll_model *m;
    OK(unroll_model_train(c, text, 3000, &(unroll_callbacks){&steps, count_step, NULL, NULL}, &m));
    ck_assert_uint_eq(steps, 60);
    unroll_stepper *s;
    OK(unroll_stepper_new(unroll_model_net(m), &s));
    const unroll_vocabulary *v = unroll_model_vocabulary(m);
    const unroll_real *logits = NULL;
    for (size_t i = 0; i < 20; i++)
        logits = unroll_stepper_step(s, unroll_vocabulary_find(v, text + i, 1));
    const uint32_t a = unroll_vocabulary_find(v, "a", 1);
    for (uint32_t i = 0; i < unroll_vocabulary_size(v); i++)
        ck_assert(i == a || logits[i] < logits[a]);
    unroll_stepper_free(s);
    unroll_model_free(m);
    ck_assert_int_eq(unroll_model_train(c, "", 0, NULL, &m), UNROLL_EDATA);
    ck_assert_ptr_null(m);
    OK(unroll_config_set(c, "task", "adding"));
    ck_assert_int_eq(unroll_model_train(c, text, 3000, NULL, &m), UNROLL_EUSAGE);
    unroll_config_free(c);
}
END_TEST

START_TEST(train_without_memory)
{
    unroll_config *c =
        config_of("cell rnn layers 1 hidden 4 steps 2 threads 1 batch 2 seq-length 5");
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_model *m = NULL;
        unroll_alloc_fail_after(n);
        status = unroll_model_train(c, TEXT, sizeof TEXT - 1, NULL, &m);
        unroll_alloc_fail_after(-1);
        ck_assert_msg(status == UNROLL_OK || (status == UNROLL_EMEMORY && m == NULL),
                      "train %ld: %d %s", n, status, unroll_message());
        unroll_model_free(m);
    }
    ck_assert_int_gt(n, 40);
    unroll_config_free(c);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("model");
    TCase *c = new_case(s, "model");
    tcase_add_checked_fixture(c, enter_directory, leave_one_file);
    tcase_add_loop_test(c, round_trip, 0, sizeof MODELS / sizeof MODELS[0]);
    tcase_add_loop_test(c, from_torch, 0, 3);
    tcase_add_loop_test(c, faults, 0, sizeof FAULTS / sizeof FAULTS[0]);
    tcase_add_loop_test(c, pair_faults, 0, sizeof PAIR_FAULTS / sizeof PAIR_FAULTS[0]);
    tcase_add_test(c, no_model_there);
    tcase_add_loop_test(c, damaged, 0, 2);
    tcase_add_test(c, tied_files);
    tcase_add_test(c, not_finite);
    tcase_add_test(c, copied_weights);
    tcase_add_test(c, allocations_fail);
    tcase_add_test(c, train_in_memory);
    tcase_add_test(c, train_without_memory);
    return s;
}
