/* Sentence pairs: reading, splitting, numbering, single sentences. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/pairs.h"
#include "own_directory.h"
#include "runner.h"
#include "texts.h"

static char *text_of(const unroll_pairs *p, const unroll_pair *pair, enum unroll_side side)
{
    char *text;
    size_t length;
    ck_assert_int_eq(unroll_target_text(unroll_pairs_vocabulary(p, side), pair->id[side],
                                        pair->length[side], NULL, NULL, &text, &length),
                     UNROLL_OK);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

static void expect_pair(const unroll_pairs *p, const unroll_pair *pair, const char *source,
                        const char *target)
{
    char *s = text_of(p, pair, UNROLL_SOURCE), *t = text_of(p, pair, UNROLL_TARGET);
    ck_assert_str_eq(s, source);
    ck_assert_str_eq(t, target);
    unroll_free(s);
    unroll_free(t);
}

/* ---- lines ---- */

static const struct bad_line {
    const char *text, *says;
    size_t good; /* pairs that are left with skip_bad */
} bad_lines[] = {
    {"a b\tc d\nno tab here\ne\tf\n", "NAME:2: has no tab", 2},
    {"a\tb\n\nc\td\n", "NAME:2: has no tab", 2},
    {"\tb\na\tb\n", "NAME:1: has nothing before the tab", 1},
    {" \r\tb\na\tb\n", "NAME:1: has nothing before the tab", 1},
    {"a\tb\na\t\n", "NAME:2: has nothing after the tab", 1},
    {"a\tb\na\t\tfurther\n", "NAME:2: has nothing after the tab", 1},
    {"a\tb\na b c d e f\tb\n", "NAME:2: has 6 tokens before the tab, more than --max-length 5", 1},
    {"a b c d e\tb\na\tb c d e f g h",
     "NAME:2: has 7 tokens after the tab, more than --max-length 5", 1},
};

START_TEST(test_bad_lines)
{
    const struct bad_line *b = &bad_lines[_i];
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    unroll_pairs *p;
    o.max_length = 5;
    ck_assert_int_eq(unroll_pairs_from_text(&o, "NAME", b->text, strlen(b->text), &p), UNROLL_EDATA);
    ck_assert_ptr_null(p);
    ck_assert_msg(strstr(program_message(), b->says) != NULL, "%s", program_message());
    ck_assert_ptr_nonnull(strstr(program_message(), "--skip-bad"));
    o.skip_bad = true;
    p = pairs_of(&o, b->text);
    ck_assert_uint_eq(unroll_pairs_get_part(p, UNROLL_TRAIN)->count, b->good);
    ck_assert_uint_eq(unroll_pairs_bad(p), 1);
    ck_assert_ptr_nonnull(strstr(notes, "1 bad lines"));
    unroll_pairs_free(p);
}
END_TEST

/* clang-format off */
static const char *const nothing[][2] = {
    {"", "is empty"}, {"\xEF\xBB\xBF", "is empty"}, {"\n", "no pair is left"},
    {"ab\xFF\tc\n", "byte 2: not UTF-8"},
};
/* clang-format on */

START_TEST(test_nothing_to_read)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    unroll_pairs *p;
    o.skip_bad = true;
    ck_assert_int_eq(unroll_pairs_from_text(&o, "NAME", nothing[_i][0], strlen(nothing[_i][0]), &p),
                     UNROLL_EDATA);
    ck_assert_ptr_null(p);
    ck_assert_msg(strstr(unroll_message(), nothing[_i][1]) != NULL, "%s", unroll_message());
}
END_TEST

