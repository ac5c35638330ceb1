/* Single sentences: a source as an encoder reads it, target ids as text. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "data/pairs.h"
#include "data/text.h"
#include "data/vocabulary.h"

size_t unroll_source_pointed_at(const unroll_source *source, const unroll_real *weight)
{
    size_t best = source->end;
    for (size_t s = source->length; s-- > 0;)
        if (s != source->end && (best == source->end || weight[s] >= weight[best]))
            best = s;
    return best;
}

void unroll_source_free(unroll_source *source)
{
    unroll_free(source->id);
    unroll_free(source->token);
    unroll_free(source->bytes);
    unroll_free(source->text);
    *source = (unroll_source){0};
}

/* `text` is owned by the source already. */
static unroll_status cut(const unroll_vocabulary *v, size_t length, bool reverse, unroll_source *out)
{
    const enum unroll_tokens tokens = unroll_vocabulary_rules(v)->tokens;
    unroll_splitter s = {tokens, out->text, out->text + length};
    const char *token;
    size_t bytes, count = 0;
    while (unroll_splitter_next(&s, &token, &bytes))
        count++;
    out->length = count + 1;
    out->id = unroll_alloc(out->length, sizeof *out->id);
    out->token = unroll_alloc(out->length, sizeof *out->token);
    out->bytes = unroll_alloc(out->length, sizeof *out->bytes);
    if (!out->id || !out->token || !out->bytes)
        return UNROLL_EMEMORY;
    s = (unroll_splitter){tokens, out->text, out->text + length};
    for (size_t i = 0; i < count && unroll_splitter_next(&s, &token, &bytes); i++) {
        const size_t to = reverse ? count - i : i;
        const uint32_t id = unroll_vocabulary_find(v, token, bytes);
        out->id[to] = id == UINT32_MAX ? UNROLL_ID_UNKNOWN : id;
        out->unknown += id == UINT32_MAX;
        out->token[to] = token;
        out->bytes[to] = bytes;
    }
    out->end = reverse ? 0 : count;
    out->id[out->end] = UNROLL_ID_END;
    out->token[out->end] = "";
    return UNROLL_OK;
}

unroll_status unroll_source_encode(const unroll_vocabulary *v, const char *name, const char *line,
                                   size_t length, bool reverse, unroll_source *out)
{
    unroll_text text;
    *out = (unroll_source){0};
    UNROLL_TRY(unroll_text_prepare_line(unroll_vocabulary_rules(v), name, line, length, &text));
    const char *bytes = text.bytes;
    size_t left = text.length;
    unroll_text_trim(&bytes, &left);
    out->text = unroll_strndup(bytes, left);
    unroll_text_free(&text);
    const unroll_status status = out->text ? cut(v, left, reverse, out) : UNROLL_EMEMORY;
    if (status != UNROLL_OK)
        unroll_source_free(out);
    return status;
}

/* A token's bytes as they are written, and what glues them to those before. */
typedef struct piece {
    const char *bytes;
    size_t length;
    bool unknown;
} piece;

static piece piece_of(const unroll_vocabulary *v, const uint32_t *id, size_t i,
                      const unroll_source *source, const size_t *from)
{
    piece p = {.unknown = id[i] == UNROLL_ID_UNKNOWN};
    if (p.unknown && source && from && source->bytes[from[i]] > 0)
        return (piece){source->token[from[i]], source->bytes[from[i]], false};
    p.bytes = unroll_vocabulary_token(v, id[i], &p.length);
    return p;
}

/* As unroll_vocabulary_glue(), for tokens that may stand in for others. */
static const char *glue(const unroll_vocabulary *v, const piece *left, const piece *right)
{
    if (unroll_vocabulary_rules(v)->tokens != UNROLL_WORD || !left->bytes)
        return "";
    return unroll_text_glue(left->unknown ? "x" : left->bytes, left->unknown ? 1 : left->length,
                            right->unknown ? "x" : right->bytes, right->unknown ? 1 : right->length);
}

unroll_status unroll_target_text(const unroll_vocabulary *v, const uint32_t *id, size_t count,
                                 const unroll_source *source, const size_t *from, char **text,
                                 size_t *length)
{
    *text = NULL;
    *length = 0;
    for (int pass = 0; pass < 2; pass++) { /* measure, then write */
        piece before = {0};
        size_t at = 0;
        for (size_t i = 0; i < count && id[i] != UNROLL_ID_END; i++) {
            if (id[i] == UNROLL_ID_BEGIN)
                continue;
            const piece p = piece_of(v, id, i, source, from);
            const char *joint = glue(v, &before, &p);
            const size_t wide = strlen(joint);
            if (*text) {
                memcpy(*text + at, joint, wide);
                memcpy(*text + at + wide, p.bytes, p.length);
            }
            at += wide + p.length;
            before = p;
        }
        *length = at;
        if (!*text && !(*text = unroll_alloc(at + 1, 1)))
            return UNROLL_EMEMORY;
    }
    return UNROLL_OK;
}
