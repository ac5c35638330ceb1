#ifndef UNROLL_BASE_PATH_H
#define UNROLL_BASE_PATH_H

/** "DIRECTORY/NAME", freed by unroll_free(); NULL with a message. */
char *unroll_path_join(const char *directory, const char *name);
/** The same with `ending` behind the name, its dot included. */
char *unroll_path_join_ending(const char *directory, const char *name, const char *ending);
/** What is behind the last '/' of a path; points into it. */
const char *unroll_path_name(const char *path);
/** The directory that the last name of a path is in, "." where it has none; freed by unroll_free(),
 *  NULL with a message. */
char *unroll_path_directory(const char *path);
#endif
