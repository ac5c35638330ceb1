#include "data/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/utf8.h"

/* ---- UTF-8 ---- */

typedef struct fault {
    size_t length; /* of the maximal ill-formed part: what one U+FFFD stands for */
    const char *what;
} fault;

/* Length of the well-formed sequence at p, or 0 and what is wrong. Table 3-7 of the Unicode
 * standard. */
static size_t sequence_length(const unsigned char *p, size_t left, fault *bad)
{
    const unsigned char lead = p[0];
    if (lead < 0x80)
        return 1;
    *bad = (fault){1, "no UTF-8 sequence begins with it"};
    if (lead < 0xC0)
        bad->what = "a continuation byte without a beginning";
    else if (lead < 0xC2)
        bad->what = "an overlong form";
    else if (lead > 0xF4 && lead < 0xF8)
        bad->what = "a code point above U+10FFFF";
    if (lead < 0xC2 || lead > 0xF4)
        return 0;

    const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < length; i++) {
        bad->length = i;
        if (i == left) {
            bad->what = "a sequence cut short by the end";
            return 0;
        }
        if ((p[i] & 0xC0) != 0x80) {
            bad->what = "a sequence cut short";
            return 0;
        }
        if (i > 1)
            continue;
        if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xF0 && p[1] < 0x90))
            bad->what = "an overlong form";
        else if (lead == 0xED && p[1] >= 0xA0)
            bad->what = "a surrogate";
        else if (lead == 0xF4 && p[1] >= 0x90)
            bad->what = "a code point above U+10FFFF";
        else
            continue;
        return 0;
    }
    return length;
}

/* Bytes from `at` on that are ASCII, counted by eights. */
static size_t ascii_run(const char *text, size_t at, size_t length)
{
    size_t i = at;
    for (uint64_t eight; i + 8 <= length; i += 8) {
        memcpy(&eight, text + i, 8);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (i < length && (unsigned char)text[i] < 0x80)
        i++;
    return i - at;
}

/* Offset of the first ill-formed sequence at or after `at`; `length` where there is none. */
static size_t find_fault(const char *text, size_t at, size_t length, fault *bad)
{
    while (at < length) {
        at += ascii_run(text, at, length);
        if (at == length)
            break;
        const size_t n = sequence_length((const unsigned char *)text + at, length - at, bad);
        if (n == 0)
            return at;
        at += n;
    }
    return length;
}

/* UTF-16 and UTF-32 by their marks; UTF-16 without one by the NULs that Latin text has in every
 * second byte. */
static const char *wide_encoding(const char *text, size_t length)
{
    const unsigned char *b = (const unsigned char *)text;
    if (length >= 4 && (memcmp(b, "\xFF\xFE\0", 4) == 0 || memcmp(b, "\0\0\xFE\xFF", 4) == 0))
        return "UTF-32";
    if (length >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF)))
        return "UTF-16";
    const size_t pairs = (length < 4096 ? length : 4096) / 2;
    size_t nul[2] = {0, 0};
    for (size_t i = 0; i < 2 * pairs; i++)
        nul[i % 2] += b[i] == 0;
    const size_t most = nul[0] > nul[1] ? nul[0] : nul[1], least = nul[0] + nul[1] - most;
    return pairs >= 4 && most > pairs / 2 && least <= pairs / 20 ? "UTF-16" : NULL;
}

/* ---- a growing string ---- */

typedef struct string {
    char *bytes;
    size_t length, room;
} string;

static unroll_status string_reserve(string *s, size_t more)
{
    size_t need, room;
    if (!unroll_add(s->length, more, &need) || !unroll_add(need, need / 8, &room))
        return unroll_fail(UNROLL_EMEMORY, "a text of more than %zu bytes does not fit in memory",
                           s->length);
    if (need <= s->room)
        return UNROLL_OK;
    char *bytes = unroll_realloc(s->bytes, room, 1);
    if (!bytes)
        return UNROLL_EMEMORY;
    s->bytes = bytes;
    s->room = room;
    return UNROLL_OK;
}