/* Tatoeba's and Anki's columns, DOS line ends, a BOM and blanks change nothing. */
START_TEST(test_layouts)
{
    static const char *const layouts[] = {
        "Go.\tGeh.\nI see you!\tIch sehe dich!\n",
        "\xEF\xBB\xBFGo.\tGeh.\r\nI see you!\tIch sehe dich!\r\n",
        "Go.\tGeh.\tCC-BY 2.0 (France) #1\nI see you!\tIch sehe dich!\t\t\tmore",
        " Go. \t Geh. \nI see you! \tIch sehe dich!",
        "Go.\r\tGeh.\r\r\nI see you!\tIch sehe dich!\r",
    };
    for (int tokens = UNROLL_BYTE; tokens <= UNROLL_WORD; tokens++) {
        uint64_t first = 0;
        for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
            const unroll_pairs_options o = pair_options((enum unroll_tokens)tokens);
            unroll_pairs *p = pairs_of(&o, layouts[i]);
            const unroll_pairs_part *part = unroll_pairs_get_part(p, UNROLL_TRAIN);
            ck_assert_uint_eq(part->count, 2);
            ck_assert((strstr(notes, "byte order mark") != NULL) == (i == 1));
            expect_pair(p, &part->pair[0], "Go.", "Geh.");
            expect_pair(p, &part->pair[1], "I see you!", "Ich sehe dich!");
            first = i ? first : unroll_pairs_fingerprint(p);
            ck_assert_uint_eq(unroll_pairs_fingerprint(p), first);
            unroll_pairs_free(p);
        }
    }
}
END_TEST

START_TEST(test_swap_and_text)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    o.swap = o.keep_text = o.rules.casefold = true;
    unroll_pairs *p = pairs_of(&o, "The  Dog.\tDer Hund.\tmore\n");
    const unroll_pair *pair = unroll_pairs_get_part(p, UNROLL_TRAIN)->pair;
    expect_pair(p, pair, "der hund.", "the dog.");
    ck_assert_uint_eq(pair->bytes[UNROLL_TARGET], 9);
    ck_assert_int_eq(memcmp(pair->text[UNROLL_TARGET], "the  dog.", 9), 0);
    ck_assert_int_eq(memcmp(pair->text[UNROLL_SOURCE], "der hund.", 9), 0);
    ck_assert_uint_eq(pair->length[UNROLL_SOURCE], 4);
    unroll_pairs_free(p);
}
END_TEST

/* ---- vocabularies ---- */

/* Special tokens are no text, and survive a model's metadata. */
START_TEST(test_specials)
{
    const enum unroll_tokens tokens = (enum unroll_tokens)_i;
    const unroll_pairs_options o = pair_options(tokens);
    static const char text[] = "<s> <unk> </s> a\tb </s>\n";
    unroll_pairs *p = pairs_of(&o, text);
    for (int side = 0; side < UNROLL_SIDES; side++) {
        const unroll_vocabulary *v = unroll_pairs_vocabulary(p, (enum unroll_side)side);
        ck_assert(unroll_pairs_fits(v));
        ck_assert_uint_eq(unroll_vocabulary_unknown(v), UNROLL_ID_UNKNOWN);
        if (tokens == UNROLL_BYTE)
            ck_assert_uint_eq(unroll_vocabulary_size(v), 259);
        const unroll_pair *pair = unroll_pairs_get_part(p, UNROLL_TRAIN)->pair;
        for (size_t i = 0; i + 1 < pair->length[side]; i++)
            ck_assert_uint_ge(pair->id[side][i], UNROLL_ID_FIRST);
        ck_assert_uint_eq(pair->id[side][pair->length[side] - 1], UNROLL_ID_END);

        const size_t count = unroll_vocabulary_size(v);
        const char *token[300];
        size_t length[300];
        char buffer[300][8];
        unroll_vocabulary *back;
        for (uint32_t id = 0; id < count; id++)
            token[id] = unroll_vocabulary_spelling(v, id, buffer[id], &length[id]);
        ck_assert_int_eq(unroll_vocabulary_from_tokens(&o.rules, token, length, count, &back),
                         UNROLL_OK);
        ck_assert(unroll_pairs_fits(back));
        ck_assert_uint_eq(unroll_vocabulary_unknown(back), UNROLL_ID_UNKNOWN);
        for (uint32_t id = UNROLL_ID_FIRST; id < count; id++) {
            const char *bytes = unroll_vocabulary_token(v, id, &length[0]);
            ck_assert_uint_eq(unroll_vocabulary_find(back, bytes, length[0]), id);
        }
        unroll_vocabulary_free(back);
    }
    unroll_pairs_free(p);
}
END_TEST

