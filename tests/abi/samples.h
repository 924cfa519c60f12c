/* Documents with their literal answers, for the tests of the ABI. The blob is a PNG of 8 by 8
 * pixels, 268 bytes; its digest was computed with sha256sum. */
#ifndef JOBQUEUE_TESTS_ABI_SAMPLES_H_
#define JOBQUEUE_TESTS_ABI_SAMPLES_H_

#define PNG_BASE64                                                                           \
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAA00lEQVR42gHIADf/ANwEZaofrR1a2uWsGx5fE3B5" \
  "bP0Q/xmvYAAdBKy0HQIrRnhzOvLfX663CFnR7jkQy0gAlbXMiSkR/wa2Yi7fPPk1/UuUKMoJfESzAAJell+z6m2s" \
  "1C2Bbmmv4OaHTJwE59I2XQAsYMnq9Hn2hqDrkybkYhLVDcuzdxVqajoAaLqO23QIRp7zzrMK+NDdaLv4X/ok8tL8" \
  "ABiH+1yHurQ4MqWbGz0QfPd41n/ibfgRkQApfpOVyxLFV85a8dQWGNcZvARbfpll8aKv0WGvsynpvgAAAABJRU5E" \
  "rkJggg=="
#define PNG_SIZE 268
#define PNG_SHA256 "0ce8a32e78d12fb8a3a7d0849bd7c733cca6fabf4519a135569c21800646da85"

/* 120 bytes of no known kind: cut only where the context says what they are. */
#define UNKNOWN_BASE64                                                                       \
  "5GKlHC7mhohS9XgK2MkdsleH1JV9YZ9H32vWFYE+jQclT8aZVA1XMy28mm7wFNYFSphwnV640TWYphZrMPh7dIAC" \
  "hdkH8fHyOahfIwxavtpD7HdEeQhZ0uwBR28PaaN9znR5lZ8LbPtNsGHjgxTtZxt6f0MkyU1W"
#define UNKNOWN_SIZE 120
#define UNKNOWN_SHA256 "0df86e62ce2de13bf9a1559f016f15f478d16da45ca63c12ec00371f0449ac9c"

#define REMOVED "[BASE64_IMAGE_REMOVED]"
#define REFERENCE "[BASE64_IMAGE_REMOVED sha256-" PNG_SHA256 " image/png 268 std]"

#define AROUND(value) "{\"id\":\"j-1\",\"image\":\"" value "\",\"note\":\"kept\"}"
#define DOCUMENT AROUND(PNG_BASE64)
#define DOCUMENT_REMOVED AROUND(REMOVED)
#define DOCUMENT_REFERENCE AROUND(REFERENCE)

#endif /* JOBQUEUE_TESTS_ABI_SAMPLES_H_ */
