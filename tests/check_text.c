/* data/text: faults of encoding, normalisation, and how a text is cut into tokens. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/rng.h"
#include "data/text.h"
#include "runner.h"
#include "texts.h"

/* ---- faults ---- */

typedef struct fault_case {
    const char *text;
    size_t length;
    const char *says[3]; /* parts of the message */
} fault_case;

#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const fault_case faults[] = {
    {BYTES("abc\xC0\xAFz"), {"byte 3:", "overlong", "--tokens byte"}},
    {BYTES("\xE0\x80\xAF"), {"byte 0:", "overlong", "--invalid replace"}},
    {BYTES("ab\xF0\x80\x80\xAF"), {"byte 2:", "overlong", NULL}},
    {BYTES("12345678\xED\xA0\x80"), {"byte 8:", "surrogate", NULL}},
    {BYTES("1234567\xF4\x90\x80\x80"), {"byte 7:", "above U+10FFFF", NULL}},
    {BYTES("x\xF5\x80\x80\x80"), {"byte 1:", "above U+10FFFF", NULL}},
    {BYTES("x\xFFy"), {"byte 1:", "not UTF-8", NULL}},
    {BYTES("x\xBFy"), {"byte 1:", "continuation", NULL}},
    {BYTES("x\xE2\x82y"), {"byte 1:", "cut short", NULL}},
    {BYTES("x\xE2\x82"), {"byte 1:", "cut short by the end", NULL}},
    {BYTES("\xC3"), {"byte 0:", "cut short by the end", NULL}},
    {BYTES("\xEF\xBB\xBF" "a\xFF"), {"byte 4:", "not UTF-8", NULL}},
    {BYTES("\xFF\xFE" "a\0b\0"), {"UTF-16", "--tokens byte", NULL}},
    {BYTES("\xFE\xFF\0a\0b"), {"UTF-16", NULL, NULL}},
    {BYTES("\xFF\xFE\0\0a\0\0\0"), {"UTF-32", NULL, NULL}},
    {BYTES("U\0n\0r\0o\0l\0l\0"), {"UTF-16", NULL, NULL}},
    {BYTES("\0U\0n\0r\0o\0l\0l"), {"UTF-16", NULL, NULL}},
    {BYTES(""), {"is empty", NULL, NULL}},
};
/* clang-format on */

START_TEST(test_faults)
{
    const fault_case *f = &faults[_i];
    const unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    unroll_vocabulary *v;
    unroll_ids ids = {0};
    ck_assert_int_eq(unroll_vocabulary_build(&rules, "NAME", f->text, f->length, &v, &ids),
                     UNROLL_EDATA);
    ck_assert_ptr_null(v);
    ck_assert_uint_eq(ids.count, 0);
    ck_assert_int_eq(strncmp(program_message(), "NAME: ", 6), 0);
    for (int i = 0; i < 3 && f->says[i]; i++)
        ck_assert_msg(strstr(program_message(), f->says[i]) != NULL, "'%s' in '%s'", f->says[i],
                      program_message());
    unroll_ids_free(&ids);
}
END_TEST

/* One U+FFFD for each maximal ill-formed part: the Unicode standard's own example, table 3-8. */
START_TEST(test_replace)
{
    static const char text[] = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
#define R "\xEF\xBF\xBD"
    unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    rules.replace = true;
    unroll_text t;
    ck_assert_int_eq(unroll_text_prepare(&rules, "NAME", text, sizeof text - 1, &t), UNROLL_OK);
    ck_assert_uint_eq(t.replaced, 6);
    ck_assert_uint_eq(t.length, strlen("a" R R R "b" R "c" R R "d"));
    ck_assert_mem_eq(t.bytes, "a" R R R "b" R "c" R R "d", t.length);
    unroll_text_free(&t);
}
END_TEST

