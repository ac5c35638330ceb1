#include "config/options.h"

#include <string.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "config/config.h"

static void add_value(unroll_buffer *t, const unroll_option *o, const char *text)
{
    const bool flag = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    const bool bare =
        (o->type == UNROLL_FLAG && flag) || o->type == UNROLL_SIZE || o->type == UNROLL_NUMBER;
    if (bare)
        unroll_buffer_text(t, text);
    else if (text[0] == '\0')
        unroll_buffer_text(t, "null");
    else
        unroll_json_quote_bytes(t, text, strlen(text));
}

static void add_key(unroll_buffer *t, const char *name, bool lines)
{
    if (t->length > 1)
        unroll_buffer_text(t, ",");
    unroll_buffer_text(t, lines ? "\n  " : "");
    unroll_json_quote(t, name, strlen(name));
    unroll_buffer_text(t, lines ? ": " : ":");
}

static bool is_among(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

char *unroll_options_json(const unroll_config *config, unsigned roles, const char *const *without,
                          const char *version, bool lines)
{
    unroll_buffer t = {0};
    unroll_buffer_text(&t, "{");
    if (version != NULL) {
        add_key(&t, "version", lines);
        unroll_json_quote(&t, version, strlen(version));
    }
    for (size_t i = 0; i < unroll_config_rows && !t.failed; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!(o->role & roles) || is_among(without, o->name))
            continue;
        char *text = unroll_option_get(o, 0, config);
        if (text == NULL) {
            t.failed = true;
            break;
        }
        add_key(&t, o->name, lines);
        add_value(&t, o, text);
        unroll_free(text);
    }
    unroll_buffer_text(&t, lines ? "\n}\n" : "}");
    if (!t.failed)
        return t.text;
    unroll_free(t.text);
    return NULL;
}

/** A JSON value as the text of the option. */
static unroll_status value_text(const char *path, const unroll_option *o, const json_t *value,
                                unroll_buffer *text)
{
    char number[32];
    const bool flag = o->type == UNROLL_FLAG, size = o->type == UNROLL_SIZE,
               name = o->type == UNROLL_TEXT;
    bool good = true;
    unroll_buffer_text(text, "");
    if (json_is_boolean(value) && flag)
        unroll_buffer_text(text, json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value) && !flag)
        unroll_buffer_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value) && !flag && !size)
        unroll_buffer_text(text, unroll_format_double(number, json_real_value(value)));
    else if (json_is_null(value))
        good = name && o->preset == NULL;
    else
        good = (name || (json_is_string(value) && (!flag || o->parse))) &&
               unroll_json_bytes(value, text);
    if (!good)
        return unroll_fail(UNROLL_EDATA, "%s: config: '%s' has a value of the wrong kind", path,
                           o->name);
    return text->failed ? UNROLL_EMEMORY : UNROLL_OK;
}

static unroll_status set_from_json(const char *path, const unroll_option *o, size_t base,
                                   const json_t *value, unroll_config *config)
{
    unroll_buffer text = {0};
    unroll_status status = value_text(path, o, value, &text);
    if (status == UNROLL_OK) {
        status = unroll_option_set(o, base, config, text.text);
        if (status != UNROLL_OK)
            status = unroll_fail_prefix(status == UNROLL_EUSAGE ? UNROLL_EDATA : status,
                                        "%s: config", path);
    }
    unroll_free(text.text);
    return status;
}

unroll_status unroll_options_read(const char *path, const json_t *object, unsigned roles,
                                  unroll_config *config)
{
    if (!json_is_object(object))
        return unroll_fail(UNROLL_EDATA, "%s: config is not a JSON object", path);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (key[0] == '_' || strcmp(key, "version") == 0)
            continue;
        size_t base;
        const unroll_option *o = unroll_option_find(unroll_config_lists, key, &base);
        if (o == NULL) {
            const char *near = unroll_option_nearest(unroll_config_lists, key);
            return unroll_fail(UNROLL_EDATA, "%s: config: there is no option '%.80s'%s%s%s", path,
                               key, near ? "; did you mean '" : "", near ? near : "",
                               near ? "'?" : "");
        }
        if (o->role & roles)
            UNROLL_TRY(set_from_json(path, o, base, value, config));
    }
    return UNROLL_OK;
}

unroll_status unroll_options_same(const unroll_config *run, const unroll_config *asked)
{
    const unsigned matters = UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA | UNROLL_ROLE_LEARN;
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!(o->role & matters))
            continue;
        char *was = unroll_option_get(o, 0, run), *is = unroll_option_get(o, 0, asked);
        unroll_status status = was && is ? UNROLL_OK : UNROLL_EMEMORY;
        if (status == UNROLL_OK && strcmp(was, is) != 0)
            status =
                unroll_fail(UNROLL_EMISMATCH,
                            UNROLL_OPTION
                            "%s: the run has '%s', not '%s'; leave the option out, or start another run from its weights "
                            "with " UNROLL_OPTION "init-from",
                            o->name, was, is);
        unroll_free(was);
        unroll_free(is);
        UNROLL_TRY(status);
    }
    return UNROLL_OK;
}
