/* jobqueue - the version of the headers, as a C99 header that C++ includes too.
 *
 *   #include <jobqueue/version.h>
 *
 *   #if JOBQUEUE_VERSION_MAJOR == 0 && JOBQUEUE_VERSION_MINOR < 1
 *   #error "jobqueue 0.1 or later is needed"
 *   #endif
 *   puts("built against jobqueue " JOBQUEUE_VERSION_STRING);
 *
 * The file VERSION is the source: configuring and .ci/check_sources.py fail if these differ.
 * The version of the library that is loaded at run time is jobqueue_version() of jobqueue.h.
 */
#ifndef JOBQUEUE_VERSION_H_
#define JOBQUEUE_VERSION_H_

#define JOBQUEUE_VERSION_MAJOR 0
#define JOBQUEUE_VERSION_MINOR 1
#define JOBQUEUE_VERSION_PATCH 0
#define JOBQUEUE_VERSION_STRING "0.1.0"

#endif /* JOBQUEUE_VERSION_H_ */
