// Secrets for the time of one call.
#pragma once

#include <napi.h>
#include <openssl/crypto.h>

#include <deque>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "native.hpp"

namespace jobqueue_node {

// Copies of strings are cleansed, bytes are read where they are.
class secret_list {
 public:
  explicit secret_list(const Napi::Array& secrets) {
    for (std::uint32_t i = 0; i < secrets.Length(); ++i) {
      const Napi::Value one = secrets.Get(i);
      if (one.IsString()) {
        list_.push_back(texts_.emplace_back(one.As<Napi::String>()).c());
      } else {
        const std::string_view bytes = bytes_of(one);
        list_.push_back({bytes.data(), bytes.size()});
      }
    }
  }
  secret_list(const secret_list&) = delete;
  secret_list& operator=(const secret_list&) = delete;
  ~secret_list() {
    for (const text& one : texts_) {
      OPENSSL_cleanse(const_cast<char*>(one.view().data()), one.view().size());
    }
  }
  [[nodiscard]] const jobqueue_string* data() const { return list_.data(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }

 private:
  std::deque<text> texts_;  // does not move what is in it
  std::vector<jobqueue_string> list_;
};

}  // namespace jobqueue_node
