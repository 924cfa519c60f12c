// Keeps the error queue of libcrypto, which is the calling thread's, as it was.
#pragma once

#include <openssl/err.h>

namespace jobqueue::detail {

// What libcrypto notes of a failure, the caller's thread would find in its error queue later on.
class own_errors {
 public:
  own_errors() { ERR_set_mark(); }
  own_errors(const own_errors&) = delete;
  own_errors& operator=(const own_errors&) = delete;
  ~own_errors() { ERR_pop_to_mark(); }
};

}  // namespace jobqueue::detail