static unroll_status string_add(string *s, const char *bytes, size_t length)
{
    UNROLL_TRY(string_reserve(s, length));
    if (length)
        memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
    return UNROLL_OK;
}

/* The text with U+FFFD for each maximal ill-formed part, from `at`, the first one. */
static unroll_status replace_faults(const char *text, size_t length, size_t at, fault bad,
                                    string *out, size_t *replaced)
{
    UNROLL_TRY(string_reserve(out, length));
    for (size_t done = 0;;) {
        UNROLL_TRY(string_add(out, text + done, at - done));
        if (at == length)
            return UNROLL_OK;
        UNROLL_TRY(string_add(out, "\xEF\xBF\xBD", 3));
        ++*replaced;
        done = at + bad.length;
        at = find_fault(text, done, length, &bad);
    }
}

/* ---- normalisation ---- */

enum { PLAIN_NFC = 1, PLAIN_NFKC = 2, PLAIN_FOLD = 4, PLAIN_ALL = 7, PLAIN_FORMS = 3 };

/* Code points that a form leaves as they are, that are starters, and that never combine with what
 * stands before them: a text may be cut before each. What is missing here costs time, never
 * correctness. */
static const struct plain_range {
    int32_t first, last;
    int forms;
} plain_ranges[] = {
    {0x0000, 0x0040, PLAIN_ALL},   {0x0041, 0x005A, PLAIN_FORMS}, {0x005B, 0x009F, PLAIN_ALL},
    {0x00A0, 0x00BF, PLAIN_NFC},   {0x00C0, 0x00DF, PLAIN_FORMS}, {0x00E0, 0x00FF, PLAIN_ALL},
    {0x0100, 0x024F, PLAIN_NFC},   {0x0250, 0x02AF, PLAIN_ALL},   {0x0388, 0x03FF, PLAIN_NFC},
    {0x0400, 0x042F, PLAIN_FORMS}, {0x0430, 0x045F, PLAIN_ALL},   {0x0460, 0x0482, PLAIN_FORMS},
    {0x048A, 0x052F, PLAIN_FORMS}, {0x0531, 0x0556, PLAIN_FORMS}, {0x0561, 0x0586, PLAIN_ALL},
    {0x05D0, 0x05EA, PLAIN_ALL},   {0x0621, 0x063A, PLAIN_ALL},   {0x0641, 0x064A, PLAIN_ALL},
    {0x0904, 0x0939, PLAIN_ALL},   {0x0E01, 0x0E30, PLAIN_ALL},   {0x0E40, 0x0E46, PLAIN_ALL},
    {0x10D0, 0x10FA, PLAIN_ALL},   {0x1100, 0x115F, PLAIN_ALL},   {0x1EA0, 0x1EF9, PLAIN_FORMS},
    {0x2010, 0x2012, PLAIN_NFC},   {0x2013, 0x2016, PLAIN_ALL},   {0x2018, 0x2023, PLAIN_ALL},
    {0x2024, 0x2027, PLAIN_NFC},   {0x2500, 0x27BF, PLAIN_ALL},   {0x3001, 0x3029, PLAIN_ALL},
    {0x3041, 0x3094, PLAIN_ALL},   {0x30A1, 0x30FA, PLAIN_ALL},   {0x30FC, 0x30FC, PLAIN_ALL},
    {0x3400, 0x4DBF, PLAIN_ALL},   {0x4E00, 0x9FFF, PLAIN_ALL},   {0xAC00, 0xD7A3, PLAIN_ALL},
    {0x1F300, 0x1FAFF, PLAIN_ALL}, {0x20000, 0x2A6DF, PLAIN_ALL},
};

typedef struct normaliser {
    int forms; /* what plain must mean */
    utf8proc_option_t options;
    size_t range;    /* that the last plain code point was in: most texts stay in one or two */
    int32_t *points; /* [room] scratch of one segment */
    size_t room;
    string out;
} normaliser;

