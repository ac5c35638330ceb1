#ifndef UNROLL_STORE_MODEL_H
#define UNROLL_STORE_MODEL_H
#include <stdbool.h>
#include <unroll/model.h>

#include "store/tensors.h"

struct unroll_model {
    unroll_config *config;
    unroll_vocabulary *vocabulary; /**< NULL: a task without a text; of a translation: the target's */
    unroll_vocabulary *source_vocabulary; /**< NULL: no translation */
    unroll_net *net;
};

/** What a config's model reads and writes. */
enum unroll_model_kind {
    UNROLL_MODEL_TEXT,        /**< tokens of one vocabulary */
    UNROLL_MODEL_TRANSLATION, /**< those of two */
    UNROLL_MODEL_SYNTHETIC    /**< a task's own numbers; it has no vocabulary */
};
enum unroll_model_kind unroll_model_kind(const unroll_config *config);

/** The network that a config asks for; its strings stay the config's.
 *  @param source, target  as the kind has them, else NULL
 *  @return UNROLL_EUSAGE for a synthetic task that there is not */
unroll_status unroll_model_spec(const unroll_config *config, const unroll_vocabulary *source,
                                const unroll_vocabulary *target, unroll_net_spec *spec);

/** A model with these options, its weights zero: draw them with unroll_model_init(), or set them and pack.
 *  @param config          copied
 *  @param source, target  the model's own once this returns UNROLL_OK; NULL where the kind has none
 *  @return UNROLL_EUSAGE, UNROLL_EMEMORY */
unroll_status unroll_model_create(const unroll_config *config, unroll_vocabulary *source,
                                  unroll_vocabulary *target, unroll_model **out);

/** How its weights start, by its options. */
unroll_status unroll_model_init(unroll_model *model);

/** The rules by which a config makes tokens of a text. */
void unroll_model_rules(const unroll_config *config, unroll_text_rules *rules);

/** A file's model. Tensors whose names begin with UNROLL_TRAINER_PREFIX belong to a checkpoint
 *  and are passed over. */
unroll_status unroll_model_from_tensors(const char *path, const unroll_tensors *t,
                                        unroll_model **out);
#define UNROLL_TRAINER_PREFIX "trainer."
#define UNROLL_MODEL_FORMAT "unroll" /* metadata "format" */
enum { UNROLL_MODEL_VERSION = 1 };   /* metadata "version" */

/** All weights of `from` into `to`: --init-from. @return UNROLL_EMISMATCH naming what differs in
 *  shape */
unroll_status unroll_model_copy_weights(const unroll_model *from, unroll_model *to);

/** What a model's file holds. */
typedef struct unroll_model_image {
    unroll_tensor *tensor;
    size_t count;
    unroll_metadata metadata[5];
    size_t metadata_count;
    float *plain_;
    char *config_, *vocabulary_, *source_vocabulary_;
} unroll_model_image;
unroll_status unroll_model_image_make(const unroll_model *model, unroll_model_image *out);
/** The weights that the model has now, into an image of it; nothing is allocated. */
void unroll_model_image_take(unroll_model_image *image, const unroll_model *model);
void unroll_model_image_free(unroll_model_image *image);

/** Elements of a tensor; the net has checked that they can be counted. */
static inline size_t unroll_parameter_elements(const unroll_parameter *p)
{
    return p->rows * (p->cols ? p->cols : 1);
}

/** One tensor in PyTorch's shape, row-major, [unroll_parameter_elements()]; freed by unroll_free(), NULL
 *  with a message. */
float *unroll_model_tensor(unroll_net *net, const unroll_parameter *p, size_t *count);

/** Are all weights finite? If not, *where is the first tensor with some that are not, the model's own, and
 *  *bad is how many. */
bool unroll_model_finite(const unroll_model *model, const unroll_parameter **where, size_t *bad);
#endif
