#ifndef TESTS_SMALL_MODELS_H
#define TESTS_SMALL_MODELS_H
#include "store/model.h"

/* Small models by their options, and a file for one in the test's own directory. */

extern const char path[]; /**< of the file */
void leave_model(void);   /**< the fixture's end: but for the file, the directory is empty */
extern const char TEXT[]; /**< of which their vocabularies are made */

/** Options "name value name value …" over small sizes. */
unroll_config *config_of(const char *options);
/** Initialised, with a small vocabulary of its own where the task has one. */
unroll_model *model_of(const char *options);

/** Fails the calling test where weights, vocabularies or what makes them differ. */
void same_model(unroll_model *a, unroll_model *b);
#endif