static bool is_plain(normaliser *n, int32_t c)
{
    const struct plain_range *near = &plain_ranges[n->range];
    if (c >= near->first && c <= near->last)
        return (near->forms & n->forms) == n->forms;
    if (c < 0x41)
        return true;
    size_t low = 0, high = sizeof plain_ranges / sizeof *plain_ranges;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (c < plain_ranges[mid].first)
            high = mid;
        else if (c > plain_ranges[mid].last)
            low = mid + 1;
        else {
            n->range = mid;
            return (plain_ranges[mid].forms & n->forms) == n->forms;
        }
    }
    return false;
}

/* Bytes after which a segment ends before the next starter, and bytes after which it ends anywhere:
 * reordering takes time quadratic in a run of marks. */
enum { SEGMENT_LONG = 1024, SEGMENT_MAX = 4096 };

static bool ends_segment(normaliser *n, const char *at, size_t length)
{
    size_t step;
    const int32_t c = unroll_utf8_decode(at, &step);
    if (is_plain(n, c) || length >= SEGMENT_MAX)
        return true;
    if (length < SEGMENT_LONG || (c >= 0x1160 && c < 0x1200)) /* Hangul vowels and finals */
        return false;
    const utf8proc_property_t *p = utf8proc_get_property(c);
    return p->combining_class == 0 && p->category != UTF8PROC_CATEGORY_MC &&
           p->category != UTF8PROC_CATEGORY_MN;
}

static unroll_status normalise_segment(normaliser *n, const char *text, size_t length)
{
    for (;;) {
        const utf8proc_ssize_t need =
            utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, n->points,
                               (utf8proc_ssize_t)n->room, n->options);
        if (need < 0)
            return unroll_fail(UNROLL_EDATA, "normalisation: %s", utf8proc_errmsg(need));
        if ((size_t)need > n->room) {
            int32_t *points = unroll_realloc(n->points, (size_t)need, sizeof *points);
            if (!points)
                return UNROLL_EMEMORY;
            n->points = points;
            n->room = (size_t)need;
            continue;
        }
        const utf8proc_ssize_t count = utf8proc_normalize_utf32(n->points, need, n->options);
        if (count < 0)
            return unroll_fail(UNROLL_EDATA, "normalisation: %s", utf8proc_errmsg(count));
        UNROLL_TRY(string_reserve(&n->out, 4 * (size_t)count));
        for (utf8proc_ssize_t i = 0; i < count; i++)
            n->out.length +=
                (size_t)utf8proc_encode_char(n->points[i],
                                             (utf8proc_uint8_t *)n->out.bytes + n->out.length);
        return UNROLL_OK;
    }
}

/* Copies runs of plain code points and hands utf8proc what lies between, with the plain one
 * before it, which marks may combine with. Leaves n->out empty where nothing but plain ones was
 * met. */
static unroll_status normalise(normaliser *n, const char *text, size_t length)
{
    size_t done = 0; /* what is in n->out ends here */
    size_t last = 0; /* the last plain code point, or `done` */
    for (size_t at = 0; at < length;) {
        size_t step;
        if (is_plain(n, unroll_utf8_decode(text + at, &step))) {
            last = at;
            at += step;
            continue;
        }
        const size_t first = at;
        do {
            unroll_utf8_decode(text + at, &step);
            at += step;
        } while (at < length && !ends_segment(n, text + at, at - first));
        if (!n->out.bytes)
            UNROLL_TRY(string_reserve(&n->out, length));
        UNROLL_TRY(string_add(&n->out, text + done, last - done));
        UNROLL_TRY(normalise_segment(n, text + last, at - last));
        done = last = at;
    }
    return n->out.bytes ? string_add(&n->out, text + done, length - done) : UNROLL_OK;
}

static bool normaliser_for(const unroll_text_rules *rules, normaliser *n)
{
    *n = (normaliser){0};
    if (rules->normalize != UNROLL_NO_NORMALIZE) {
        n->options |= UTF8PROC_STABLE | UTF8PROC_COMPOSE;
        n->forms |= PLAIN_NFC;
    }
    if (rules->normalize == UNROLL_NFKC) {
        n->options |= UTF8PROC_COMPAT;
        n->forms |= PLAIN_NFKC;
    }
    if (rules->casefold) {
        n->options |= UTF8PROC_CASEFOLD;
        n->forms |= PLAIN_FOLD;
    }
    return n->forms != 0;
}

