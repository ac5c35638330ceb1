#include "base/json_reader.h"

#include <stdint.h>
#include <string.h>

#include "base/fail.h"
#include "base/number.h"
#include "base/utf8.h"

enum { DEPTH = sizeof((unroll_json_reader *)0)->close };

static unroll_status fail(const unroll_json_reader *r, const char *what)
{
    return unroll_fail(UNROLL_EDATA, "%s: byte %zu: the %s is no valid JSON: %s", r->path, r->at,
                       r->part, what);
}

static unroll_status fail_memory(const unroll_json_reader *r)
{
    return unroll_fail(UNROLL_EMEMORY, "%s: no memory for its %s", r->path, r->part);
}

/* The next character, or a NUL, which no JSON has outside of its strings. */
static char peek(const unroll_json_reader *r)
{
    return r->at < r->length ? r->text[r->at] : '\0';
}

static void skip_space(unroll_json_reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
        r->at++;
}

bool unroll_json_begins(unroll_json_reader *r, char first)
{
    skip_space(r);
    return peek(r) == first;
}

/* ---- strings ---- */

/* Four hexadecimal digits at r->at + `skip`. */
static bool hex(const unroll_json_reader *r, size_t skip, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        const char c = r->at + skip + i < r->length ? r->text[r->at + skip + i] : '\0';
        const char lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            *out = *out << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return false;
    }
    return true;
}

static size_t encode(uint32_t code, char out[4])
{
    const size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[n] | code);
    return n;
}

/* At a backslash and a u. Characters beyond the first plane are two of them, halves of a surrogate pair. */
static unroll_status read_code(unroll_json_reader *r, bool nul, char out[4], size_t *n)
{
    uint32_t code, low;
    if (!hex(r, 2, &code))
        return fail(r, "four hexadecimal digits are missing");
    size_t taken = 6;
    if (code >= 0xd800 && code < 0xdc00 && r->at + 7 < r->length && r->text[r->at + 6] == '\\' &&
        r->text[r->at + 7] == 'u' && hex(r, 8, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
        taken = 12;
    } else if (code >= 0xd800 && code < 0xe000) {
        return fail(r, "half of a surrogate pair");
    }
    if (code == 0 && !nul)
        return fail(r, "a NUL in a text");
    r->at += taken;
    *n = encode(code, out);
    return UNROLL_OK;
}

/* One character of a string, unescaped. */
static unroll_status read_character(unroll_json_reader *r, bool nul, char out[4], size_t *n)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = r->text + r->at;
    if ((unsigned char)*at < 0x20)
        return fail(r, "a control character in a string");
    if (*at != '\\') {
        *n = unroll_utf8_length(at, r->length - r->at);
        if (*n == 0)
            return fail(r, "a string that is not UTF-8");
        memcpy(out, at, *n);
        r->at += *n;
        return UNROLL_OK;
    }
    const char c = r->at + 1 < r->length ? at[1] : '\0';
    if (c == 'u')
        return read_code(r, nul, out, n);
    const char *found = c ? strchr(escapes, c) : NULL;
    if (!found)
        return fail(r, "an escape that does not exist");
    out[0] = meant[found - escapes];
    *n = 1;
    r->at += 2;
    return UNROLL_OK;
}

/* What is written never passes what is read: an escape is longer than its character.
 * @param out  NULL: the text stays as it is */
static unroll_status read_string(unroll_json_reader *r, bool nul, char **out, size_t *length)
{
    char *const start = r->text + r->at + 1, *to = start, character[4];
    size_t n = 0;
    r->at++;
    while (r->at < r->length && r->text[r->at] != '"') {
        UNROLL_TRY(read_character(r, nul, character, &n));
        if (out)
            memcpy(to, character, n);
        to += n;
    }
    if (r->at == r->length)
        return fail(r, "a string without its end");
    r->at++;
    if (!out)
        return UNROLL_OK;
    *to = '\0';
    *out = start;
    *length = (size_t)(to - start);
    return UNROLL_OK;
}

unroll_status unroll_json_string(unroll_json_reader *r, char **string, size_t *length)
{
    if (!unroll_json_begins(r, '"'))
        return fail(r, "a string is missing");
    return read_string(r, r->nul, string, length);
}

static unroll_status read_key(unroll_json_reader *r, char **key)
{
    size_t length;
    if (!unroll_json_begins(r, '"'))
        return fail(r, "a key is missing");
    UNROLL_TRY(read_string(r, false, key, &length));
    if (!unroll_json_begins(r, ':'))
        return fail(r, "a colon is missing");
    r->at++;
    return UNROLL_OK;
}

unroll_status unroll_json_key(unroll_json_reader *r, char **key)
{
    return read_key(r, key);
}

/* ---- numbers and words ---- */

static bool skip_digits(unroll_json_reader *r)
{
    const size_t from = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at > from;
}

/* @param whole  has neither fraction nor exponent */
static unroll_status scan_number(unroll_json_reader *r, bool *whole)
{
    *whole = true;
    r->at += peek(r) == '-';
    if (peek(r) == '0')
        r->at++;
    else if (!skip_digits(r))
        return fail(r, "a number without digits");
    if (peek(r) == '.') {
        *whole = false;
        r->at++;
        if (!skip_digits(r))
            return fail(r, "a fraction without digits");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        *whole = false;
        r->at++;
        r->at += peek(r) == '-' || peek(r) == '+';
        if (!skip_digits(r))
            return fail(r, "an exponent without digits");
    }
    return UNROLL_OK;
}

