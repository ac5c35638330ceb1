#include "score/bleu.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "score/ngrams.h"

/* ---- the tokeniser ----
 * mteval-v13a is a row of substitutions. Each is done here in a pass of its own: what one of them has
 * taken the next match cannot take again, and that decides on "..." and "1,2.". */

static size_t strip_end(const char *text, size_t length)
{
    size_t end = 0;
    for (size_t i = 0; i < length;) {
        bool space;
        i += unroll_ngrams_character(text + i, length - i, &space);
        end = space ? end : i;
    }
    return end;
}

/* `to` is no longer than `from`. */
static size_t replace(char *text, size_t length, const char *from, const char *to)
{
    const size_t from_length = strlen(from), to_length = strlen(to);
    size_t filled = 0;
    for (size_t i = 0; i < length;) {
        const bool here = length - i >= from_length && memcmp(text + i, from, from_length) == 0;
        memmove(text + filled, here ? to : text + i, here ? to_length : 1);
        filled += here ? to_length : 1;
        i += here ? from_length : 1;
    }
    return filled;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_point(char c)
{
    return c == '.' || c == ',';
}

/* All ASCII punctuation but ' , - and . */
static bool is_mark(char c)
{
    return (c >= '!' && c <= '/' && !strchr("',-.", c)) || (c >= ':' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static size_t part_marks(const char *in, size_t length, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_mark(in[i]))
            out[n++] = ' ';
        out[n++] = in[i];
        if (is_mark(in[i]))
            out[n++] = ' ';
    }
    return n;
}

/* A point or comma goes from what stands before it, unless that is a digit. */
static size_t part_before_points(const char *in, size_t length, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        out[n++] = in[i];
        if (i + 1 < length && !is_digit(in[i]) && is_point(in[i + 1])) {
            out[n++] = ' ';
            out[n++] = in[++i];
            out[n++] = ' ';
        }
    }
    return n;
}

static size_t part_behind_points(const char *in, size_t length, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        const bool here = i + 1 < length && is_point(in[i]) && !is_digit(in[i + 1]);
        if (here)
            out[n++] = ' ';
        out[n++] = in[i];
        if (here) {
            out[n++] = ' ';
            out[n++] = in[++i];
        }
    }
    return n;
}

static size_t part_dashes_behind_digits(const char *in, size_t length, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        out[n++] = in[i];
        if (i + 1 < length && is_digit(in[i]) && in[i + 1] == '-') {
            out[n++] = ' ';
            out[n++] = in[++i];
            out[n++] = ' ';
        }
    }
    return n;
}

static size_t join_by_blanks(const char *in, size_t length, char *out)
{
    size_t n = 0;
    bool space, between = false;
    for (size_t i = 0, size; i < length; i += size) {
        size = unroll_ngrams_character(in + i, length - i, &space);
        if (space) {
            between = n > 0;
            continue;
        }
        if (between)
            out[n++] = ' ';
        between = false;
        memcpy(out + n, in + i, size);
        n += size;
    }
    return n;
}

/* A pass makes at most three bytes of one. */
static unroll_status pass(char **text, size_t *length,
                          size_t (*part)(const char *in, size_t length, char *out))
{
    size_t room;
    char *out = unroll_mul(*length, 3, &room) ? unroll_alloc(room, 1) : NULL;
    if (!out)
        return UNROLL_EMEMORY;
    *length = part(*text, *length, out);
    unroll_free(*text);
    *text = out;
    return UNROLL_OK;
}

unroll_status unroll_bleu_tokens(const char *text, size_t length, char **out, size_t *out_length)
{
    static const char *const substitution[][2] = {{"<skipped>", ""}, {"-\n", ""},    {"\n", " "},
                                                  {"&quot;", "\""},  {"&amp;", "&"}, {"&lt;", "<"},
                                                  {"&gt;", ">"}};
    size_t (*const parts[])(const char *, size_t,
                            char *) = {part_marks, part_before_points, part_behind_points,
                                       part_dashes_behind_digits, join_by_blanks};
    size_t n = strip_end(text, length);
    char *line = unroll_alloc(n + 2, 1);
    if (!line)
        return UNROLL_EMEMORY;
    memcpy(line + 1, text, n);
    for (size_t i = 0; i < sizeof substitution / sizeof *substitution; i++)
        n = replace(line + 1, n, substitution[i][0], substitution[i][1]);
    line[0] = line[n + 1] = ' '; /* so that each character has a neighbour */
    n += 2;
    unroll_status status = UNROLL_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++)
        status = pass(&line, &n, parts[i]);
    if (status) {
        unroll_free(line);
        return status;
    }
    *out = line;
    *out_length = n;
    return UNROLL_OK;
}

/* ---- the score ---- */

typedef struct words {
    char *line;
    unroll_symbol *word;
    size_t count;
} words;

static void words_free(words *w)
{
    unroll_free(w->line);
    unroll_free(w->word);
}

static unroll_status words_of(const char *text, size_t length, words *out)
{
    size_t n;
    *out = (words){0};
    UNROLL_TRY(unroll_bleu_tokens(text, length, &out->line, &n));
    if (!(out->word = unroll_alloc(n / 2 + 2, sizeof *out->word)))
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < n;) {
        const char *blank = memchr(out->line + i, ' ', n - i);
        const size_t end = blank ? (size_t)(blank - out->line) : n;
        out->word[out->count++] = (unroll_symbol){out->line + i, end - i};
        i = end + 1;
    }
    return UNROLL_OK;
}

unroll_status unroll_bleu_add(unroll_bleu *bleu, const char *text, size_t length,
                              const char *reference, size_t reference_length)
{
    words a = {0}, b = {0};
    uint64_t match[UNROLL_BLEU_ORDER];
    unroll_status status = words_of(text, length, &a);
    if (!status)
        status = words_of(reference, reference_length, &b);
    if (!status)
        status = unroll_ngrams_match(a.word, a.count, b.word, b.count, UNROLL_BLEU_ORDER, match);
    if (!status) {
        bleu->length += a.count;
        bleu->reference += b.count;
        for (size_t n = 1; n <= UNROLL_BLEU_ORDER; n++) {
            bleu->correct[n - 1] += match[n - 1];
            bleu->total[n - 1] += unroll_ngrams_count(a.count, n);
        }
    }
    words_free(&a);
    words_free(&b);
    return status;
}

void unroll_bleu_join(unroll_bleu *bleu, const unroll_bleu *part)
{
    bleu->length += part->length;
    bleu->reference += part->reference;
    for (size_t n = 0; n < UNROLL_BLEU_ORDER; n++) {
        bleu->correct[n] += part->correct[n];
        bleu->total[n] += part->total[n];
    }
}

double unroll_bleu_score(const unroll_bleu *bleu)
{
    double sum = 0, smooth = 1;
    if (bleu->correct[0] == 0) /* then no longer one is right, either */
        return 0;
    for (size_t n = 0; n < UNROLL_BLEU_ORDER; n++) {
        if (bleu->total[n] == 0)
            return 0;
        if (bleu->correct[n] == 0)
            smooth *= 2;
        const double correct = bleu->correct[n] ? (double)bleu->correct[n] : 1 / smooth;
        sum += log(100 * correct / (double)bleu->total[n]);
    }
    const double ratio = (double)bleu->reference / (double)bleu->length;
    return (ratio > 1 ? exp(1 - ratio) : 1) * exp(sum / UNROLL_BLEU_ORDER);
}
