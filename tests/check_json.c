/* base/json and base/utf8: texts as JSON says them. */
#include <check.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "runner.h"

/* ---- UTF-8 ---- */

static const struct {
    const char *text;
    size_t good;            /**< bytes from the start that are UTF-8 */
} texts[] = {
    {"", 0}, {"a", 1}, {"caf\xc3\xa9", 5}, {"\xe2\x82\xac", 3}, {"\xf0\x9f\x98\x80", 4}, {"\x7f", 1},
    {"\xed\x9f\xbf\xee\x80\x80", 6}, {"\xf4\x8f\xbf\xbf", 4},
    {"caf\xe9", 3}, {"\x80", 0}, {"\xc0\x80", 0}, {"\xc1\xbf", 0}, {"\xe0\x9f\xbf", 0}, {"\xf0\x8f\xbf\xbf", 0},
    {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0}, {"\xff", 0},
    {"a\xe2\x82", 1}, {"a\xc3", 1}, {"\xf0\x9f\x98", 0}, {"\xe2\x28\xa1", 0}, {"ab\xc3(", 2},
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
    OK(unroll_json_parse("test", "text", text, strlen(text), false, &value));
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

static const char *const no_bytes[] = {"[]", "{}", "[1]", "[127]", "[256]", "[-1]", "[233.0]", "[null]", "[[233]]",
                                       "[\"a\", 10]", "[\"a\", true]"};

START_TEST(fault_02_what_says_no_bytes)
{
    unroll_buffer text = {0};
    json_t *value = parse(no_bytes[_i]);
    ck_assert(!unroll_json_bytes(value, &text));
    json_decref(value);
    unroll_free(text.text);
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
    return s;
}