START_TEST(test_bytes_are_taken_as_they_are)
{
    static const char text[] = "\xFF\xFE"
                               "a\0\xEF\xBB\xBF\x80";
    const unroll_text_rules rules = rules_for(UNROLL_BYTE);
    unroll_ids ids = {0};
    unroll_vocabulary *v = vocabulary_of(&rules, text, sizeof text - 1, &ids);
    ck_assert_uint_eq(unroll_vocabulary_size(v), 256);
    ck_assert_uint_eq(ids.count, sizeof text - 1);
    for (size_t i = 0; i < ids.count; i++)
        ck_assert_uint_eq(ids.id[i], (unsigned char)text[i]);
    char buffer[8];
    size_t length;
    ck_assert_str_eq(unroll_vocabulary_spelling(v, 0x80, buffer, &length), "<0x80>");
    ck_assert_str_eq(unroll_vocabulary_spelling(v, 0xFF, buffer, &length), "<0xFF>");
    ck_assert_str_eq(unroll_vocabulary_spelling(v, 'a', buffer, &length), "a");
    ck_assert_str_eq(unroll_vocabulary_spelling(v, 0, buffer, &length), "");
    ck_assert_uint_eq(length, 1);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}
END_TEST

START_TEST(test_bom_and_controls)
{
    static const char text[] = "\xEF\xBB\xBF"
                               "a\0\r\nb\r\xEF\xBB\xBF";
    const unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    unroll_ids ids = {0};
    unroll_vocabulary *v = vocabulary_of(&rules, text, sizeof text - 1, &ids);
    ck_assert(ids.bom);
    static const uint32_t want[] = {3, 0, 2, 1, 4, 2, 5}; /* NUL \n \r a b U+FEFF */
    ck_assert_uint_eq(ids.count, 7);
    ck_assert_mem_eq(ids.id, want, sizeof want);
    unroll_vocabulary_free(v);
    unroll_ids_free(&ids);
}
END_TEST

/* ---- normalisation ---- */

static utf8proc_option_t options_for(const unroll_text_rules *rules)
{
    unsigned options = rules->casefold ? UTF8PROC_CASEFOLD : 0;
    if (rules->normalize != UNROLL_NO_NORMALIZE)
        options |= UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    if (rules->normalize == UNROLL_NFKC)
        options |= UTF8PROC_COMPAT;
    return (utf8proc_option_t)options;
}

/* utf8proc on the whole text at once is the reference. */
static void check_normalised(const unroll_text_rules *rules, const char *text, size_t length)
{
    utf8proc_uint8_t *want;
    const utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text,
                                            (utf8proc_ssize_t)length, &want, options_for(rules));
    ck_assert_int_ge(n, 0);
    unroll_text t;
    ck_assert_int_eq(unroll_text_prepare(rules, "NAME", text, length, &t), UNROLL_OK);
    if (t.length != (size_t)n || memcmp(t.bytes, want, t.length) != 0)
        ck_abort_msg("form %d, fold %d: %zu bytes from %zu, not %zd", rules->normalize,
                     rules->casefold, t.length, length, n);
    unroll_text_free(&t);
    free(want);
}

static unroll_text_rules form(int i)
{
    unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    rules.normalize = (enum unroll_normalize)(i / 2);
    rules.casefold = i % 2;
    return rules;
}

static size_t append(char *to, int32_t c)
{
    return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)to);
}

/* Every code point, alone and behind each of a few that things combine with; in blocks, so that
 * the places where the text is cut differ. */
START_TEST(test_every_code_point)
{
    const unroll_text_rules rules = form(_i);
    static const int32_t before[] = {'e', 0x1100, 0xAC00, 0x3042, 0x0915, 0x05D0, 0x0300};
    enum { BLOCK = 500 };
    static char text[BLOCK * 8 * 8 + 8];
    for (int32_t first = 1; first < 0x20000; first += BLOCK) {
        size_t n = 0;
        for (int32_t c = first; c < first + BLOCK; c++) {
            if (c >= 0xD800 && c < 0xE000)
                continue;
            n += append(text + n, c);
            n += append(text + n, before[c % 7]);
            n += append(text + n, c);
            if (c % 3 == 0)
                text[n++] = '\n';
        }
        if (n && !(n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0))
            check_normalised(&rules, text, n);
    }
}
END_TEST

