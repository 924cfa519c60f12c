/* What an object is. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char png[] = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0";

void test_content_type(void) {
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  jobqueue_buffer report = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  const size_t size = sizeof png - 1;
  char* head = exact(png, size);

  CHECK(jobqueue_detect_content_type(&answer, NULL, head, size, NULL, &error) == JOBQUEUE_OK);
  CHECK(strcmp(answer.media_type, "image/png") == 0 && strcmp(answer.extension, "png") == 0);
  CHECK(strcmp(answer.category, "image") == 0 && strcmp(answer.source, "magic") == 0);
  CHECK(strcmp(answer.confidence, "high") == 0 && answer.flags == 0);
  CHECK(answer.struct_size == sizeof answer);

  options.url = string_of("https://example.com/a.bin?b.jpg");
  options.header = string_of("image/jpeg; q=1");
  CHECK(jobqueue_detect_content_type(&answer, &report, head, size, &options, &error) ==
        JOBQUEUE_OK);
  CHECK(answer.flags == JOBQUEUE_CONTENT_MISMATCH);
  CHECK(holds(&report,
              "{\"media_type\":\"image/png\",\"extension\":\"png\",\"category\":\"image\","
              "\"source\":\"magic\",\"confidence\":\"high\",\"evidence\":[{\"source\":\"magic\","
              "\"media_type\":\"image/png\",\"detail\":null,\"contradicted\":false},"
              "{\"source\":\"header\",\"media_type\":\"image/jpeg\",\"detail\":null,"
              "\"contradicted\":true}],\"mismatch\":true,\"polyglot\":false}"));

  options.flags = JOBQUEUE_CONTENT_NOSNIFF;
  CHECK(jobqueue_detect_content_type(&answer, NULL, head, size, &options, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(answer.media_type, "image/jpeg") == 0 && strcmp(answer.source, "header") == 0);

  /* The names of the standard, and something behind a picture. */
  options.flags = JOBQUEUE_CONTENT_WHATWG;
  options.header = string_of("");
  CHECK(jobqueue_detect_content_type(&answer, NULL, "GIF89a\1\0\1\0\0\0\0;<script>", 22, &options,
                                     NULL) == JOBQUEUE_OK);
  CHECK(strcmp(answer.media_type, "image/gif") == 0);
  CHECK(answer.flags == JOBQUEUE_CONTENT_POLYGLOT);

  /* No bytes: what is configured. Nothing at all. */
  options.flags = 0;
  options.configured = string_of("model/GLTF-binary");
  CHECK(jobqueue_detect_content_type(&answer, NULL, NULL, 0, &options, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(answer.media_type, "model/gltf-binary") == 0 &&
        strcmp(answer.extension, "glb") == 0);
  CHECK(jobqueue_detect_content_type(&answer, NULL, NULL, 0, NULL, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(answer.media_type, "application/octet-stream") == 0);
  CHECK(strcmp(answer.extension, "") == 0 && strcmp(answer.confidence, "none") == 0);
  jobqueue_buffer_dispose(&report);
  free(head);
}

void test_content_type_options(void) {
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  jobqueue_buffer report = buffer_with("before");
  jobqueue_error error;

  /* An older caller has smaller structs. */
  answer.struct_size = 16;
  options.struct_size = 24;
  options.url = string_of("a.png");
  options.header = string_of("text/css");
  CHECK(jobqueue_detect_content_type(&answer, NULL, NULL, 0, &options, &error) == JOBQUEUE_OK);
  CHECK(strcmp(answer.extension, "png") == 0 && strcmp(answer.category, "data") == 0);
  CHECK(answer.media_type[0] == '\0' && answer.struct_size == 16);

  answer.struct_size = 3;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_detect_content_type(&answer, &report, NULL, 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_detect_content_type(NULL, &report, NULL, 1, NULL, &error), &error));
  options.flags = 4;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_detect_content_type(NULL, &report, NULL, 0, &options, &error),
                    &error));
  options.flags = 0;
  options.url.data = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_detect_content_type(NULL, &report, NULL, 0, &options, &error),
                    &error));
  CHECK(holds(&report, "before"));
  CHECK(jobqueue_detect_content_type(NULL, NULL, NULL, 0, NULL, NULL) == JOBQUEUE_OK);
  jobqueue_buffer_dispose(&report);
}
