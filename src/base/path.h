#ifndef UNROLL_BASE_PATH_H
#define UNROLL_BASE_PATH_H
#include <stdbool.h>
#include <unroll/status.h>

/** "DIRECTORY/NAME", freed by unroll_free(); NULL with a message. */
char *unroll_path_join(const char *directory, const char *name);
/** The same with `ending` behind the name, its dot included. */
char *unroll_path_join_ending(const char *directory, const char *name, const char *ending);

/** Call `visit` with each name in a directory but "." and ".."; it returns false to stop.
 *  @return false where the directory cannot be read; errno says why */
bool unroll_directory_each(const char *directory, bool (*visit)(void *arg, const char *name),
                           void *arg);

/** A place for a file or folder that the program itself keeps: nothing is there, or a regular file (`folder`: a
 *  directory), and no link to one, so that nothing is waited for and nothing elsewhere is changed.
 *  @return UNROLL_ENOINPUT naming what is there */
unroll_status unroll_check_own(const char *path, bool folder);
#endif
