// Work that runs on a thread of the pool.
#pragma once

#include <napi.h>

#include <memory>

namespace jobqueue_node {

// JavaScript hands the input over in pieces and takes the output in pieces, so that no turn of the
// event loop is long. A vault that is not a directory is never called from here: what is to be put
// into it is collected, and what it must give is asked for; ts/ does both between the runs.
class task : public Napi::ObjectWrap<task> {
 public:
  explicit task(const Napi::CallbackInfo& info);
  static Napi::Function define(Napi::Env env);

 private:
  struct job;
  class worker;

  void append(const Napi::CallbackInfo& info);
  void begin_blob(const Napi::CallbackInfo& info);
  void sanitize(const Napi::CallbackInfo& info);
  void restore(const Napi::CallbackInfo& info);
  void truncate(const Napi::CallbackInfo& info);
  Napi::Value finish(const Napi::CallbackInfo& info);
  Napi::Value next_text(const Napi::CallbackInfo& info);
  void copy(const Napi::CallbackInfo& info);
  Napi::Value blobs(const Napi::CallbackInfo& info);

  std::shared_ptr<job> job_;  // shared with the thread that works
  Napi::ObjectReference options_;
};

}  // namespace jobqueue_node
