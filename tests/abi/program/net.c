/* The probe, with a server of its own on the loopback interface. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <jobqueue/jobqueue_net.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n"
#define GIF "GIF89a\1\0\1\0\0\0\0;"

typedef struct server {
  int listener;
  int answers; /* how many connections it takes */
  int got_header;
  char url[64];
  pthread_t thread;
} server;

static void answer(server* own, int line) {
  char request[4096];
  size_t size = 0;
  for (;;) {
    const ssize_t count = recv(line, request + size, sizeof request - 1 - size, 0);
    if (count <= 0) return;
    size += (size_t)count;
    request[size] = '\0';
    if (strstr(request, "\r\n\r\n") != NULL) break;
  }
  if (strstr(request, "\r\nX-Key: v\r\n") != NULL) ++own->got_header;
  CHECK(send(line, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL) == (ssize_t)sizeof HEAD - 1);
  if (request[0] == 'G') CHECK(send(line, GIF, sizeof GIF - 1, MSG_NOSIGNAL) == sizeof GIF - 1);
}

static void* serve(void* payload) {
  server* own = payload;
  for (; own->answers > 0; --own->answers) {
    const int line = accept(own->listener, NULL, NULL);
    CHECK(line >= 0);
    answer(own, line);
    close(line);
  }
  return NULL;
}

static void start(server* own, int answers) {
  struct sockaddr_in where;
  socklen_t size = sizeof where;
  memset(&where, 0, sizeof where);
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  own->answers = answers;
  own->got_header = 0;
  own->listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(own->listener, (struct sockaddr*)&where, size) == 0);
  CHECK(listen(own->listener, 8) == 0);
  CHECK(getsockname(own->listener, (struct sockaddr*)&where, &size) == 0);
  snprintf(own->url, sizeof own->url, "http://127.0.0.1:%d/a.png", ntohs(where.sin_port));
  CHECK(pthread_create(&own->thread, NULL, serve, own) == 0);
}

static void stop(server* own) {
  CHECK(pthread_join(own->thread, NULL) == 0);
  close(own->listener);
}

void test_probe(void) {
  server own;
  jobqueue_content_type type = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_probe_options options = JOBQUEUE_PROBE_OPTIONS_INIT;
  jobqueue_buffer report = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  jobqueue_string allowed = string_of("127.0.0.0/8");
  jobqueue_string denied = string_of("127.0.0.1");
  jobqueue_header header;
  header.name = string_of("X-Key");
  header.value = string_of("v");
  start(&own, 3);

  /* Not without being allowed. */
  CHECK(failed_with(
      JOBQUEUE_E_ADDRESS_FORBIDDEN,
      jobqueue_probe_content_type(&type, &report, own.url, strlen(own.url), NULL, &error), &error));
  CHECK(report.data == NULL);
  options.allowed = &allowed;
  options.allowed_count = 1;
  options.headers = &header;
  options.header_count = 1;
  CHECK(jobqueue_probe_content_type(&type, &report, own.url, strlen(own.url), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(strcmp(type.media_type, "image/gif") == 0 && type.flags == JOBQUEUE_CONTENT_MISMATCH);
  CHECK(report.data != NULL && strstr(report.data, ",\"status\":200,\"size\":14,") != NULL);
  options.flags = JOBQUEUE_PROBE_HEAD_ONLY;
  CHECK(jobqueue_probe_content_type(&type, NULL, own.url, strlen(own.url), &options, NULL) ==
        JOBQUEUE_OK);
  CHECK(strcmp(type.media_type, "text/html") == 0);
  stop(&own);
  CHECK(own.got_header == 3);

  /* Nobody is there any more. */
  CHECK(failed_with(
      JOBQUEUE_E_NETWORK_ERROR,
      jobqueue_probe_content_type(&type, NULL, own.url, strlen(own.url), &options, &error),
      &error));
  options.configured = string_of("audio/flac");
  CHECK(jobqueue_probe_content_type(&type, NULL, own.url, strlen(own.url), &options, &error) ==
        JOBQUEUE_OK);
  options.denied = &denied;
  options.denied_count = 1;
  CHECK(failed_with(
      JOBQUEUE_E_ADDRESS_FORBIDDEN,
      jobqueue_probe_content_type(&type, NULL, own.url, strlen(own.url), &options, &error),
      &error));
  jobqueue_buffer_dispose(&report);
}

static int is_refused(const jobqueue_probe_options* options) {
  const char* url = "http://127.0.0.1:1/";
  jobqueue_error error;
  return failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                     jobqueue_probe_content_type(NULL, NULL, url, strlen(url), options, &error),
                     &error);
}

void test_probe_options(void) {
  const jobqueue_probe_options usual = JOBQUEUE_PROBE_OPTIONS_INIT;
  jobqueue_probe_options options = usual;
  jobqueue_content_type type = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_string wrong = string_of("10.0.0.1/8");
  jobqueue_error error;

  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_probe_content_type(NULL, NULL, NULL, 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_probe_content_type(NULL, NULL, "a", 1, NULL, &error), &error));
  type.struct_size = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_probe_content_type(&type, NULL, "a", 1, NULL, &error), &error));
  options.struct_size = 0;
  CHECK(is_refused(&options));
  options = usual;
  options.flags = 4;
  CHECK(is_refused(&options));
  options = usual;
  options.timeout_millis = 0;
  CHECK(is_refused(&options));
  options.timeout_millis = 3600001;
  CHECK(is_refused(&options));
  options = usual;
  options.max_redirects = 21;
  CHECK(is_refused(&options));
  options = usual;
  options.allowed_count = 1;
  CHECK(is_refused(&options));
  options.allowed = &wrong;
  CHECK(is_refused(&options));
  options = usual;
  options.header_count = 1;
  CHECK(is_refused(&options));
  options = usual;
  options.ca_file.size = 1;
  CHECK(is_refused(&options));
  /* An older caller has a smaller struct. */
  options = usual;
  options.struct_size = 24;
  options.timeout_millis = 0;
  CHECK(failed_with(
      JOBQUEUE_E_ADDRESS_FORBIDDEN,
      jobqueue_probe_content_type(NULL, NULL, "http://127.0.0.1/", 17, &options, &error), &error));
}