START_TEST(test_unfit_vocabularies)
{
    static const char *const lists[][4] = {
        {"<unk>", "<s>", "a", "b"}, {"<s>", "<unk>", "</s>", "a"}, {"a", "b", "c", "d"}};
    const unroll_pairs_options o = pair_options(UNROLL_WORD);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const size_t length[4] = {strlen(lists[i][0]), strlen(lists[i][1]), strlen(lists[i][2]),
                                  strlen(lists[i][3])};
        unroll_vocabulary *v;
        ck_assert_int_eq(unroll_vocabulary_from_tokens(&o.rules, lists[i], length, 4, &v), UNROLL_OK);
        ck_assert(!unroll_pairs_fits(v));
        unroll_vocabulary_free(v);
        ck_assert_int_eq(unroll_vocabulary_from_tokens(&o.rules, lists[i], length, 2, &v), UNROLL_OK);
        ck_assert(!unroll_pairs_fits(v));
        unroll_vocabulary_free(v);
    }
}
END_TEST

/* Rare tokens become <unk> on their own side; what is held out counts for nothing. */
START_TEST(test_min_count)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    o.rules.min_count = 2;
    unroll_pairs *p = pairs_of(&o, "a a b\tx\nc a\tx y\nb\ty z\n");
    const unroll_vocabulary *source = unroll_pairs_vocabulary(p, UNROLL_SOURCE);
    ck_assert_uint_eq(unroll_vocabulary_size(source), 5);
    ck_assert_uint_eq(unroll_vocabulary_find(source, "a", 1), 3);
    ck_assert_uint_eq(unroll_vocabulary_find(source, "b", 1), 4);
    ck_assert_uint_eq(unroll_pairs_unknown(p, UNROLL_SOURCE), 1);
    ck_assert_uint_eq(unroll_pairs_unknown(p, UNROLL_TARGET), 1);
    ck_assert_uint_eq(unroll_pairs_tokens(p, UNROLL_SOURCE), 6);
    expect_pair(p, &unroll_pairs_get_part(p, UNROLL_TRAIN)->pair[1], "<unk> a", "x y");
    unroll_pairs_free(p);
}
END_TEST

/* ---- the split ---- */

START_TEST(test_split)
{
    enum { COUNT = 6000 };
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    o.split[0] = 0.6, o.split[1] = 0.2, o.split[2] = 0.1;
    char *text = many_pairs(COUNT, 3);
    unroll_pairs *p = pairs_of(&o, text);
    const unroll_pairs_part *part[3];
    size_t sum = 0;
    for (int i = 0; i < 3; i++) {
        part[i] = unroll_pairs_get_part(p, (enum unroll_split)i);
        ck_assert_double_eq_tol((double)part[i]->count / COUNT, o.split[i], 0.03);
        sum += part[i]->count;
    }
    ck_assert_uint_lt(sum, COUNT);
    /* unknown words of held-out sources would all look alike: number them all */
    unroll_pairs_options all = pair_options(UNROLL_WORD);
    unroll_pairs *whole = pairs_of(&all, text);
    all = o;
    all.vocabulary[0] = unroll_pairs_vocabulary(whole, UNROLL_SOURCE);
    all.vocabulary[1] = unroll_pairs_vocabulary(whole, UNROLL_TARGET);
    unroll_pairs *q = pairs_of(&all, text);
    const unroll_pairs_part *train = unroll_pairs_get_part(q, UNROLL_TRAIN),
                            *valid = unroll_pairs_get_part(q, UNROLL_VALID);
    ck_assert_uint_eq(train->count, part[0]->count);
    size_t both = 0;
    for (size_t i = 0; i < valid->count; i++)
        for (size_t k = 0; k < train->count; k++)
            both += valid->pair[i].length[0] == train->pair[k].length[0] &&
                    memcmp(valid->pair[i].id[0], train->pair[k].id[0],
                           valid->pair[i].length[0] * sizeof(uint32_t)) == 0;
    ck_assert_uint_eq(both, 0);
    ck_assert_uint_gt(unroll_pairs_unknown(p, UNROLL_TARGET), 0); /* not learned where held out */
    unroll_pairs_free(p);
    unroll_pairs_free(q);
    unroll_pairs_free(whole);
    free(text);
}
END_TEST

