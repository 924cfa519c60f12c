/* jobqueue - what the C ABI has of the network, as C99: libjobqueue_net.so, beside libjobqueue.so.
 *
 *   #include <stdio.h>
 *   #include <string.h>
 *   #include <jobqueue/jobqueue_net.h>
 *
 *   int main(void) {
 *     const char *url = "http://127.0.0.1/out.png";
 *     jobqueue_error error;
 *     if (jobqueue_probe_content_type(NULL, NULL, url, strlen(url), NULL, &error) != JOBQUEUE_OK) {
 *       puts(jobqueue_status_name(error.status));
 *     }
 *     return 0;
 *   }
 *
 * prints "ADDRESS_FORBIDDEN". Only public addresses are asked unless others are allowed.
 *
 * The rules of jobqueue.h hold here, too, and its version is the one of both.
 */
#ifndef JOBQUEUE_NET_H_
#define JOBQUEUE_NET_H_

#include "jobqueue/jobqueue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of jobqueue_probe_options. */
#define JOBQUEUE_PROBE_HEAD_ONLY 1u /* ask for no bytes */
#define JOBQUEUE_PROBE_WHATWG 2u    /* decide as WHATWG MIME Sniffing does */

typedef struct jobqueue_probe_options {
  uint32_t struct_size; /* sizeof of the struct, which only grows at the end */
  uint32_t flags;
  jobqueue_string configured; /* the type to fall back to; with it, no answer is no error */
  /* Addresses and blocks that may be asked besides the public ones, "10.1.0.0/16", and those of all
   * that may not. */
  const jobqueue_string* allowed;
  size_t allowed_count;
  const jobqueue_string* denied;
  size_t denied_count;
  const jobqueue_header* headers; /* sent with both requests, such as Authorization */
  size_t header_count;
  jobqueue_string ca_file;    /* PEM file of the authorities to trust; empty: the system's */
  jobqueue_string user_agent; /* empty: "jobqueue" */
  uint64_t timeout_millis;    /* for each of two requests; from 1 to 3600000 */
  uint64_t max_redirects;     /* at most 20; each is checked like the URL */
} jobqueue_probe_options;
#define JOBQUEUE_PROBE_OPTIONS_INIT                                                                \
  {                                                                                                \
    (uint32_t)sizeof(jobqueue_probe_options), 0u, {NULL, 0}, NULL, 0, NULL, 0, NULL, 0, {NULL, 0}, \
        {NULL, 0}, 10000u, 5u                                                                      \
  }

/* Asks the object at a URL for its first JOBQUEUE_CONTENT_HEAD_BYTES, with HEAD and then with GET,
 * and says what it is; docs/api/probe.md. Waits for the network in the thread of the caller.
 *   out     nullable; as of jobqueue_detect_content_type
 *   report  nullable; gets what was seen as one object of JSON, which docs/api/probe.md has
 * JOBQUEUE_E_INVALID_ARGUMENT for what is no URL, JOBQUEUE_E_ADDRESS_FORBIDDEN for an address that
 * is not to be asked, also behind a redirect, and JOBQUEUE_E_NETWORK_ERROR if nobody answers and
 * nothing is configured. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_probe_content_type(
    jobqueue_content_type* out, jobqueue_buffer* report, const char* url, size_t url_size,
    const jobqueue_probe_options* options, jobqueue_error* error);

#ifdef __cplusplus
}
#endif

#endif /* JOBQUEUE_NET_H_ */
