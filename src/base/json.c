#include "base/json.h"

#include <string.h>

#include "base/fail.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/utf8.h"

unroll_status unroll_json_parse(const char *path, const char *part, const char *text, size_t length,
                                size_t most, json_t **out)
{
    *out = NULL;
    char *copy = unroll_strndup(text, length); /* to be written over */
    if (!copy)
        return UNROLL_EMEMORY;
    unroll_json_reader r = {.path = path, .part = part, .text = copy, .length = length};
    unroll_status status = unroll_json_value(&r, most, out);
    if (status == UNROLL_OK)
        status = unroll_json_end(&r);
    if (status != UNROLL_OK) {
        json_decref(*out);
        *out = NULL;
    }
    unroll_free(copy);
    return status;
}

static void drop(json_t **whole)
{
    json_decref(*whole);
    *whole = NULL;
}

/* jansson takes the value over even where it fails. */
void unroll_json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) != 0)
        drop(array);
}

void unroll_json_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) != 0)
        drop(object);
}

typedef struct writing {
    unroll_json_sink *sink;
    void *arg;
    unroll_status status;
} writing;

static int write_piece(const char *text, size_t length, void *arg)
{
    writing *w = arg;
    w->status = w->sink(w->arg, text, length);
    return w->status == UNROLL_OK ? 0 : -1;
}

unroll_status unroll_json_write(const json_t *value, size_t flags, unroll_json_sink *sink, void *arg)
{
    writing w = {.sink = sink, .arg = arg, .status = UNROLL_OK};
    if (value != NULL && json_dump_callback(value, write_piece, &w, flags) == 0)
        return UNROLL_OK;
    if (w.status != UNROLL_OK)
        return w.status;
    return unroll_fail(UNROLL_EMEMORY, "no memory left for JSON");
}

void unroll_json_quote(unroll_buffer *out, const char *string, size_t length)
{
    unroll_buffer_add(out, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)string[i];
        if (c == '"' || c == '\\') {
            const char pair[2] = {'\\', (char)c};
            unroll_buffer_add(out, pair, 2);
        } else if (c < 32) {
            const char *hex = "0123456789abcdef";
            const char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            unroll_buffer_add(out, escape, 6);
        } else {
            unroll_buffer_add(out, string + i, 1);
        }
    }
    unroll_buffer_add(out, "\"", 1);
}

void unroll_json_quote_bytes(unroll_buffer *out, const char *text, size_t length)
{
    size_t good = unroll_utf8_prefix(text, length);
    if (good == length) {
        unroll_json_quote(out, text, length);
        return;
    }
    for (size_t at = 0; at < length; good = unroll_utf8_prefix(text + at, length - at)) {
        unroll_buffer_text(out, at ? ", " : "[");
        if (good > 0)
            unroll_json_quote(out, text + at, good);
        else
            unroll_buffer_printf(out, "%d", (unsigned char)text[at]);
        at += good ? good : 1;
    }
    unroll_buffer_text(out, "]");
}

bool unroll_json_bytes(const json_t *value, unroll_buffer *text)
{
    if (json_is_string(value))
        unroll_buffer_text(text, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *part = json_array_get(value, i);
        const json_int_t byte = json_integer_value(part);
        if (json_is_string(part))
            unroll_buffer_text(text, json_string_value(part));
        else if (byte >= 0x80 && byte <= 0xff)
            unroll_buffer_add(text, &(char){(char)byte}, 1);
        else
            return false;
    }
    return json_is_string(value) || json_array_size(value) > 0;
}