/* What two code points combine into, taken apart and put together again, all in one text. */
START_TEST(test_every_composition)
{
    const unroll_text_rules rules = form(_i);
    char *text = malloc(0x30000 * 4);
    size_t n = 0;
    for (int32_t c = 0xA0; c < 0x30000; c++) {
        const bool hangul = c >= 0xAC00 && c < 0xD7A4;
        if (hangul ? c % 5 : utf8proc_get_property(c)->decomp_seqindex == UINT16_MAX)
            continue;
        char one[5] = "";
        append(one, c);
        utf8proc_uint8_t *apart = utf8proc_NFD((const utf8proc_uint8_t *)one);
        ck_assert_ptr_nonnull(apart);
        if (strcmp((const char *)apart, one) != 0) {
            const size_t length = strlen((const char *)apart);
            memcpy(text + n, apart, length);
            n += length;
        }
        free(apart);
    }
    ck_assert_uint_gt(n, 20000);
    check_normalised(&rules, text, n);
    free(text);
}
END_TEST

/* Random strings of what is awkward, cut at each place: the parts' forms differ from the whole's,
 * and the whole must come out as utf8proc has it. */
START_TEST(test_awkward_strings)
{
    static const int32_t awkward[] = {
        'A',   'e',    ' ',    '\n',   0xC5,   0xDF,   0x130,  0x300,  0x301,   0x323,   0x327,
        0x345, 0x3B1,  0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01, 0x3042, 0x3099,  0x915,   0x93C,
        0x958, 0x1E9B, 0x212B, 0xFB01, 0xFF21, 0x5D0,  0x5BC,  0x4E00, 0x1F600, 0x1D15E, 0x9BE,
        0x9C7, 0x2126, 0x37E,  0x3A9,  0x1E0A, 0x1E9E, 0xA69,  0xB7,   0x430,   0x439,
    };
    enum { KINDS = sizeof awkward / sizeof *awkward };
    const unroll_text_rules rules = form(_i);
    unroll_rng rng;
    unroll_rng_seed(&rng, 1, 1);
    for (int k = 0; k < 2000; k++) {
        char text[64];
        size_t n = 0;
        for (uint64_t left = 1 + unroll_rng_below(&rng, 12); left > 0; left--)
            n += append(text + n, awkward[unroll_rng_below(&rng, KINDS)]);
        check_normalised(&rules, text, n);
        if (k < 30)
            for (size_t cut = 0; cut <= n; cut++)
                if (cut == n || ((unsigned char)text[cut] & 0xC0) != 0x80) {
                    check_normalised(&rules, text, cut);
                    check_normalised(&rules, text + cut, n - cut);
                }
    }
}
END_TEST

/* Far longer than a segment, without a safe place to cut in it. */
START_TEST(test_long_runs)
{
    const unroll_text_rules rules = form(_i);
    enum { COUNT = 20000 };
    char *text = malloc(COUNT * 5);
    size_t n = 0;
    for (int k = 0; k < COUNT / 2; k++) { /* Bengali KA + the two-part vowel sign O, taken apart */
        n += append(text + n, 0x0995);
        n += append(text + n, k % 2 ? 0x09C7 : 0x0981);
        if (k % 4 == 1)
            n += append(text + n, 0x09BE);
    }
    check_normalised(&rules, text, n);
    free(text);
}
END_TEST

START_TEST(test_plain_text_is_not_copied)
{
    const unroll_text_rules rules = rules_for(UNROLL_CODEPOINT);
    static const char *const plain[] = {"To be, or not to be\n",
                                        "Fräulein Ökonomie – “ja”",
                                        "Привет, мир",
                                        "日本語のテキスト。",
                                        "한국어",
                                        "😀🎉"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        unroll_text t;
        ck_assert_int_eq(unroll_text_prepare(&rules, "NAME", plain[i], strlen(plain[i]), &t),
                         UNROLL_OK);
        ck_assert_ptr_eq(t.bytes, plain[i]);
        unroll_text_free(&t);
    }
}
END_TEST

