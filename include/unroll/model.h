#ifndef UNROLL_MODEL_H
#define UNROLL_MODEL_H
#include <unroll/config.h>
#include <unroll/net.h>
#include <unroll/train.h>
#include <unroll/vocabulary.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A trained (or trainable) model: options, vocabulary and network. */
typedef struct unroll_model unroll_model;

/** Train a character (byte, grapheme, word) model on a text in memory, with the config's options; writes no files.
 *  @param callbacks  NULL or what to tell the caller meanwhile */
unroll_status unroll_model_train(const unroll_config *config, const char *text, size_t length,
                                 const unroll_callbacks *callbacks, unroll_model **out);

/** Read a model file, or a run directory's model.safetensors, from here or from PyTorch; strict.
 *  @return UNROLL_ENOINPUT, UNROLL_EDATA naming file and fault, UNROLL_EMEMORY */
unroll_status unroll_model_load(const char *path, unroll_model **out);

/** Write it atomically: when this returns UNROLL_OK the file is on disk, else an old one is as it was. */
unroll_status unroll_model_save(const unroll_model *model, const char *path);

void unroll_model_free(unroll_model *model);

unroll_net *unroll_model_net(unroll_model *model);
/** What it writes; NULL for a task without a text. */
const unroll_vocabulary *unroll_model_vocabulary(const unroll_model *model);
/** What a translation reads; NULL for any other model. Ids 0 to 2 of both are <unk>, <s> and </s>. */
const unroll_vocabulary *unroll_model_source_vocabulary(const unroll_model *model);
const unroll_config *unroll_model_config(const unroll_model *model);

/** How the next token is chosen from logits. */
typedef struct unroll_choice {
    size_t size;         /**< sizeof(unroll_choice) */
    double temperature;  /**< logits are divided by it; 0: always the most likely token */
    uint64_t top_k;      /**< 0: all; above the vocabulary: all */
    double top_p;        /**< 0 or 1: all; else the smallest set with that probability */
} unroll_choice;
#define UNROLL_CHOICE_INIT {.size = sizeof(unroll_choice), .temperature = 1}

/** Draws tokens. It keeps its random state, so one thread at a time may use it. */
typedef struct unroll_sampler unroll_sampler;
/** @param outputs  length of the logits, from 1 to 2^32 - 1
 *  @param choice   copied; NULL: temperature 1 and all tokens
 *  @param seed     equal seeds draw equal tokens from equal logits
 *  @param out      freed by unroll_sampler_free(); NULL on failure
 *  @return UNROLL_EUSAGE where a number is out of its range or the size of choice is not set; UNROLL_EMEMORY */
unroll_status unroll_sampler_new(size_t outputs, const unroll_choice *choice, uint64_t seed,
                                 unroll_sampler **out);
void unroll_sampler_free(unroll_sampler *sampler);
/** @param logits  [outputs]; NaN counts as minus infinity
 *  @return a token id below outputs */
uint32_t unroll_sampler_next(unroll_sampler *sampler, const unroll_real *logits);

#ifdef __cplusplus
}
#endif
#endif
