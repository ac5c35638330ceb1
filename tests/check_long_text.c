/* Texts that are read piece by piece, and ids of one, two and four bytes. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/id_store.h"
#include "base/memory.h"
#include "base/rng.h"
#include "data/corpus.h"
#include "own_directory.h"
#include "runner.h"
#include "texts.h"

/* ---- ids ---- */

static void holds(const unroll_id_store *s, const uint32_t *id, size_t count, unsigned bytes)
{
    ck_assert_uint_eq(s->count, count);
    ck_assert_uint_eq(s->bytes, bytes);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(unroll_id_at(unroll_id_store_span(s), i), id[i]);
}

START_TEST(test_ids_grow_wider)
{
    static const uint32_t id[] = {0, 255, 7, 256, 3, 65535, 65536, UINT32_MAX, 1};
    static const unsigned bytes[] = {1, 1, 1, 2, 2, 2, 4, 4, 4};
    unroll_id_store s = {0};
    for (size_t i = 0; i < sizeof id / sizeof *id; i++) {
        OK(unroll_id_store_add(&s, id + i, 1));
        holds(&s, id, i + 1, bytes[i]);
    }
    uint32_t to[9];
    unroll_id_copy(unroll_id_from(unroll_id_store_span(&s), 1), 4, to, 2);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(to[2 * i], id[1 + i]);
    unroll_id_store_fit(&s);
    ck_assert_uint_eq(s.room, s.count);
    holds(&s, id, 9, 4);
    unroll_id_store_free(&s);
}
END_TEST

/* Ids 0 … n − 1 are mapped to their mirror image below `size`, which takes more bytes, as many or fewer. */
START_TEST(test_ids_are_mapped)
{
    static const struct {
        uint32_t n, size;
        unsigned bytes;
    } cases[] = {{200, 257, 2},   {256, 256, 1},   {300, 256, 1},     {300, 65536, 2},
                 {300, 65537, 4}, {70000, 256, 1}, {70000, 65536, 2}, {70000, 70003, 4}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const uint32_t n = cases[k].n, size = cases[k].size;
        uint32_t *id = unroll_alloc(n, sizeof *id), *map = unroll_alloc(n, sizeof *map);
        unroll_id_store s = {0};
        ck_assert(id && map);
        for (uint32_t i = 0; i < n; i++) {
            id[i] = i;
            map[i] = (size - 1 - i % size) % size;
        }
        OK(unroll_id_store_add(&s, id, n));
        OK(unroll_id_store_map(&s, map, size - 1));
        holds(&s, map, n, cases[k].bytes);
        unroll_id_store_free(&s);
        unroll_free(map);
        unroll_free(id);
    }
}
END_TEST

/* ---- pieces ---- */

enum { LONG = 400000 };

/* Bits of text whose neighbours matter: marks and Hangul parts that combine, clusters, apostrophes, line ends. */
static const char *const bits[] = {"a",
                                   "don't",
                                   "'",
                                   " ",
                                   " ",
                                   "\n",
                                   "\r\n",
                                   "e\xCC\x81",
                                   "\xCC\x81",
                                   "\xC3\xA9",
                                   "\xE1\x84\x80\xE1\x85\xA1",
                                   "\xE1\x86\xA8",
                                   "\xE6\x97\xA5\xE6\x9C\xAC",
                                   "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9",
                                   "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",
                                   "\xD8\x80",
                                   "\t",
                                   ",",
                                   "\xEF\xAC\x81",
                                   "A",
                                   "\xC3\x84"};

/* @param spaces  whether there are any, and line ends */
static char *long_text(uint64_t seed, bool spaces)
{
    char *text = unroll_alloc(LONG + 32, 1);
    size_t length = 0;
    unroll_rng rng;
    ck_assert_ptr_nonnull(text);
    unroll_rng_seed(&rng, seed, 0);
    while (length < LONG) {
        const char *bit = bits[unroll_rng_below(&rng, sizeof bits / sizeof *bits)];
        if (!spaces && strpbrk(bit, " \n"))
            continue;
        memcpy(text + length, bit, strlen(bit));
        length += strlen(bit);
    }
    return text;
}