/* ---- tokens ---- */

/* The tokens of a text with "|" between them. */
static void check_tokens(enum unroll_tokens tokens, const char *text, const char *want)
{
    const unroll_text_rules rules = rules_for(tokens);
    char got[512] = "";
    unroll_text t;
    ck_assert_int_eq(unroll_text_prepare(&rules, "NAME", text, strlen(text), &t), UNROLL_OK);
    unroll_splitter s = {tokens, t.bytes, t.bytes + t.length};
    const char *token;
    size_t length, n = 0;
    while (unroll_splitter_next(&s, &token, &length))
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", n ? "|" : "", (int)length, token);
    ck_assert_str_eq(got, want);
    unroll_text_free(&t);
}

START_TEST(test_code_points)
{
    check_tokens(UNROLL_CODEPOINT, "aé\r\n", "a|é|\r|\n");
    check_tokens(UNROLL_CODEPOINT, "e\xCC\x81", "\xC3\xA9"); /* NFC */
    check_tokens(UNROLL_CODEPOINT, "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "한");
    check_tokens(UNROLL_CODEPOINT, "👍🏽", "👍|🏽");
}
END_TEST

START_TEST(test_graphemes)
{
    check_tokens(UNROLL_GRAPHEME, "a\r\nb", "a|\r|\n|b");
    check_tokens(UNROLL_GRAPHEME, "x\xCC\xA3\xCC\x81y", "x\xCC\xA3\xCC\x81|y");
    check_tokens(UNROLL_GRAPHEME, "👩‍👩‍👧‍👦👍🏽!",
                 "👩‍👩‍👧‍👦|👍🏽|!");
    check_tokens(UNROLL_GRAPHEME, "🇩🇪🇫🇷🇯🇵", "🇩🇪|🇫🇷|🇯🇵");
    check_tokens(UNROLL_GRAPHEME, "한국", "한|국");
    check_tokens(UNROLL_GRAPHEME, "\xE1\x84\x80\xE1\x86\xA8z", "\xE1\x84\x80|\xE1\x86\xA8|z");
    check_tokens(UNROLL_GRAPHEME, "नी", "नी");
}
END_TEST

START_TEST(test_words)
{
    check_tokens(UNROLL_WORD, "Don't stop, \"the dogs' 3rd\"\n  well-known…",
                 "Don't|stop|,|\"|the|dogs|'|3rd|\"|\n|well|-|known|…");
    check_tokens(UNROLL_WORD, "l’été  à\tParis\r\n", "l’été|à|Paris|\r|\n");
    check_tokens(UNROLL_WORD, "👩‍👧 ok\xC2\xA0x", "👩‍👧|ok|x");
    check_tokens(UNROLL_WORD, "'tis o''clock'", "'|tis|o|'|'|clock|'");
    check_tokens(UNROLL_WORD, " \t ", "");
    check_tokens(UNROLL_WORD, "Привет мир", "Привет|мир");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *t = new_case(suite, "text");
    const int forms = 6;
    tcase_add_loop_test(t, test_faults, 0, sizeof faults / sizeof *faults);
    tcase_add_test(t, test_replace);
    tcase_add_test(t, test_bytes_are_taken_as_they_are);
    tcase_add_test(t, test_bom_and_controls);
    tcase_add_loop_test(t, test_every_code_point, 0, forms);
    tcase_add_loop_test(t, test_every_composition, 0, forms);
    tcase_add_loop_test(t, test_awkward_strings, 0, forms);
    tcase_add_loop_test(t, test_long_runs, 0, forms);
    tcase_add_test(t, test_plain_text_is_not_copied);
    tcase_add_test(t, test_code_points);
    tcase_add_test(t, test_graphemes);
    tcase_add_test(t, test_words);
    return suite;
}
