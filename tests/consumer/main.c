/* What a project in C does with the library. */
#include <stdio.h>
#include <string.h>

#include <jobqueue/jobqueue.h>

int main(void) {
  const char* text = "{\"image\":\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\",\"n\":1.0}";
  jobqueue_buffer lean = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_error error;
  int32_t changed = 0;
  if (jobqueue_abi_version() != JOBQUEUE_ABI_VERSION) return 1;
  options.format = JOBQUEUE_FORMAT_JSON;
  if (jobqueue_sanitize_base64(&lean, &changed, text, strlen(text), &options, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  printf("%s %d\n", lean.data, (int)changed);
  if (jobqueue_sanitize_base64(&lean, &changed, "[1,", 3, &options, &error) == 0) return 1;
  printf("%s %d\n", jobqueue_status_name(error.status), (int)error.offset);
  printf("jobqueue %s\n", jobqueue_version());
  jobqueue_buffer_dispose(&lean);
  return 0;
}