/* The same source lands in the same part, whatever stands around it, and as its rules see it. */
START_TEST(test_split_by_source)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    o.split[0] = o.split[1] = 0.5;
    o.rules.casefold = true;
    for (int i = 0; i < 40; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "Word %d\ta\nword  %d\tb\n w\xC3\xB6rd %d\tc\nwo\xCC\x88rd %d\td\n"
                 "filler\tx\nother\tx\nmore\ty\nfive\tz\nsix\tz\nseven\tz\neight\tz\n",
                 i, i, i, i);
        unroll_pairs *p = pairs_of(&o, text);
        size_t at[2][4] = {{0}};
        for (int part = 0; part < 2; part++) {
            const unroll_pairs_part *x = unroll_pairs_get_part(p, (enum unroll_split)part);
            for (size_t k = 0; k < x->count; k++) {
                char *t = text_of(p, &x->pair[k], UNROLL_TARGET);
                if (part == 0 && t[0] >= 'a' && t[0] <= 'd' && !t[1])
                    at[part][t[0] - 'a']++;
                unroll_free(t);
            }
        }
        ck_assert_uint_eq(at[0][0], at[0][1]);
        ck_assert_uint_eq(at[0][2], at[0][3]);
        unroll_pairs_free(p);
    }
}
END_TEST

START_TEST(test_own_files)
{
    const char *names[] = {"pairs_a.tsv", "pairs_b.tsv", "pairs_v.tsv"};
    const char *texts[] = {"a\tx\nb\ty\n", "c\tz\n", "a\tx\nd\tx\n"};
    unroll_pairs_options o;
    unroll_pairs *p;
    for (int i = 0; i < 3; i++)
        put_text(names[i], texts[i]);
    o = pair_options(UNROLL_WORD);
    o.split[0] = 0.5, o.split[1] = 0.5;
    ck_assert_int_eq(unroll_pairs_read(&o, names, 2, names[2], NULL, &p), UNROLL_OK);
    ck_assert_uint_eq(unroll_pairs_get_part(p, UNROLL_TRAIN)->count, 3);
    ck_assert_uint_eq(unroll_pairs_get_part(p, UNROLL_VALID)->count, 2);
    ck_assert_uint_eq(unroll_pairs_get_part(p, UNROLL_TEST)->count, 0);
    expect_pair(p, &unroll_pairs_get_part(p, UNROLL_VALID)->pair[1], "<unk>", "x");
    ck_assert_ptr_nonnull(strstr(notes, "1 of 2 validation sources are trained on, too"));
    unroll_pairs_free(p);
    ck_assert_int_eq(unroll_pairs_read(&o, names, 2, "nowhere.tsv", NULL, &p), UNROLL_ENOINPUT);
    ck_assert_ptr_null(p);
}
END_TEST

/* ---- single sentences ---- */

