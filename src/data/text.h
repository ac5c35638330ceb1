#ifndef UNROLL_DATA_TEXT_H
#define UNROLL_DATA_TEXT_H
#include <unroll/vocabulary.h>

/** A text made ready for cutting: no BOM, valid UTF-8, normalised as its rules say. */
typedef struct unroll_text {
    const char *bytes; /**< the caller's text where nothing had to change, else `owned` */
    size_t length;
    char *owned;
    bool bom;        /**< a byte order mark was left out */
    size_t lines;    /**< that came before, where it is a piece of a longer text */
    size_t replaced; /**< invalid sequences that became U+FFFD */
} unroll_text;

/** Check and normalise. Bytes (UNROLL_BYTE) are taken as they are, whatever they hold.
 *  Memory: nothing for a text that is normalised already, else one copy; never 4 bytes a code
 *  point.
 *  @param text  must live as long as *out
 *  @return UNROLL_EDATA for UTF-16 and UTF-32, and for invalid UTF-8 unless rules->replace:
 *          "NAME: byte N: …" with N counted from 0 in `text`; UNROLL_EMEMORY */
unroll_status unroll_text_prepare(const unroll_text_rules *rules, const char *name,
                                  const char *text, size_t length, unroll_text *out);
/** The same for a line from within a text, which no mark of an encoding begins. */
unroll_status unroll_text_prepare_line(const unroll_text_rules *rules, const char *name,
                                       const char *line, size_t length, unroll_text *out);
/** The same for a piece of a text, as unroll_text_piece() cuts it off.
 *  @param before  bytes of the text that came before it */
unroll_status unroll_text_prepare_piece(const unroll_text_rules *rules, const char *name,
                                        const char *piece, size_t length, uint64_t before,
                                        unroll_text *out);
/** Bytes at the start of a text that become the same tokens with what follows or without it: up to the end of its last
 *  line, or before a space that stands behind an ASCII character. 0 where there is no such place. */
size_t unroll_text_piece(const unroll_text_rules *rules, const char *text, size_t length);
void unroll_text_free(unroll_text *text);

/** What a text begins with, for who reads it line by line: UNROLL_EDATA for UTF-16 and UTF-32, unless
 *  bytes are wanted; the bytes of a byte order mark, 3 or 0. */
unroll_status unroll_text_check_encoding(const unroll_text_rules *rules, const char *name,
                                         const char *text, size_t length);
size_t unroll_text_bom(const char *text, size_t length);

/** Walks over the tokens of a prepared text. */
typedef struct unroll_splitter {
    enum unroll_tokens tokens;
    const char *at, *end;
} unroll_splitter;

/** The next token; false at the end. It points into the text.
 *  Graphemes: UAX #29's extended clusters, but CR and LF stay two tokens, so that a line end is
 *  "\n" in every kind of token. Words: runs of letters, marks and digits with inner apostrophes;
 *  LF, CR and every other cluster that is no space are tokens of their own; spaces are dropped. */
bool unroll_splitter_next(unroll_splitter *s, const char **token, size_t *length);

/** Take blanks and CRs off both ends: what is no part of a sentence. */
void unroll_text_trim(const char **text, size_t *length);

/** How two words stand together in a text: bytes between them, " " or "". */
const char *unroll_text_glue(const char *left, size_t left_length, const char *right,
                             size_t right_length);
#endif
