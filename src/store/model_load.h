#ifndef UNROLL_STORE_LOAD_H
#define UNROLL_STORE_LOAD_H
#include <unroll/model.h>

/* Models as commands want them. */

/** One tensor in PyTorch's shape, row-major, [rows·max(cols, 1)]; freed by unroll_free(), NULL
 *  with a message. */
float *unroll_model_tensor(unroll_net *net, const unroll_parameter *p, size_t *count);

/** A model that can be run on text: it has one vocabulary, and all its weights are finite.
 *  @return as unroll_model_load(); UNROLL_EDATA for another task's model or weights that are NaN
 *           or infinite */
unroll_status unroll_model_load_text(const char *path, unroll_model **out);

/** The same for a translation: it has both vocabularies. */
unroll_status unroll_model_load_translation(const char *path, unroll_model **out);

/** Either of the two. */
unroll_status unroll_model_load_predicting(const char *path, unroll_model **out);
#endif