/* Appends a text's tokens, each with a bar behind it. */
static void list_tokens(const unroll_text_rules *rules, const char *text, size_t length, char *list)
{
    unroll_text ready;
    OK(unroll_text_prepare_piece(rules, "NAME", text, length, 9, &ready));
    unroll_splitter s = {rules->tokens, ready.bytes, ready.bytes + ready.length};
    const char *token;
    for (size_t n; unroll_splitter_next(&s, &token, &n);) {
        strncat(list, token, n);
        strcat(list, "|");
    }
    unroll_text_free(&ready);
}

/* What is cut off a text has the tokens that it has in the text, and so has what is left. */
START_TEST(test_cuts)
{
    enum { BITS = sizeof bits / sizeof *bits };
    int cuts = 0;
    for (int form = 0; form < 4; form++) {
        unroll_text_rules rules = rules_for((enum unroll_tokens)_i);
        rules.normalize = form % 2 ? UNROLL_NFKC : UNROLL_NFC;
        rules.casefold = form > 1;
        for (int k = 0; k < BITS * BITS * BITS; k++) {
            char text[64], whole[256] = "", parts[256] = "";
            snprintf(text, sizeof text, "%s%s%s", bits[k % BITS], bits[k / BITS % BITS],
                     bits[k / BITS / BITS]);
            const size_t length = strlen(text), n = unroll_text_piece(&rules, text, length);
            list_tokens(&rules, text, length, whole);
            list_tokens(&rules, text, n, parts);
            list_tokens(&rules, text + n, length - n, parts);
            ck_assert_str_eq(parts, whole);
            cuts += n > 0 && n < length;
        }
    }
    if (_i != UNROLL_BYTE)
        ck_assert_int_gt(cuts, 1000);
}
END_TEST

/* The corpus has the tokens that the whole text has at once. */
static void same_as_whole(const unroll_corpus *c, const unroll_text_rules *rules, const char *text)
{
    unroll_ids whole = {0};
    unroll_vocabulary *v = vocabulary_of(rules, text, strlen(text), &whole);
    const unroll_part *p = unroll_corpus_part(c, UNROLL_TRAIN);
    ck_assert_uint_eq(unroll_vocabulary_size(unroll_corpus_vocabulary(c)), unroll_vocabulary_size(v));
    ck_assert_uint_eq(p->count, whole.count);
    ck_assert_uint_eq(unroll_corpus_unknown(c), whole.unknown);
    for (size_t i = 0; i < p->count; i++)
        if (unroll_id_at(p->ids, i) != whole.id[i])
            ck_abort_msg("token %zu of %zu differs", i, p->count);
    unroll_ids_free(&whole);
    unroll_vocabulary_free(v);
}

static unroll_corpus_options all_for_training(enum unroll_tokens tokens)
{
    unroll_corpus_options o;
    unroll_corpus_options_default(&o);
    o.rules.tokens = tokens;
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    return o;
}

START_TEST(test_pieces)
{
    unroll_corpus_options o = all_for_training((enum unroll_tokens)_i);
    for (int kind = 0; kind < 4; kind++) {
        char *text = long_text(7 + (uint64_t)kind, kind < 3);
        o.rules.normalize = kind == 1 ? UNROLL_NFKC : UNROLL_NFC;
        o.rules.casefold = kind == 1;
        o.rules.min_count = kind == 2 ? 5000 : 1;
        unroll_corpus *c;
        OK(unroll_corpus_from_text(&o, "NAME", text, strlen(text), &c));
        same_as_whole(c, &o.rules, text);
        unroll_corpus_free(c);

        put_text("long", text);
        OK(unroll_corpus_read(&o, (const char *[]){"long"}, 1, NULL, NULL, &c));
        same_as_whole(c, &o.rules, text);
        unroll_corpus_free(c);
        unroll_free(text);
    }
}
END_TEST