START_TEST(test_encode)
{
    const unroll_pairs_options o = pair_options(UNROLL_WORD);
    unroll_pairs *p = pairs_of(&o, "the dog sees\tx\n");
    const unroll_vocabulary *v = unroll_pairs_vocabulary(p, UNROLL_SOURCE);
    const uint32_t the = unroll_vocabulary_find(v, "the", 3),
                   sees = unroll_vocabulary_find(v, "sees", 4);
    for (int reverse = 0; reverse < 2; reverse++) {
        unroll_source s;
        static const char line[] = "  the Zebra sees\r";
        ck_assert_int_eq(unroll_source_encode(v, "NAME", line, sizeof line - 1, reverse, &s),
                         UNROLL_OK);
        ck_assert_uint_eq(s.length, 4);
        ck_assert_uint_eq(s.unknown, 1);
        ck_assert_uint_eq(s.id[reverse ? 3 : 0], the);
        ck_assert_uint_eq(s.id[reverse ? 2 : 1], UNROLL_ID_UNKNOWN);
        ck_assert_uint_eq(s.id[reverse ? 1 : 2], sees);
        ck_assert_uint_eq(s.end, reverse ? 0 : 3);
        ck_assert_uint_eq(s.id[s.end], UNROLL_ID_END);
        ck_assert_uint_eq(s.bytes[reverse ? 2 : 1], 5);
        ck_assert_int_eq(memcmp(s.token[reverse ? 2 : 1], "Zebra", 5), 0);
        ck_assert_uint_eq(s.bytes[s.end], 0);
        unroll_source_free(&s);
    }
    unroll_source s;
    ck_assert_int_eq(unroll_source_encode(v, "NAME", " ", 1, false, &s), UNROLL_OK);
    ck_assert_uint_eq(s.length, 1);
    unroll_source_free(&s);
    ck_assert_int_eq(unroll_source_encode(v, "NAME", "a\xFF", 2, false, &s), UNROLL_EDATA);
    unroll_pairs_free(p);
}
END_TEST

START_TEST(test_target_text)
{
    const unroll_pairs_options o = pair_options(UNROLL_WORD);
    unroll_pairs *p = pairs_of(&o, "the sees\tder Hund ( sieht ) , .\n");
    const unroll_vocabulary *v = unroll_pairs_vocabulary(p, UNROLL_TARGET);
    unroll_source s;
    ck_assert_int_eq(unroll_source_encode(unroll_pairs_vocabulary(p, UNROLL_SOURCE), "NAME",
                                          "the Zebra", 9, false, &s),
                     UNROLL_OK);
    const uint32_t id[] = {UNROLL_ID_BEGIN,   unroll_vocabulary_find(v, "der", 3),
                           UNROLL_ID_UNKNOWN, unroll_vocabulary_find(v, ",", 1),
                           UNROLL_ID_UNKNOWN, unroll_vocabulary_find(v, ".", 1),
                           UNROLL_ID_END,     unroll_vocabulary_find(v, "Hund", 4)};
    const size_t from[] = {0, 0, 1, 0, 2, 0, 0, 0};
    char *text;
    size_t length;
    ck_assert_int_eq(unroll_target_text(v, id, 8, &s, from, &text, &length), UNROLL_OK);
    ck_assert_str_eq(text, "der Zebra, <unk>."); /* </s> is nothing to copy */
    unroll_free(text);
    ck_assert_int_eq(unroll_target_text(v, id, 8, NULL, NULL, &text, &length), UNROLL_OK);
    ck_assert_str_eq(text, "der <unk>, <unk>.");
    ck_assert_uint_eq(length, strlen(text));
    unroll_free(text);
    ck_assert_int_eq(unroll_target_text(v, id + 6, 2, NULL, NULL, &text, &length), UNROLL_OK);
    ck_assert_uint_eq(length, 0);
    unroll_free(text);
    unroll_source_free(&s);
    unroll_pairs_free(p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("pairs");
    TCase *t = new_case(suite, "reading");
    tcase_add_loop_test(t, test_bad_lines, 0, sizeof bad_lines / sizeof *bad_lines);
    tcase_add_loop_test(t, test_nothing_to_read, 0, sizeof nothing / sizeof *nothing);
    tcase_add_test(t, test_layouts);
    tcase_add_test(t, test_swap_and_text);
    tcase_add_loop_test(t, test_specials, UNROLL_BYTE, UNROLL_WORD + 1);
    tcase_add_test(t, test_unfit_vocabularies);
    tcase_add_test(t, test_min_count);
    t = new_case(suite, "split");
    tcase_add_test(t, test_split);
    tcase_add_test(t, test_split_by_source);
    t = new_case(suite, "sentences");
    tcase_add_test(t, test_encode);
    tcase_add_test(t, test_target_text);
    t = new_case(suite, "files");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_test(t, test_own_files);
    return suite;
}
