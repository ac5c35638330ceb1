/* Files that hold no model, or one that is damaged or does not fit its own configuration: what each is refused for. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unroll/model.h>

#include "own_directory.h"
#include "runner.h"
#include "small_models.h"
#include "store/model.h"

enum change { SET, DROP, DOUBLE, RESHAPE, RENAME, EXTRA, META };
enum { MANY = 40 };

static const struct fault {
    enum change change;
    const char *what; /**< tensor or metadata key */
    const char *value;
    const char *part; /**< of the message; NULL: it loads */
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
    {META, "config", "{\"task\":\"\",\"hidden\":5" REST, "--task: '' is no name"}, /* fault 1 */
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
/* clang-format off */
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
/* clang-format on */

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
            t = (unroll_tensor){.name = t.name,
                                .dtype = UNROLL_F32,
                                .rank = 2,
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

Suite *make_suite(void)
{
    Suite *s = suite_create("model faults");
    TCase *c = new_case(s, "model");
    tcase_add_checked_fixture(c, enter_directory, leave_model);
    tcase_add_loop_test(c, faults, 0, sizeof FAULTS / sizeof FAULTS[0]);
    tcase_add_loop_test(c, pair_faults, 0, sizeof PAIR_FAULTS / sizeof PAIR_FAULTS[0]);
    tcase_add_test(c, no_model_there);
    tcase_add_loop_test(c, damaged, 0, 2);
    return s;
}
