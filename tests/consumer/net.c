/* What a project in C does with what the library has of the network. */
#include <stdio.h>
#include <string.h>

#include <jobqueue/jobqueue_net.h>

int main(void) {
  const char* url = "http://127.0.0.1/latest/meta-data";
  jobqueue_content_type type = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_probe_options options = JOBQUEUE_PROBE_OPTIONS_INIT;
  jobqueue_error error;
  options.timeout_millis = 1000;
  if (jobqueue_probe_content_type(&type, NULL, url, strlen(url), &options, &error) == 0) return 1;
  puts(jobqueue_status_name(error.status));
  return 0;
}
