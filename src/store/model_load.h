#ifndef UNROLL_STORE_MODEL_LOAD_H
#define UNROLL_STORE_MODEL_LOAD_H
#include <unroll/model.h>

/* Models as commands want them; unroll_model_load() takes any. */

/** A model that can be run on text: it has one vocabulary, and all its weights are finite.
 *  @return as unroll_model_load(); UNROLL_EDATA for another task's model or weights that are NaN
 *           or infinite */
unroll_status unroll_model_load_text(const char *path, unroll_model **out);

/** The same for a translation: it has both vocabularies. */
unroll_status unroll_model_load_translation(const char *path, unroll_model **out);

/** A model of any task, all its weights finite. */
unroll_status unroll_model_load_predicting(const char *path, unroll_model **out);
#endif