static void text_take(unroll_text *text, string *s)
{
    unroll_free(text->owned);
    text->bytes = text->owned = s->bytes;
    text->length = s->length;
}

static unroll_status check_utf8(const unroll_text_rules *rules, const char *name, uint64_t before,
                                unroll_text *out)
{
    fault bad;
    const size_t at = find_fault(out->bytes, 0, out->length, &bad);
    if (at == out->length)
        return UNROLL_OK;
    if (!rules->replace)
        return unroll_fail(UNROLL_EDATA,
                           "%s: byte %" PRIu64 ": not UTF-8: %s (0x%02X); train with " UNROLL_OPTION
                           "tokens byte or " UNROLL_OPTION "invalid replace",
                           name, before + at, bad.what, (unsigned char)out->bytes[at]);
    string s = {0};
    const unroll_status status = replace_faults(out->bytes, out->length, at, bad, &s, &out->replaced);
    if (status == UNROLL_OK)
        text_take(out, &s);
    else
        unroll_free(s.bytes);
    return status;
}

unroll_status unroll_text_check_encoding(const unroll_text_rules *rules, const char *name,
                                         const char *text, size_t length)
{
    const char *wide = rules->tokens == UNROLL_BYTE ? NULL : wide_encoding(text, length);
    return wide ? unroll_fail(UNROLL_EDATA,
                              "%s: is %s, not UTF-8; convert it (iconv -f %s -t UTF-8), or train "
                              "with " UNROLL_OPTION "tokens byte",
                              name, wide, wide)
                : UNROLL_OK;
}

size_t unroll_text_bom(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* @param before  bytes that came before; skip: bytes at the start that are left out */
static unroll_status prepare(const unroll_text_rules *rules, const char *name, const char *text,
                             size_t length, uint64_t before, size_t skip, unroll_text *out)
{
    *out = (unroll_text){.bytes = text + skip, .length = length - skip, .bom = skip > 0};
    if (rules->tokens == UNROLL_BYTE)
        return UNROLL_OK;
    UNROLL_TRY(check_utf8(rules, name, before + skip, out));

    normaliser n;
    if (!normaliser_for(rules, &n))
        return UNROLL_OK;
    if (!rules->casefold && ascii_run(out->bytes, 0, out->length) == out->length)
        return UNROLL_OK;
    const unroll_status status = normalise(&n, out->bytes, out->length);
    unroll_free(n.points);
    if (status != UNROLL_OK) {
        unroll_free(n.out.bytes);
        unroll_text_free(out);
    } else if (n.out.bytes) {
        text_take(out, &n.out);
    }
    return status;
}

unroll_status unroll_text_prepare(const unroll_text_rules *rules, const char *name,
                                  const char *text, size_t length, unroll_text *out)
{
    return unroll_text_prepare_piece(rules, name, text, length, 0, out);
}

unroll_status unroll_text_prepare_piece(const unroll_text_rules *rules, const char *name,
                                        const char *piece, size_t length, uint64_t before,
                                        unroll_text *out)
{
    *out = (unroll_text){0};
    if (before > 0 || rules->tokens == UNROLL_BYTE)
        return prepare(rules, name, piece, length, before, 0, out);
    UNROLL_TRY(unroll_text_check_encoding(rules, name, piece, length));
    return prepare(rules, name, piece, length, 0, unroll_text_bom(piece, length), out);
}

/* Nothing joins a line end with what follows, nor a space with an ASCII character before it: no cluster, no word, no
 * form of normalisation. */
size_t unroll_text_piece(const unroll_text_rules *rules, const char *text, size_t length)
{
    if (rules->tokens == UNROLL_BYTE)
        return length;
    for (size_t i = length; i-- > 0;) {
        if (text[i] == '\n')
            return i + 1;
        if (text[i] == ' ' && i > 0 && (unsigned char)text[i - 1] < 0x80)
            return i;
    }
    return 0;
}

unroll_status unroll_text_prepare_line(const unroll_text_rules *rules, const char *name,
                                       const char *line, size_t length, unroll_text *out)
{
    return prepare(rules, name, line, length, 0, 0, out);
}

void unroll_text_free(unroll_text *text)
{
    unroll_free(text->owned);
    *text = (unroll_text){0};
}

/* ---- cutting ---- */

enum kind { KIND_WORD, KIND_SPACE, KIND_APOSTROPHE, KIND_OTHER };

static enum kind kind_of(int32_t c)
{
    if (c == '\'' || c == 0x2019)
        return KIND_APOSTROPHE;
    if (c == '\n' || c == '\r')
        return KIND_OTHER;
    if (c == ' ' || c == '\t' || c == '\v' || c == '\f')
        return KIND_SPACE;
    if (c < 0x80)
        return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') ? KIND_WORD
                                                                                  : KIND_OTHER;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return KIND_WORD;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return KIND_SPACE;
    default: return KIND_OTHER;
    }
}

