/* Corpora: shares, short texts, lines, files, and what is refused. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/corpus.h"
#include "own_directory.h"
#include "runner.h"
#include "texts.h"

static unroll_corpus *corpus_of(const unroll_corpus_options *options, const char *text)
{
    unroll_corpus *c;
    notes[0] = '\0';
    ck_assert_int_eq(unroll_corpus_from_text(options, "NAME", text, strlen(text), &c), UNROLL_OK);
    return c;
}

static unroll_corpus_options options_with_notes(void)
{
    unroll_corpus_options options;
    unroll_corpus_options_default(&options);
    options.note = take_note;
    return options;
}

START_TEST(test_split)
{
    unroll_corpus_options options = options_with_notes();
    char text[1001];
    memset(text, 'a', 1000);
    text[1000] = '\0';
    for (int i = 0; i < 1000; i += 3)
        text[i] = 'b';
    unroll_corpus *c = corpus_of(&options, text);
    const unroll_part *train = unroll_corpus_part(c, UNROLL_TRAIN);
    const unroll_part *valid = unroll_corpus_part(c, UNROLL_VALID);
    const unroll_part *test = unroll_corpus_part(c, UNROLL_TEST);
    ck_assert_uint_eq(train->count, 900);
    ck_assert_uint_eq(valid->count, 50);
    ck_assert_uint_eq(test->count, 50);
    ck_assert_ptr_eq(valid->ids.id, unroll_id_from(train->ids, 900).id);
    ck_assert_ptr_eq(test->ids.id, unroll_id_from(valid->ids, 50).id);
    ck_assert_str_eq(notes, "");
    const uint64_t print = unroll_corpus_fingerprint(c);
    unroll_corpus_free(c);

    text[999] ^= 'a' ^ 'b';
    c = corpus_of(&options, text);
    ck_assert_uint_ne(unroll_corpus_fingerprint(c), print);
    text[999] ^= 'a' ^ 'b';
    unroll_corpus_free(c);
    options.split[0] = 0.8;
    c = corpus_of(&options, text);
    ck_assert_uint_ne(unroll_corpus_fingerprint(c), print);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_TRAIN)->count, 800);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_TEST)->count, 50);
    unroll_corpus_free(c);

    static const double bad[][3] = {{0.9, 0.2, 0}, {-0.1, 0, 0}, {0.5, -1, 0}, {1, 1e-6, 0}};
    for (size_t i = 0; i < 4; i++) {
        memcpy(options.split, bad[i], sizeof bad[i]);
        ck_assert_int_eq(unroll_corpus_from_text(&options, "NAME", text, 9, &c), UNROLL_EUSAGE);
    }
}
END_TEST

/* No text is too small, but an empty one. */
START_TEST(test_small_corpora)
{
    unroll_corpus_options options = options_with_notes();
    for (int lines = 0; lines < 2; lines++) {
        options.lines = lines;
        char text[64] = "";
        for (size_t n = 1; n < 60; n++) {
            text[n - 1] = n % 7 ? (char)('a' + n % 5) : '\n';
            unroll_corpus *c = corpus_of(&options, text);
            ck_assert_uint_ge(unroll_corpus_part(c, UNROLL_TRAIN)->count, 2);
            ck_assert_uint_ne(unroll_corpus_part(c, UNROLL_VALID)->count, 1);
            ck_assert_uint_ne(unroll_corpus_part(c, UNROLL_TEST)->count, 1);
            if (unroll_corpus_part(c, UNROLL_VALID)->count == 0)
                ck_assert_ptr_nonnull(strstr(notes, "validation part"));
            unroll_corpus_free(c);
        }
    }
}
END_TEST

START_TEST(test_corpus_faults)
{
    unroll_corpus_options options = options_with_notes();
    unroll_corpus *c;
    ck_assert_int_eq(unroll_corpus_from_text(&options, "NAME", "", 0, &c), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "NAME: is empty"));
    options.lines = true;
    ck_assert_int_eq(unroll_corpus_from_text(&options, "NAME", "\n\n\n", 3, &c), UNROLL_EDATA);
    options.lines = false;
    c = corpus_of(&options, "a");
    ck_assert_ptr_nonnull(strstr(notes, "one token"));
    unroll_corpus_free(c);
    c = corpus_of(&options, "aaaaaaaa");
    ck_assert_ptr_nonnull(strstr(notes, "one symbol"));
    unroll_corpus_free(c);
    c = corpus_of(&options, "\xEF\xBB\xBF"
                            "abcd");
    ck_assert_ptr_nonnull(strstr(notes, "byte order mark"));
    ck_assert_uint_eq(unroll_corpus_tokens(c), 4);
    unroll_corpus_free(c);
}
END_TEST