/* What is told of a place counts from the start of the text. */
START_TEST(test_places)
{
    enum { LINES = 30000, WIDTH = 10 };
    unroll_corpus_options o = all_for_training(UNROLL_CODEPOINT);
    unroll_corpus *c, *learned;
    char *text = unroll_alloc(LINES * WIDTH + 1, 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + i * WIDTH, "abcdefghi\n", WIDTH);
    OK(unroll_corpus_from_text(&o, "NAME", text, LINES * WIDTH, &learned));

    o.vocabulary = unroll_corpus_vocabulary(learned);
    text[28000 * WIDTH + 4] = 'z';
    ck_assert_int_eq(unroll_corpus_from_text(&o, "NAME", text, LINES * WIDTH, &c), UNROLL_EDATA);
    ck_assert_msg(strstr(program_message(), "NAME:28001: 'z'") != NULL, "%s", program_message());

    o.vocabulary = NULL;
    text[29000 * WIDTH + 4] = (char)0xFF;
    ck_assert_int_eq(unroll_corpus_from_text(&o, "NAME", text, LINES * WIDTH, &c), UNROLL_EDATA);
    ck_assert_msg(strstr(program_message(), "NAME: byte 290004: ") != NULL, "%s", program_message());

    o.rules.replace = true;
    o.note = take_note;
    notes[0] = '\0';
    text[4] = (char)0xFF;
    OK(unroll_corpus_from_text(&o, "NAME", text, LINES * WIDTH, &c));
    ck_assert_ptr_nonnull(strstr(notes, "NAME: 2 invalid UTF-8 sequences"));
    unroll_corpus_free(c);
    unroll_corpus_free(learned);
    unroll_free(text);
}
END_TEST

/* A newline whose id takes more bytes than any id of the text. */
START_TEST(test_lines_of_a_wide_newline)
{
    unroll_corpus_options o = all_for_training(UNROLL_WORD);
    unroll_corpus *c, *learned;
    static char text[400 * 16];
    size_t length = 0;
    for (int i = 0; i < 400; i++) /* twice each, so that the newline is the last */
        length += (size_t)snprintf(text + length, sizeof text - length, "w%d w%d ", i, i);
    text[length++] = '\n';
    OK(unroll_corpus_from_text(&o, "NAME", text, length, &learned));
    o.vocabulary = unroll_corpus_vocabulary(learned);
    o.lines = true;
    const uint32_t newline = unroll_vocabulary_find(o.vocabulary, "\n", 1);
    ck_assert_uint_eq(newline, 400);
    OK(unroll_corpus_from_text(&o, "NAME", "w1 w2", 5, &c));
    const unroll_part *p = unroll_corpus_part(c, UNROLL_TRAIN);
    ck_assert_uint_eq(p->lines, 1);
    ck_assert_uint_eq(p->count, 4);
    ck_assert_uint_eq(unroll_id_at(p->ids, 0), newline);
    ck_assert_uint_lt(unroll_id_at(p->ids, 1), 256);
    ck_assert_uint_eq(unroll_id_at(p->ids, 3), newline);
    unroll_corpus_free(c);
    unroll_corpus_free(learned);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("long text");
    TCase *t = new_case(suite, "ids");
    tcase_add_test(t, test_ids_grow_wider);
    tcase_add_test(t, test_ids_are_mapped);
    t = new_case(suite, "pieces");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_loop_test(t, test_cuts, UNROLL_BYTE, UNROLL_WORD + 1);
    tcase_add_loop_test(t, test_pieces, UNROLL_BYTE, UNROLL_WORD + 1);
    tcase_add_test(t, test_places);
    tcase_add_test(t, test_lines_of_a_wide_newline);
    return suite;
}
