/* base/json, base/json_reader and base/utf8: what is JSON, what it says, and texts of any bytes in it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "runner.h"

/* ---- UTF-8 ---- */

static const struct {
    const char *text;
    size_t good; /**< bytes from the start that are UTF-8 */
} texts[] = {
    {"", 0},
    {"a", 1},
    {"caf\xc3\xa9", 5},
    {"\xe2\x82\xac", 3},
    {"\xf0\x9f\x98\x80", 4},
    {"\x7f", 1},
    {"\xed\x9f\xbf\xee\x80\x80", 6},
    {"\xf4\x8f\xbf\xbf", 4},
    {"caf\xe9", 3},
    {"\x80", 0},
    {"\xc0\x80", 0},
    {"\xc1\xbf", 0},
    {"\xe0\x9f\xbf", 0},
    {"\xf0\x8f\xbf\xbf", 0},
    {"\xed\xa0\x80", 0},
    {"\xf4\x90\x80\x80", 0},
    {"\xf5\x80\x80\x80", 0},
    {"\xff", 0},
    {"a\xe2\x82", 1},
    {"a\xc3", 1},
    {"\xf0\x9f\x98", 0},
    {"\xe2\x28\xa1", 0},
    {"ab\xc3(", 2},
};

START_TEST(utf8_prefix)
{
    const char *text = texts[_i].text;
    ck_assert_uint_eq(unroll_utf8_prefix(text, strlen(text)), texts[_i].good);
}
END_TEST

START_TEST(utf8_fit)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac";
    static const int fits[] = {0, 1, 1, 3, 3, 3, 6, 6};
    for (size_t most = 0; most < sizeof fits / sizeof *fits; most++)
        ck_assert_int_eq(unroll_utf8_fit(text, most), fits[most]);
    ck_assert_int_eq(unroll_utf8_fit("\x80\x80\x80", 2), 2); /* no character to keep whole */
}
END_TEST

/* ---- any bytes as JSON ---- */

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    OK(unroll_json_parse("test", "text", text, strlen(text), SIZE_MAX, &value));
    return value;
}

static void comes_back(const char *text, size_t length)
{
    unroll_buffer json = {0}, back = {0};
    unroll_buffer_text(&json, "[");
    unroll_json_quote_bytes(&json, text, length);
    unroll_buffer_text(&json, "]");
    ck_assert(!json.failed);
    json_t *value = parse(json.text);
    ck_assert(unroll_json_bytes(json_array_get(value, 0), &back));
    ck_assert_mem_eq(back.text, text, length);
    ck_assert_uint_eq(back.length, length);
    json_decref(value);
    unroll_free(json.text);
    unroll_free(back.text);
}

START_TEST(fault_02_every_byte_comes_back)
{
    char text[] = "a?b", two[3] = "";
    for (int byte = 1; byte < 256; byte++) {
        text[1] = (char)byte;
        comes_back(text, 3);
        comes_back(text + 1, 1);
        for (int next = 1; next < 256; next++) {
            two[0] = (char)byte;
            two[1] = (char)next;
            comes_back(two, 2);
        }
    }
}
END_TEST

START_TEST(fault_02_a_string_stays_a_string)
{
    unroll_buffer json = {0};
    unroll_json_quote_bytes(&json, "caf\xc3\xa9 \"x\"", 9);
    ck_assert_str_eq(json.text, "\"caf\xc3\xa9 \\\"x\\\"\"");
    unroll_free(json.text);
    json = (unroll_buffer){0};
    unroll_json_quote_bytes(&json, "\xe9t\xe9", 3);
    ck_assert_str_eq(json.text, "[233, \"t\", 233]");
    unroll_free(json.text);
}
END_TEST

/* clang-format off */
static const char *const no_bytes[] = {"[]", "{}", "[1]", "[127]", "[256]", "[-1]", "[233.0]", "[null]", "[[233]]",
                                       "[\"a\", 10]", "[\"a\", true]"};
/* clang-format on */

START_TEST(fault_02_what_says_no_bytes)
{
    unroll_buffer text = {0};
    json_t *value = parse(no_bytes[_i]);
    ck_assert(!unroll_json_bytes(value, &text));
    json_decref(value);
    unroll_free(text.text);
}
END_TEST

/* ---- what is JSON ---- */

