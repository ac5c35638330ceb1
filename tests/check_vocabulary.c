/* Vocabularies: how tokens are numbered, found, spelled and joined again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runner.h"
#include "texts.h"

/* ---- tokens ---- */

static unroll_vocabulary *build(const unroll_text_rules *rules, const char *text, unroll_ids *ids)
{
    return vocabulary_of(rules, text, strlen(text), ids);
}

static void check_glue(const char *text, const char *want)
{
    const unroll_text_rules rules = rules_for(UNROLL_WORD);
    unroll_ids ids = {0};
    unroll_vocabulary *v = build(&rules, text, &ids);
    char got[256] = "";
    size_t n = 0, length;
    for (size_t i = 0; i < ids.count; i++) {
        const char *glue = unroll_vocabulary_glue(v, i ? ids.id[i - 1] : UINT32_MAX, ids.id[i]);
        const char *token = unroll_vocabulary_token(v, ids.id[i], &length);
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", glue, (int)length, token);
    }
    ck_assert_str_eq(got, want);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}

START_TEST(test_glue)
{
    static const char *const same[] = {"Don't stop, now.\nYes (really); well-known “quotes” – so!",
                                       "¿Qué? ¡No!", "one\r\n\r\ntwo"};
    check_glue(same[0], same[0]);
    check_glue(same[2], same[2]);
    check_glue("  the   dog\t. ", "the dog.");
}
END_TEST

/* ---- vocabulary ---- */

static void check_token(const unroll_vocabulary *v, uint32_t id, const char *want)
{
    size_t length;
    ck_assert_str_eq(unroll_vocabulary_token(v, id, &length), want);
    ck_assert_uint_eq(length, strlen(want));
    ck_assert_uint_eq(unroll_vocabulary_find(v, want, length), id);
}

START_TEST(test_order)
{
    unroll_ids ids = {0};
    unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    unroll_vocabulary *v = build(&rules, "zé\naz😀", &ids);
    static const char *const by_point[] = {"\n", "a", "z", "é", "😀"};
    ck_assert_uint_eq(unroll_vocabulary_size(v), 5);
    for (uint32_t i = 0; i < 5; i++)
        check_token(v, i, by_point[i]);
    ck_assert_uint_eq(unroll_vocabulary_unknown(v), UINT32_MAX);
    unroll_vocabulary_free(v);
    ids.count = 0;

    rules.tokens = UNROLL_WORD;
    v = build(&rules, "c b a b c b x", &ids);
    static const char *const by_count[] = {"b", "c", "a", "x"};
    for (uint32_t i = 0; i < 4; i++)
        check_token(v, i, by_count[i]);
    static const uint32_t want[] = {1, 0, 2, 0, 1, 0, 3};
    ck_assert_mem_eq(ids.id, want, sizeof want);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}
END_TEST

START_TEST(test_min_count)
{
    unroll_ids ids = {0};
    unroll_text_rules rules = rules_for(UNROLL_WORD);
    rules.min_count = 2;
    unroll_vocabulary *v = build(&rules, "a b a c <unk> <unk>", &ids);
    /* the letters of "<unk>" in a text are no special token */
    static const char *const tokens[] = {"<unk>", "<", ">", "a", "unk"};
    ck_assert_uint_eq(unroll_vocabulary_size(v), 5);
    for (uint32_t i = 0; i < 5; i++)
        check_token(v, i, tokens[i]);
    static const uint32_t want[] = {3, 0, 3, 0, 1, 4, 2, 1, 4, 2};
    ck_assert_uint_eq(ids.count, 10);
    ck_assert_mem_eq(ids.id, want, sizeof want);
    ck_assert_uint_eq(ids.unknown, 2);
    ck_assert_uint_eq(unroll_vocabulary_unknown(v), 0);
    ids.count = ids.unknown = 0;
    ck_assert_int_eq(unroll_vocabulary_encode(v, "N", "a zebra", 7, &ids), UNROLL_OK);
    ck_assert_uint_eq(ids.id[1], 0);
    ck_assert_uint_eq(ids.unknown, 1);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}
END_TEST

START_TEST(test_unseen_token)
{
    unroll_ids ids = {0};
    const unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    unroll_vocabulary *v = build(&rules, "abc\n", &ids);
    ck_assert_int_eq(unroll_vocabulary_encode(v, "other.txt", "ab\nc\nxé", 8, &ids), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "other.txt:3: 'x'"));
    ck_assert_uint_eq(ids.count, 4);
    ck_assert_uint_eq(ids.unknown, 0);
    ck_assert_int_eq(unroll_vocabulary_encode(v, "other.txt", "cab", 3, &ids), UNROLL_OK);
    ck_assert_uint_eq(ids.count, 7);
    ck_assert_uint_eq(ids.id[4], 3);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}
END_TEST

