#ifndef UNROLL_VOCABULARY_H
#define UNROLL_VOCABULARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a token is. */
enum unroll_tokens { UNROLL_BYTE, UNROLL_CODEPOINT, UNROLL_GRAPHEME, UNROLL_WORD };
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
#define UNROLL_TEXT_RULES_INIT                                                                   \
    {.size = sizeof(unroll_text_rules), .tokens = UNROLL_CODEPOINT, .normalize = UNROLL_NFC,     \
     .min_count = 1}

/** Token strings and their ids: ids 0…size−1. "<unk>", where there is one, is an ordinary entry.
 *  Special tokens ("<unk>") cannot be produced from a text that contains their letters. */
typedef struct unroll_vocabulary unroll_vocabulary;

size_t unroll_vocabulary_size(const unroll_vocabulary *v);
/** The token's bytes (may hold a NUL); *length without the NUL behind. Owned by v. */
const char *unroll_vocabulary_token(const unroll_vocabulary *v, uint32_t id, size_t *length);
/** The id of "<unk>", or UINT32_MAX where the vocabulary has none. */
uint32_t unroll_vocabulary_unknown(const unroll_vocabulary *v);
/** The id of these bytes, UINT32_MAX where they are no token. */
uint32_t unroll_vocabulary_find(const unroll_vocabulary *v, const char *token, size_t length);
const unroll_text_rules *unroll_vocabulary_rules(const unroll_vocabulary *v);
void unroll_vocabulary_free(unroll_vocabulary *v);

/** A growing array of ids. Zero-initialise. */
typedef struct unroll_ids {
    uint32_t *id;
    size_t count, room;
    size_t unknown;   /**< how many became <unk> */
    size_t replaced;  /**< invalid UTF-8 sequences that became U+FFFD (rules.replace) */
    bool bom;         /**< a byte order mark was left out */
} unroll_ids;
void unroll_ids_free(unroll_ids *ids);

/** Check, normalise and cut `text` into tokens and number them. A BOM is stripped (ids->bom says
 *  so), UTF-16 is UNROLL_EDATA, invalid UTF-8 is UNROLL_EDATA with its byte offset unless
 *  rules->replace; bytes are taken as they are. NUL, CR and LF are ordinary symbols. An empty
 *  text is UNROLL_EDATA. Ids are in order of code point (bytes: 0…255; words and graphemes: most
 *  frequent first, ties by bytes). With min_count above 1, "<unk>" is id 0, whether or not a
 *  token was rare enough for it. With tokens == UNROLL_BYTE the vocabulary always has 256 entries.
 *  @param name   what messages call the text (a file's name)
 *  @param out    the vocabulary of this text; freed by unroll_vocabulary_free()
 *  @param ids    appended to */
unroll_status unroll_vocabulary_build(const unroll_text_rules *rules, const char *name,
                                      const char *text, size_t length, unroll_vocabulary **out,
                                      unroll_ids *ids);

/** Number another text with an existing vocabulary and its rules. A token it lacks is <unk> where
 *  there is one, else UNROLL_EDATA "NAME:LINE: …" naming it. On failure `ids` is as it was. */
unroll_status unroll_vocabulary_encode(const unroll_vocabulary *v, const char *name,
                                       const char *text, size_t length, unroll_ids *ids);

/** From a model's metadata: `count` strings, id = index. For UNROLL_BYTE: 256 entries, bytes from
 *  0x80 as "<0xNN>". UNROLL_EDATA for duplicates, empty strings, invalid UTF-8 or a wrong count. */
unroll_status unroll_vocabulary_from_tokens(const unroll_text_rules *rules,
                                            const char *const *tokens, const size_t *lengths,
                                            size_t count, unroll_vocabulary **out);
/** The string that metadata carries for `id` (as above); buffer is used where the token needs
 *  spelling out. */
const char *unroll_vocabulary_spelling(const unroll_vocabulary *v, uint32_t id, char buffer[8],
                                       size_t *length);

/** A second vocabulary with the same rules, tokens and ids.
 *  @param out  freed by unroll_vocabulary_free()
 *  @return UNROLL_EMEMORY */
unroll_status unroll_vocabulary_copy(const unroll_vocabulary *from, unroll_vocabulary **out);

/** What joins tokens to text again: "" for all but words, where a single space stands between two
 *  words and none before closing punctuation.
 *  @param previous  the token before, or UINT32_MAX at the start
 *  @return bytes to write before token `id` */
const char *unroll_vocabulary_glue(const unroll_vocabulary *v, uint32_t previous, uint32_t id);

#ifdef __cplusplus
}
#endif
#endif