START_TEST(test_lines)
{
    unroll_corpus_options options = options_with_notes();
    options.lines = true;
    options.split[0] = 0.5;
    options.split[1] = 0.25;
    options.split[2] = 0.25;
    options.rules.tokens = _i ? UNROLL_CODEPOINT : UNROLL_BYTE;
    unroll_corpus *c = corpus_of(&options, "\nab\n\n\ncde\nf\ngh");
    const uint32_t newline = unroll_vocabulary_find(unroll_corpus_vocabulary(c), "\n", 1);
    static const size_t lengths[] = {2, 3, 1, 2};
    size_t k = 0;
    for (int split = UNROLL_TRAIN; split <= UNROLL_TEST; split++) {
        const unroll_part *p = unroll_corpus_part(c, split);
        ck_assert_uint_eq(p->lines, split == UNROLL_TRAIN ? 2 : 1);
        for (size_t i = 0; i < p->lines; i++, k++) {
            ck_assert_uint_eq(unroll_id_at(p->ids, p->line[i]), newline);
            ck_assert_uint_eq(unroll_id_at(p->ids, p->line[i + 1]), newline);
            ck_assert_uint_eq(p->line[i + 1] - p->line[i], lengths[k] + 1);
            for (size_t at = p->line[i] + 1; at < p->line[i + 1]; at++)
                ck_assert_uint_ne(unroll_id_at(p->ids, at), newline);
        }
    }
    ck_assert_uint_eq(k, 4);
    unroll_corpus_free(c);

    /* a text without any newline has one all the same: samples begin with it */
    options.rules.min_count = 2;
    c = corpus_of(&options, "aab");
    ck_assert_uint_ne(unroll_vocabulary_find(unroll_corpus_vocabulary(c), "\n", 1), UINT32_MAX);
    unroll_corpus_free(c);
}
END_TEST

START_TEST(test_files)
{
    static const char a[] = "a", b[] = "b", v[] = "v";
    put_text(a, "\xEF\xBB\xBF"
                "abcabc");
    put_text(b, "\xEF\xBB\xBF"
                "bcdbcd");
    put_text(v, "dcba");
    const char *const files[] = {a, b};
    unroll_corpus_options options = options_with_notes();
    options.split[0] = 0.5;
    options.split[1] = 0.25;
    options.split[2] = 0.25;
    unroll_corpus *c;
    notes[0] = '\0';
    ck_assert_int_eq(unroll_corpus_read(&options, files, 2, v, NULL, &c), UNROLL_OK);
    static const uint32_t train[] = {0, 1, 2, 0, 1, 2, 1, 2, 3}, valid[] = {3, 2, 1, 0};
    const unroll_part *p = unroll_corpus_part(c, UNROLL_TRAIN);
    ck_assert_uint_eq(p->count, 9); /* 0.5 and validation's 0.25 of 12 */
    for (size_t i = 0; i < 9; i++)
        ck_assert_uint_eq(unroll_id_at(p->ids, i), train[i]);
    p = unroll_corpus_part(c, UNROLL_VALID);
    ck_assert_uint_eq(p->count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(unroll_id_at(p->ids, i), valid[i]);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_TEST)->count, 3);
    ck_assert_uint_eq(unroll_corpus_tokens(c), 16);
    const char *first = strstr(notes, "byte order mark");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first + 1, "byte order mark"));

    /* the vocabulary of one corpus numbers another; it outlives the first */
    unroll_vocabulary *vocabulary = unroll_corpus_take_vocabulary(c);
    unroll_corpus_free(c);
    options.vocabulary = vocabulary;
    c = corpus_of(&options, "dddd");
    ck_assert_uint_eq(unroll_id_at(unroll_corpus_part(c, UNROLL_TRAIN)->ids, 0), 3);
    ck_assert_ptr_null(unroll_corpus_take_vocabulary(c));
    unroll_corpus_free(c);
    c = corpus_of(&options, "d"); /* only what is learned from is taken twice */
    ck_assert_uint_eq(unroll_corpus_tokens(c), 1);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_TRAIN)->count, 0);
    unroll_corpus_free(c);
    unroll_vocabulary_free(vocabulary);
    options.vocabulary = NULL;

    put_text(v, "xyz");
    ck_assert_int_eq(unroll_corpus_read(&options, files, 2, v, NULL, &c), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "'x'"));
    put_text(v, "");
    ck_assert_int_eq(unroll_corpus_read(&options, files, 2, NULL, v, &c), UNROLL_EDATA);
    ck_assert_int_eq(unroll_corpus_read(&options, files, 0, NULL, NULL, &c), UNROLL_EDATA);
    options.max_input = 5;
    ck_assert_int_eq(unroll_corpus_read(&options, files, 1, NULL, NULL, &c), UNROLL_EDATA);
    ck_assert_ptr_null(c);
    unlink(a);
    ck_assert_int_eq(unroll_corpus_read(&options, files, 1, NULL, NULL, &c), UNROLL_ENOINPUT);
}
END_TEST

START_TEST(test_corpus_memory)
{
    unroll_corpus_options options;
    unroll_corpus_options_default(&options);
    options.lines = true;
    static const char text[] = "A\xCC\x8A\nb\nc\n";
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_corpus *c;
        unroll_alloc_fail_after(n);
        status = unroll_corpus_from_text(&options, "NAME", text, sizeof text - 1, &c);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        unroll_corpus_free(c);
        ck_assert_int_lt(n, 100);
    }
    ck_assert_int_gt(n, 8);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("corpus");
    TCase *t = new_case(suite, "corpus");
    tcase_add_test(t, test_split);
    tcase_add_test(t, test_small_corpora);
    tcase_add_test(t, test_corpus_faults);
    tcase_add_loop_test(t, test_lines, 0, 2);
    tcase_add_test(t, test_corpus_memory);
    t = new_case(suite, "files");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_test(t, test_files);
    return suite;
}
