#ifndef UNROLL_TESTS_CRASH_STATES_H
#define UNROLL_TESTS_CRASH_STATES_H
#include "disk.h"

/** Lay out what a power cut may leave of `d`. Of a directory each subset of its changes since it was
 *  last synced may have come to the disk; of a file any number of its writes, the last of them torn at
 *  a multiple of 512 bytes or in its middle, or as zeros. Where there are more than `most`
 *  combinations, those are taken in which all has come or none, those that differ from them in one file
 *  or directory, and `most` others at random.
 *  @param visit  its tree lasts until it returns; the hashes of its bytes are taken */
void states_each(const disk *d, size_t most, uint64_t seed, void (*visit)(void *arg, const tree *t),
                 void *arg);
#endif
