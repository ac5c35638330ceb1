#ifndef UNROLL_VOCABULARY_H
#define UNROLL_VOCABULARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a token is. A grapheme is what a reader takes for one character (Unicode Standard Annex 29). A word is a run
 *  of letters, digits and apostrophes between them; white space is dropped, and other graphemes are tokens of their
 *  own. */
enum unroll_tokens { UNROLL_BYTE, UNROLL_CODEPOINT, UNROLL_GRAPHEME, UNROLL_WORD };
/** Which of its equal spellings a text is brought to (Unicode Standard Annex 15). */
enum unroll_normalize { UNROLL_NFC, UNROLL_NFKC, UNROLL_NO_NORMALIZE };

/** How a text becomes tokens. Begin with UNROLL_TEXT_RULES_INIT, since zeros mean bytes. */
typedef struct unroll_text_rules {
    size_t size;                     /**< sizeof(unroll_text_rules) */
    enum unroll_tokens tokens;       /**< UNROLL_CODEPOINT */
    enum unroll_normalize normalize; /**< Unicode's form; UNROLL_NFC. Bytes are never normalised */
    bool casefold;                   /**< make no difference between "A" and "a"; false */
    bool replace;                    /**< invalid UTF-8: U+FFFD instead of an error; false */
    uint64_t min_count;              /**< rarer tokens become <unk>; 1 keeps all */
} unroll_text_rules;
#define UNROLL_TEXT_RULES_INIT                                                                  \
    {                                                                                           \
        .size = sizeof(unroll_text_rules), .tokens = UNROLL_CODEPOINT, .normalize = UNROLL_NFC, \
        .min_count = 1                                                                          \
    }

/** Tokens and their ids, from 0 to size - 1. "<unk>", where there is one, is an ordinary entry, but no text
 *  becomes it by holding its letters. A vocabulary does not change, so threads may share it. */
typedef struct unroll_vocabulary unroll_vocabulary;

size_t unroll_vocabulary_size(const unroll_vocabulary *v);
/** A token's bytes, which may hold a NUL.
 *  @param id      below the vocabulary's size
 *  @param length  takes the number of bytes, without the NUL that follows them
 *  @return owned by v */
const char *unroll_vocabulary_token(const unroll_vocabulary *v, uint32_t id, size_t *length);
/** The id of "<unk>", or UINT32_MAX where the vocabulary has none. */
uint32_t unroll_vocabulary_unknown(const unroll_vocabulary *v);
/** The id of these bytes, or UINT32_MAX where they are no token. */
uint32_t unroll_vocabulary_find(const unroll_vocabulary *v, const char *token, size_t length);
/** The rules that it was made with. @return owned by v */
const unroll_text_rules *unroll_vocabulary_rules(const unroll_vocabulary *v);
void unroll_vocabulary_free(unroll_vocabulary *v); /**< NULL is allowed */

/** A growing array of ids. Begin with {0}. */
typedef struct unroll_ids {
    uint32_t *id; /**< [count] */
    size_t count;
    size_t room;     /**< of the library */
    size_t unknown;  /**< how many became <unk> */
    size_t replaced; /**< invalid UTF-8 sequences that became U+FFFD (rules.replace) */
    bool bom;        /**< a byte order mark was left out */
} unroll_ids;
void unroll_ids_free(unroll_ids *ids); /**< of its array; the struct is the caller's */

/** Make the vocabulary of a text, and number the text with it. A byte order mark is left out; NUL, CR and LF are
 *  ordinary symbols. Code points have their ids in the order of their numbers, words and graphemes with the most
 *  frequent first and ties in the order of their bytes. A vocabulary of bytes always has 256 entries. With min_count
 *  above 1, "<unk>" has the id 0, whether or not a token was rare enough for it.
 *  @param name   what messages call the text, such as a file's name
 *  @param text   [length] bytes; only read
 *  @param out    freed by unroll_vocabulary_free(); NULL on failure
 *  @param ids    appended to; as it was on failure
 *  @return UNROLL_EDATA for an empty text, for UTF-16, or, unless rules->replace, with the byte's number for invalid
 *          UTF-8; UNROLL_EUSAGE for rules without their size; UNROLL_EMEMORY */
unroll_status unroll_vocabulary_build(const unroll_text_rules *rules, const char *name,
                                      const char *text, size_t length, unroll_vocabulary **out,
                                      unroll_ids *ids);

/** Number another text with a vocabulary and its rules. A token that the vocabulary lacks becomes <unk>.
 *  @param text  [length] bytes; only read
 *  @param ids   appended to; as it was on failure
 *  @return UNROLL_EDATA where there is no <unk>, with the line and the token; else as unroll_vocabulary_build() */
unroll_status unroll_vocabulary_encode(const unroll_vocabulary *v, const char *name,
                                       const char *text, size_t length, unroll_ids *ids);

/** Make a vocabulary of given tokens, such as those of a model from elsewhere; the i-th has the id i. One of bytes has
 *  256 entries, those from 0x80 on spelled "<0xNN>".
 *  @param rules    how texts that it numbers become tokens
 *  @param tokens   [count], copied; lengths: [count] their bytes
 *  @param out      freed by unroll_vocabulary_free(); NULL on failure
 *  @return UNROLL_EDATA for tokens that are equal, empty or invalid UTF-8, or for a wrong count; UNROLL_EUSAGE for
 *          rules without their size; UNROLL_EMEMORY */
unroll_status unroll_vocabulary_from_tokens(const unroll_text_rules *rules,
                                            const char *const *tokens, const size_t *lengths,
                                            size_t count, unroll_vocabulary **out);
/** A token as unroll_vocabulary_from_tokens() takes it.
 *  @param buffer  used where a byte is spelled out
 *  @return owned by v, or the buffer */
const char *unroll_vocabulary_spelling(const unroll_vocabulary *v, uint32_t id, char buffer[8],
                                       size_t *length);

/** A second vocabulary with the same rules, tokens and ids.
 *  @param out  freed by unroll_vocabulary_free()
 *  @return UNROLL_EMEMORY */
unroll_status unroll_vocabulary_copy(const unroll_vocabulary *from, unroll_vocabulary **out);

/** What joins tokens to a text again: a single space between two words, none before closing punctuation, and
 *  nothing between other tokens.
 *  @param previous  the token before, or UINT32_MAX at the start
 *  @return a constant of the library, to be written before the token `id` */
const char *unroll_vocabulary_glue(const unroll_vocabulary *v, uint32_t previous, uint32_t id);

#ifdef __cplusplus
}
#endif
#endif
