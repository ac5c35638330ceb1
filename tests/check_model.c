/* Models in memory and in files: written and read again, from PyTorch, tied, copied, and trained in memory. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <unroll/model.h>

#include "allowance.h"
#include "base/memory.h"
#include "config/config.h"
#include "own_directory.h"
#include "runner.h"
#include "small_models.h"
#include "store/model.h"

static const char *const MODELS[] = {
    "task translate tokens byte",
    "task translate tokens word embedding 4 attention additive bidirectional true cell gru",
    "cell lstm",
    "cell rnn activation relu layers 1",
    "cell rnn activation prelu",
    "cell gru",
    "cell gru gru reset-before layers 3",
    "cell lstm lstm peephole embedding 4",
    "cell lstm embedding 3",
    "cell lstm embedding 5 tie true layers 1",
    "cell gru tokens byte",
    "cell lstm tokens word casefold true",
    "cell rnn tokens grapheme normalize none",
    "cell lstm min-count 2",
    "cell lstm task adding:length=10",
};

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
    char name[64];
    snprintf(name, sizeof name, "tests/golden/torch_%s.safetensors", cells[_i]);
    const char *file = source_path(name);
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
        const unroll_real *got =
            unroll_stepper_step(s, (uint32_t)json_integer_value(json_array_get(input, i)));
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

enum { MANY = 40 };

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
    for (; allow(n); n++) {
        const unroll_status status = unroll_model_save(m, path);
        allowed(status);
        /* once the file is there, its directory may not be synced for want of memory */
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY ||
                          (status == UNROLL_EIO && access(path, F_OK) == 0),
                      "save %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 20);
    for (n = 0; allow(n); n++) {
        unroll_model_free(loaded);
        const unroll_status status = unroll_model_load(path, &loaded);
        allowed(status);
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
    OK(unroll_model_train(c, text, 3000,
                          &(unroll_callbacks){sizeof(unroll_callbacks), &steps, count_step, NULL, NULL},
                          &m));
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
    unroll_config *c = config_of("cell rnn layers 1 hidden 4 steps 2 threads 1 batch 2 seq-length 5");
    long n = 0;
    for (; allow(n); n++) {
        unroll_model *m = NULL;
        const unroll_status status = unroll_model_train(c, TEXT, strlen(TEXT), NULL, &m);
        allowed(status);
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
    tcase_add_checked_fixture(c, enter_directory, leave_model);
    tcase_add_loop_test(c, round_trip, 0, sizeof MODELS / sizeof MODELS[0]);
    tcase_add_loop_test(c, from_torch, 0, 3);
    tcase_add_test(c, tied_files);
    tcase_add_test(c, not_finite);
    tcase_add_test(c, copied_weights);
    tcase_add_test(c, allocations_fail);
    tcase_add_test(c, train_in_memory);
    tcase_add_test(c, train_without_memory);
    return s;
}