/* clang-format off */
static const char *const refused[] = {
    "", " ", "{", "[", "}", "]", "[1,]", "[,1]", "[1 2]", "[1;2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
    "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1]]", "[1]x", "01", "-", "-a", "+1", ".5", "5.", "1e", "1e+", "0x10", "NaN", "Infinity",
    "nul", "True", "tru", "\"", "\"a", "'a'", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"",
    "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud83d\\ude0\"", "\"\\u0000\"", "{\"\\u0000\":1}", "\"\t\"", "\"\n\"",
    "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "[1]\xff", "\xef\xbb\xbf[1]", "// a\n[1]", "[1/**/]",
    "9223372036854775808", "-9223372036854775809", "1e999", "-1e999", "1e-999", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}",
    "{\"b\":{\"a\":1,\"a\":2}}",
};
/* clang-format on */

START_TEST(what_is_no_json)
{
    json_t *value;
    ck_assert_int_eq(unroll_json_parse("file", "text", refused[_i], strlen(refused[_i]), SIZE_MAX,
                                       &value),
                     UNROLL_EDATA);
    ck_assert_ptr_null(value);
    ck_assert_msg(strncmp(unroll_message(), "file: byte ", 11) == 0, "%s", unroll_message());
}
END_TEST

/* clang-format off */
static const char *const seeds[] = {
    "{\"a\":[1,-2,0,-0,3.5,1e3,-1.25E-2,true,false,null,\"\",{}],\"b\":{\"c\":[[],[[1]]]}}",
    " [ 9223372036854775807 , -9223372036854775808, 0.1, 1e-300, 123456789.123456789 ] \r\n\t",
    "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\u00e9\\u20AC\\ud83d\\uDE00 \\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "{\"\":0,\" \":\"\\u0001\\u007f\\u0080\\uffff\"}", "0", "-1.0e+2", "null",
};
/* clang-format on */

static json_t *parse_or_not(const char *text, size_t length)
{
    json_t *value;
    return unroll_json_parse("test", "text", text, length, SIZE_MAX, &value) == UNROLL_OK ? value
                                                                                          : NULL;
}

/* Another reader of JSON takes the same texts for the same values, and refuses the same, but for numbers that are too
 * small. */
static void same_as_jansson(const char *text, size_t length)
{
    json_t *ours = parse_or_not(text, length);
    json_t *theirs = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    const bool small = !ours && strstr(unroll_message(), "too small");
    ck_assert_msg(small || (ours != NULL) == (theirs != NULL), "'%.*s': %s", (int)length, text,
                  ours ? "we take it" : unroll_message());
    ck_assert_msg(ours == NULL || json_equal(ours, theirs), "'%.*s' is something else", (int)length,
                  text);
    json_decref(ours);
    json_decref(theirs);
}

START_TEST(the_same_as_jansson)
{
    static const char odd[] = "{}[]\",:\\u0e+-.19 \n\xc3\xed";
    uint64_t state = 1;
    char text[256];
    const size_t length = strlen(seeds[_i]);
    same_as_jansson(seeds[_i], length);
    for (size_t n = 0; n < length; n++)
        same_as_jansson(seeds[_i], n);
    for (int round = 0; round < 20000; round++) {
        memcpy(text, seeds[_i], length);
        for (int k = 0; k < 1 + round % 3; k++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            text[(state >> 33) % length] = odd[(state >> 20) % (sizeof odd - 1)];
        }
        same_as_jansson(text, length);
    }
}
END_TEST

START_TEST(bounds)
{
    json_t *value;
    char deep[70] = "";
    OK(unroll_json_parse("f", "text", "[1,{\"a\":2}]", 11, 4, &value));
    json_decref(value);
    ck_assert_int_eq(unroll_json_parse("f", "text", "[1,{\"a\":2}]", 11, 3, &value), UNROLL_EDATA);
    ck_assert_str_eq(unroll_message(), "f: byte 8: the text has more than 3 values");
    for (size_t depth = 1; depth < 35; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        json_decref(value = parse_or_not(deep, 2 * depth));
        ck_assert((value != NULL) == (depth <= 32));
    }
    ck_assert_str_eq(unroll_message(), "test: byte 32: the text is nested too deep");
}
END_TEST

/* ---- piece by piece ---- */

START_TEST(pieces)
{
    char text[] = " {\"a\\u0062\" : [ \"x\\ty\", 1 ], \"c\":\"\\u0000\"} ", *key, *string;
    unroll_json_reader r = {
        .path = "f", .part = "p", .text = text, .length = strlen(text), .nul = true};
    size_t length, count = 0;
    bool more;
    ck_assert(unroll_json_begins(&r, '{'));
    OK(unroll_json_enter(&r, '{'));
    OK(unroll_json_next(&r, &more));
    ck_assert(more);
    OK(unroll_json_key(&r, &key));
    ck_assert_str_eq(key, "ab");
    const size_t at = r.at;
    OK(unroll_json_skip(&r)); /* which leaves the text as it is */
    r.at = at;
    OK(unroll_json_enter(&r, '['));
    OK(unroll_json_next(&r, &more));
    OK(unroll_json_string(&r, &string, &length));
    ck_assert_str_eq(string, "x\ty");
    for (; unroll_json_next(&r, &more) == UNROLL_OK && more; count++)
        OK(unroll_json_skip(&r));
    ck_assert_uint_eq(count, 1);
    OK(unroll_json_next(&r, &more));
    OK(unroll_json_key(&r, &key));
    OK(unroll_json_string(&r, &string, &length));
    ck_assert(length == 1 && string[0] == '\0');
    OK(unroll_json_next(&r, &more));
    ck_assert(!more);
    OK(unroll_json_end(&r));
    ck_assert_int_eq(unroll_json_string(&r, &string, &length), UNROLL_EDATA);
    ck_assert_int_eq(unroll_json_enter(&r, '['), UNROLL_EDATA);
}
END_TEST

/* ---- no memory ---- */

static const char document[] =
    "{\"text\":\"a longer text than a lexer's first buffer has room for\",\"escaped\":\"\\u00e9\\ud83d\\ude00\\n\","
    "\"integer\":-1234567890123456789,\"real\":0.12345678901234567890123456789e-5,\"list\":[1,2,[3,[4,{}]],"
    "true,false,null],\"a key that is longer than sixteen bytes\":{\"one\":1,\"two\":2,\"three\":3,\"four\":4,"
    "\"five\":5,\"six\":6,\"seven\":7,\"eight\":8,\"nine\":9,\"ten\":[10]}}";

static long allocations, failing;
static bool forever;

static void *alloc_or_fail(size_t bytes)
{
    const long n = allocations++;
    return n == failing || (forever && n > failing) ? NULL : malloc(bytes);
}

/* jansson's own parser takes a token for whole that it had no memory to grow. */
START_TEST(fault_07_every_allocation_of_a_load_fails)
{
    json_t *whole = parse(document);
    unroll_status status = UNROLL_EMEMORY;
    forever = _i;
    json_set_alloc_funcs(alloc_or_fail, free);
    for (failing = 0; status != UNROLL_OK || allocations > failing; failing++) {
        json_t *value = NULL;
        allocations = 0;
        status = unroll_json_parse("test", "text", document, strlen(document), SIZE_MAX, &value);
        const bool failed = allocations > failing;
        ck_assert_msg(status == (failed ? UNROLL_EMEMORY : UNROLL_OK), "allocation %ld: %d %s",
                      failing, status, unroll_message());
        ck_assert((value != NULL) == (status == UNROLL_OK));
        ck_assert(value == NULL || json_equal(value, whole));
        json_decref(value);
    }
    ck_assert_int_gt(failing, 40);
    json_decref(whole);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("json");
    TCase *c = new_case(s, "json");
    tcase_add_loop_test(c, utf8_prefix, 0, sizeof texts / sizeof *texts);
    tcase_add_test(c, utf8_fit);
    tcase_add_test(c, fault_02_every_byte_comes_back);
    tcase_add_test(c, fault_02_a_string_stays_a_string);
    tcase_add_loop_test(c, fault_02_what_says_no_bytes, 0, sizeof no_bytes / sizeof *no_bytes);
    tcase_add_loop_test(c, what_is_no_json, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(c, the_same_as_jansson, 0, sizeof seeds / sizeof *seeds);
    tcase_add_test(c, bounds);
    tcase_add_test(c, pieces);
    tcase_add_loop_test(c, fault_07_every_allocation_of_a_load_fails, 0, 2);
    return s;
}