START_TEST(test_metadata_and_back)
{
    const unroll_text_rules rules = rules_for(_i);
    unroll_ids ids = {0}, again = {0};
    unroll_vocabulary *v = build(&rules, "Ünï 👩‍👧 code\n\r\n a\xCC\xA3\xCC\x81 '", &ids),
                      *w;
    const size_t count = unroll_vocabulary_size(v);
    const char **tokens = calloc(count, sizeof *tokens);
    size_t *lengths = calloc(count, sizeof *lengths);
    char(*buffer)[8] = calloc(count, sizeof *buffer);
    for (uint32_t i = 0; i < count; i++)
        tokens[i] = unroll_vocabulary_spelling(v, i, buffer[i], &lengths[i]);
    ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, count, &w), UNROLL_OK);
    static const char text[] = "code 👩‍👧\nÜnï";
    ids.count = 0;
    ck_assert_int_eq(unroll_vocabulary_encode(v, "N", text, strlen(text), &ids), UNROLL_OK);
    ck_assert_int_eq(unroll_vocabulary_encode(w, "N", text, strlen(text), &again), UNROLL_OK);
    ck_assert_uint_eq(ids.count, again.count);
    ck_assert_mem_eq(ids.id, again.id, ids.count * sizeof *ids.id);

    unroll_vocabulary *bad;
    tokens[1] = tokens[0];
    lengths[1] = lengths[0];
    ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, count, &bad),
                     UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "the same"));
    lengths[1] = 0;
    ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, count, &bad),
                     UNROLL_EDATA);
    tokens[1] = "\xC3";
    lengths[1] = 1;
    ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, count, &bad),
                     UNROLL_EDATA);
    ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, 0, &bad), UNROLL_EDATA);
    if (_i == UNROLL_BYTE)
        ck_assert_int_eq(unroll_vocabulary_from_tokens(&rules, tokens, lengths, 255, &bad),
                         UNROLL_EDATA);
    free(tokens);
    free(lengths);
    free(buffer);
    unroll_vocabulary_free(v);
    unroll_vocabulary_free(w);
    unroll_ids_free(&ids);
    unroll_ids_free(&again);
}
END_TEST

START_TEST(test_many_tokens)
{
    char *text = malloc(200000);
    size_t n = 0;
    for (int i = 0; i < 20000; i++)
        n += (size_t)sprintf(text + n, "w%d ", i);
    const unroll_text_rules rules = rules_for(UNROLL_WORD);
    unroll_ids ids = {0};
    unroll_vocabulary *v = build(&rules, text, &ids);
    ck_assert_uint_eq(unroll_vocabulary_size(v), 20000);
    check_token(v, ids.id[12345], "w12345");
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
    free(text);
}
END_TEST

START_TEST(test_rules_are_checked)
{
    const unroll_text_rules good = rules_for(UNROLL_CODEPOINT);
    unroll_text_rules bad[3] = {good, good, good};
    bad[0].size = 0;
    bad[1].tokens = (enum unroll_tokens)99;
    bad[2].normalize = (enum unroll_normalize) - 1;
    for (size_t i = 0; i < 3; i++) {
        static const char *const tokens[] = {"a"};
        unroll_vocabulary *v = NULL;
        unroll_ids ids = {0};
        ck_assert_int_eq(unroll_vocabulary_build(&bad[i], "NAME", "a", 1, &v, &ids), UNROLL_EUSAGE);
        ck_assert_ptr_null(v);
        ck_assert_int_eq(unroll_vocabulary_from_tokens(&bad[i], tokens, &(size_t){1}, 1, &v),
                         UNROLL_EUSAGE);
        ck_assert_ptr_null(v);
    }
}
END_TEST

/* Let each allocation in turn fail: 71, and what was made is gone (AddressSanitizer sees to it). */
START_TEST(test_memory)
{
    unroll_text_rules rules = rules_for(_i);
    rules.casefold = true;
    rules.replace = true;
    static const char text[] = "Aé\xCC\x81 wide \xFF words, and A\xCC\x8A line\n";
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_vocabulary *v;
        unroll_ids ids = {0};
        unroll_alloc_fail_after(n);
        status = unroll_vocabulary_build(&rules, "NAME", text, sizeof text - 1, &v, &ids);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        unroll_vocabulary_free(v);
        unroll_ids_free(&ids);
        ck_assert_int_lt(n, 100);
    }
    ck_assert_int_gt(n, 5);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("vocabulary");
    TCase *t = new_case(suite, "vocabulary");
    const int kinds = 4;
    tcase_add_test(t, test_glue);
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_min_count);
    tcase_add_test(t, test_unseen_token);
    tcase_add_loop_test(t, test_metadata_and_back, 0, kinds);
    tcase_add_test(t, test_many_tokens);
    tcase_add_test(t, test_rules_are_checked);
    tcase_add_loop_test(t, test_memory, 0, kinds);
    return suite;
}
