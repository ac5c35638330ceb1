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

/** A model with these options, its weights zero: draw them with unroll_net_init(), or set them
 *  and pack.
 *  @param config      copied
 *  @param vocabulary  the model's own once this returns UNROLL_OK; NULL for a synthetic task
 *  @return UNROLL_EUSAGE, UNROLL_EMEMORY */
unroll_status unroll_model_new(const unroll_config *config, unroll_vocabulary *vocabulary,
                               unroll_model **out);

/** The same for a translation; both vocabularies are then the model's own. */
unroll_status unroll_model_new_pairs(const unroll_config *config, unroll_vocabulary *source,
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
void unroll_model_image_free(unroll_model_image *image);

/** Are all weights finite? If not, *name is the first tensor with one that is not; owned by the
 *  model. */
bool unroll_model_finite(const unroll_model *model, const char **name);
#endif
