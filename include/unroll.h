/** unroll: recurrent sequence models, trained by back-propagation through time. See README.md for a
 *  whole program; each header below documents its part. */
#ifndef UNROLL_H
#define UNROLL_H

#include <unroll/batch.h>
#include <unroll/config.h>
#include <unroll/generate.h>
#include <unroll/model.h>
#include <unroll/net.h>
#include <unroll/probe.h>
#include <unroll/real.h>
#include <unroll/status.h>
#include <unroll/task.h>
#include <unroll/train.h>
#include <unroll/translate.h>
#include <unroll/version.h>
#include <unroll/vocabulary.h>

#endif