static size_t grapheme_length(const char *at, const char *end)
{
    size_t step;
    int32_t left = unroll_utf8_decode(at, &step);
    const char *p = at + step;
    for (utf8proc_int32_t state = 0; p < end; p += step) {
        const int32_t right = unroll_utf8_decode(p, &step);
        if ((left < 0x80 && right < 0x80) || utf8proc_grapheme_break_stateful(left, right, &state))
            break;
        left = right;
    }
    return (size_t)(p - at);
}

static size_t word_length(const char *at, const char *end)
{
    const char *p = at;
    while (p < end) {
        size_t step, next;
        const enum kind kind = kind_of(unroll_utf8_decode(p, &step));
        if (kind == KIND_APOSTROPHE) {
            if (p == at || p + step == end ||
                kind_of(unroll_utf8_decode(p + step, &next)) != KIND_WORD)
                break;
        } else if (kind != KIND_WORD) {
            break;
        }
        p += step;
    }
    return p > at ? (size_t)(p - at) : grapheme_length(at, end);
}

bool unroll_splitter_next(unroll_splitter *s, const char **token, size_t *length)
{
    size_t step;
    if (s->tokens == UNROLL_WORD)
        while (s->at < s->end && kind_of(unroll_utf8_decode(s->at, &step)) == KIND_SPACE)
            s->at += step;
    if (s->at == s->end)
        return false;
    switch (s->tokens) {
    case UNROLL_BYTE: *length = 1; break;
    case UNROLL_CODEPOINT: unroll_utf8_decode(s->at, length); break;
    case UNROLL_GRAPHEME: *length = grapheme_length(s->at, s->end); break;
    case UNROLL_WORD: *length = word_length(s->at, s->end); break;
    }
    *token = s->at;
    s->at += *length;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void unroll_text_trim(const char **text, size_t *length)
{
    while (*length && is_blank(**text))
        ++*text, --*length;
    while (*length && is_blank((*text)[*length - 1]))
        --*length;
}

/* Hyphens and the like stand close on both sides. */
static bool is_close(int32_t c)
{
    return c == '\n' || c == '\r' || c == '-' || c == 0x2010 || c == 0x2011 || c == '/' ||
           c == '_' || c == '\'' || c == 0x2019;
}

const char *unroll_text_glue(const char *left, size_t left_length, const char *right,
                             size_t right_length)
{
    size_t step;
    if (left_length == 0 || right_length == 0)
        return "";
    const int32_t a = unroll_utf8_decode(left, &step), b = unroll_utf8_decode(right, &step);
    if (is_close(a) || is_close(b))
        return "";
    const utf8proc_category_t before = utf8proc_category(a), after = utf8proc_category(b);
    if (before == UTF8PROC_CATEGORY_PS || before == UTF8PROC_CATEGORY_PI ||
        after == UTF8PROC_CATEGORY_PE || after == UTF8PROC_CATEGORY_PF)
        return "";
    /* '"', '&', '*', '@' and '#' open as often as they close: a space. */
    return after == UTF8PROC_CATEGORY_PO && !(b < 0x80 && strchr("\"&*@#", b)) ? "" : " ";
}