static unroll_status read_number(unroll_json_reader *r, json_t **out)
{
    bool whole;
    int64_t integer;
    double real;
    char *const start = r->text + r->at;
    UNROLL_TRY(scan_number(r, &whole));
    if (!out)
        return UNROLL_OK;
    char *const end = r->text + r->at, behind = *end;
    *end = '\0';
    const bool fits = whole ? unroll_parse_int(start, &integer) : unroll_parse_double(start, &real);
    *end = behind;
    if (!fits)
        return fail(r, "a number that is too large or too small");
    *out = whole ? json_integer(integer) : json_real(real);
    return *out ? UNROLL_OK : fail_memory(r);
}

static unroll_status read_word(unroll_json_reader *r, const char *word, json_t *value, json_t **out)
{
    const size_t n = strlen(word);
    if (r->length - r->at < n || memcmp(r->text + r->at, word, n) != 0)
        return fail(r, "a value is missing");
    r->at += n;
    if (out)
        *out = value;
    return UNROLL_OK;
}

/* ---- objects and arrays ---- */

unroll_status unroll_json_enter(unroll_json_reader *r, char open)
{
    if (!unroll_json_begins(r, open))
        return fail(r, open == '{' ? "an object is missing" : "an array is missing");
    if (r->depth == DEPTH)
        return unroll_fail(UNROLL_EDATA, "%s: byte %zu: the %s is nested too deep", r->path, r->at,
                           r->part);
    r->close[r->depth++] = open == '{' ? '}' : ']';
    r->at++;
    r->first = true;
    return UNROLL_OK;
}

unroll_status unroll_json_next(unroll_json_reader *r, bool *more)
{
    const char close = r->close[r->depth - 1];
    const bool first = r->first;
    r->first = false;
    *more = !unroll_json_begins(r, close);
    if (!*more)
        r->depth--;
    else if (!first && peek(r) != ',')
        return fail(r, close == '}' ? "a comma or } is missing" : "a comma or ] is missing");
    r->at += !*more || !first;
    return UNROLL_OK;
}

static unroll_status read_value(unroll_json_reader *r, json_t **out);

static unroll_status read_member(unroll_json_reader *r, json_t *object)
{
    char *key = NULL;
    json_t *value = NULL;
    UNROLL_TRY(read_key(r, object ? &key : NULL));
    if (object && json_object_get(object, key) != NULL)
        return fail(r, "a duplicate key");
    UNROLL_TRY(read_value(r, object ? &value : NULL));
    return object && json_object_set_new(object, key, value) != 0 ? fail_memory(r) : UNROLL_OK;
}

static unroll_status read_element(unroll_json_reader *r, json_t *array)
{
    json_t *value = NULL;
    UNROLL_TRY(read_value(r, array ? &value : NULL));
    return array && json_array_append_new(array, value) != 0 ? fail_memory(r) : UNROLL_OK;
}

/* @param whole  empty, and released where it fails; NULL: skip */
static unroll_status read_parts(unroll_json_reader *r, char open, json_t *whole, json_t **out)
{
    bool more = false;
    unroll_status status = out && !whole ? fail_memory(r) : unroll_json_enter(r, open);
    while (status == UNROLL_OK && (status = unroll_json_next(r, &more)) == UNROLL_OK && more)
        status = open == '{' ? read_member(r, whole) : read_element(r, whole);
    if (status != UNROLL_OK)
        json_decref(whole);
    else if (out)
        *out = whole;
    return status;
}

static unroll_status read_value(unroll_json_reader *r, json_t **out)
{
    char *string;
    size_t length;
    skip_space(r);
    if (out && r->values++ == r->most)
        return unroll_fail(UNROLL_EDATA, "%s: byte %zu: the %s has more than %zu values", r->path,
                           r->at, r->part, r->most);
    switch (peek(r)) {
    case '{': return read_parts(r, '{', out ? json_object() : NULL, out);
    case '[': return read_parts(r, '[', out ? json_array() : NULL, out);
    case '"':
        UNROLL_TRY(read_string(r, r->nul, out ? &string : NULL, &length));
        return out && !(*out = json_stringn(string, length)) ? fail_memory(r) : UNROLL_OK;
    case 't': return read_word(r, "true", json_true(), out);
    case 'f': return read_word(r, "false", json_false(), out);
    case 'n': return read_word(r, "null", json_null(), out);
    default:
        if (peek(r) == '-' || (peek(r) >= '0' && peek(r) <= '9'))
            return read_number(r, out);
        return fail(r, r->at < r->length ? "a value is missing" : "it ends too early");
    }
}

unroll_status unroll_json_skip(unroll_json_reader *r)
{
    return read_value(r, NULL);
}

unroll_status unroll_json_value(unroll_json_reader *r, size_t most, json_t **out)
{
    *out = NULL;
    r->values = 0;
    r->most = most;
    return read_value(r, out);
}

unroll_status unroll_json_end(unroll_json_reader *r)
{
    skip_space(r);
    return r->at == r->length ? UNROLL_OK : fail(r, "something follows its end");
}
