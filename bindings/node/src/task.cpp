#include "task.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native.hpp"
#include "truncate.hpp"

namespace jobqueue_node {
namespace {

struct blob {
  std::string digest;
  std::uint64_t size = 0;
  std::string bytes;  // empty as long as it is only asked for
};

// Blobs in the order in which they came, each once.
class blob_list {
 public:
  void add(blob one) {
    if (places_.try_emplace(one.digest, all_.size()).second) all_.push_back(std::move(one));
  }
  [[nodiscard]] const blob* find(const std::string& digest) const {
    const auto at = places_.find(digest);
    return at == places_.end() ? nullptr : &all_[at->second];
  }
  void clear() {
    all_.clear();
    places_.clear();
  }
  [[nodiscard]] const std::vector<blob>& all() const { return all_; }
  [[nodiscard]] std::string& last_bytes() { return all_.back().bytes; }

 private:
  std::vector<blob> all_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

struct task::job {
  void run() noexcept {
    error = jobqueue_error{};
    changed = 0;
    try {
      work();
    } catch (const std::bad_alloc&) {
      error = {JOBQUEUE_E_OUT_OF_MEMORY, 0, JOBQUEUE_NO_OFFSET, "out of memory"};
    }
    if (error.status != 0 && error.offset != JOBQUEUE_NO_OFFSET && is_text) {
      error.offset = utf16_units(std::string_view(input).substr(0, error.offset));
    }
    if (asked.all().empty()) input = std::string();  // here, because it takes time
  }

  std::string input;
  bool is_text = false;
  bool restores = false;
  std::string around;
  bool has_context = false;
  jobqueue_sanitize_options sanitizing = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_restore_options restoring = JOBQUEUE_RESTORE_OPTIONS_INIT;
  std::unique_ptr<truncate_arguments> truncating;
  jobqueue_vault* directory = nullptr;
  bool collects = false;  // the vault is an object of JavaScript
  blob_list kept;         // blobs to put, or that were given
  blob_list asked;        // blobs to get

  buffer out;
  std::size_t taken = 0;
  std::int32_t changed = 0;
  jobqueue_error error{};

 private:
  void work() {
    asked.clear();
    if (truncating) {
      error.status = jobqueue_truncate_payload(out.get(), &changed, input.data(), input.size(),
                                               &truncating->c, &error);
      return;
    }
    jobqueue_vault* vault = directory;
    if (collects) {
      jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
      callbacks.payload = this;
      callbacks.put = &job::put;
      callbacks.get = &job::get_blob;
      if (jobqueue_vault_from_callbacks(&vault, &callbacks, &error) != 0) return;
    }
    if (restores) {
      error.status = jobqueue_restore_base64(out.get(), &changed, input.data(), input.size(), vault,
                                             &restoring, &error);
    } else {
      jobqueue_sanitize_options each = sanitizing;
      each.vault = vault;
      if (has_context) {
        const value_context context(around);
        each.flags |= JOBQUEUE_SANITIZE_NO_SYNC;
        error.status = jobqueue_sanitize_base64_value(out.get(), &changed, input.data(),
                                                      input.size(), &context.c, &each, &error);
      } else {
        error.status = jobqueue_sanitize_base64(out.get(), &changed, input.data(), input.size(),
                                                &each, &error);
      }
    }
    if (collects) jobqueue_vault_free(vault);
  }

  static jobqueue_status put(void* self, const uint8_t* digest, const void* data, size_t size) {
    auto& kept = static_cast<job*>(self)->kept;
    const std::string key(reinterpret_cast<const char*>(digest), digest_size);
    try {
      if (kept.find(key) == nullptr) {
        kept.add({key, size, std::string(static_cast<const char*>(data), size)});
      }
    } catch (const std::bad_alloc&) {
      return JOBQUEUE_E_OUT_OF_MEMORY;
    }
    return JOBQUEUE_OK;
  }
  static jobqueue_status get_blob(void* self, jobqueue_buffer* to, const uint8_t* digest,
                                  uint64_t size) {
    auto& here = *static_cast<job*>(self);
    const std::string key(reinterpret_cast<const char*>(digest), digest_size);
    if (const blob* one = here.kept.find(key)) {
      return jobqueue_buffer_assign(to, one->bytes.data(), one->bytes.size());
    }
    try {
      here.asked.add({key, size, {}});
    } catch (const std::bad_alloc&) {
      return JOBQUEUE_E_OUT_OF_MEMORY;
    }
    return JOBQUEUE_E_BLOB_MISSING;
  }
};

class task::worker final : public Napi::AsyncWorker {
 public:
  worker(const Napi::Object& self, const Napi::Function& done, std::shared_ptr<job> job)
      : AsyncWorker(done, "jobqueue"), job_(std::move(job)), self_(Napi::Persistent(self)) {}

 protected:
  void Execute() override { job_->run(); }

 private:
  std::shared_ptr<job> job_;
  Napi::ObjectReference self_;
};

// Options, whether the input is text, its size in bytes or units, whether the vault is an object of
// JavaScript.
task::task(const Napi::CallbackInfo& info) : ObjectWrap(info), job_(std::make_shared<job>()) {
  if (info[0].IsObject()) {
    options_ = Napi::Persistent(info[0].As<Napi::Object>());
    job_->sanitizing = options::of(info[0]).c;
    job_->directory = job_->sanitizing.vault;
  }
  job_->is_text = info[1].As<Napi::Boolean>();
  job_->collects = info[3].As<Napi::Boolean>();
  try {
    job_->input.reserve(static_cast<std::size_t>(info[2].As<Napi::Number>().Int64Value()));
  } catch (const std::exception&) {
    raise(info.Env(), {JOBQUEUE_E_OUT_OF_MEMORY, 0, JOBQUEUE_NO_OFFSET, "out of memory"});
  }
}

Napi::Function task::define(Napi::Env env) {
  return DefineClass(
      env, "Task",
      {InstanceMethod<&task::append>("append"), InstanceMethod<&task::begin_blob>("beginBlob"),
       InstanceMethod<&task::sanitize>("sanitize"), InstanceMethod<&task::restore>("restore"),
       InstanceMethod<&task::truncate>("truncate"), InstanceMethod<&task::finish>("finish"),
       InstanceMethod<&task::next_text>("nextText"), InstanceMethod<&task::copy>("copy"),
       InstanceMethod<&task::blobs>("blobs")});
}

// Of the input, or of the blob that was begun.
void task::append(const Napi::CallbackInfo& info) {
  std::string& to = job_->kept.all().empty() ? job_->input : job_->kept.last_bytes();
  try {
    if (info[0].IsString()) {
      to += text(info[0].As<Napi::String>()).view();
    } else {
      to += bytes_of(info[0]);
    }
  } catch (const std::bad_alloc&) {
    raise(info.Env(), {JOBQUEUE_E_OUT_OF_MEMORY, 0, JOBQUEUE_NO_OFFSET, "out of memory"});
  }
}

void task::begin_blob(const Napi::CallbackInfo& info) {
  job_->kept.add({std::string(bytes_of(info[0])), 0, {}});
}

// Context of a value or undefined, and what is called at the end.
void task::sanitize(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    job_->around = text(info[0].As<Napi::String>()).view();
    job_->has_context = true;
  }
  (new worker(info.This().As<Napi::Object>(), info[1].As<Napi::Function>(), job_))->Queue();
}

// The vault if it is a directory, whether to keep what is missing, the most bytes, and what is
// called at the end.
void task::restore(const Napi::CallbackInfo& info) {
  job_->restores = true;
  if (info[0].IsObject()) {
    options_ = Napi::Persistent(info[0].As<Napi::Object>());
    job_->directory = directory_vault::Unwrap(info[0].As<Napi::Object>())->get();
  }
  job_->restoring.flags = info[1].As<Napi::Boolean>() ? JOBQUEUE_RESTORE_KEEP_MISSING : 0;
  job_->restoring.max_output_bytes =
      static_cast<std::uint64_t>(info[2].As<Napi::Number>().Int64Value());
  (new worker(info.This().As<Napi::Object>(), info[3].As<Napi::Function>(), job_))->Queue();
}

// The options, and what is called at the end.
void task::truncate(const Napi::CallbackInfo& info) {
  job_->truncating = std::make_unique<truncate_arguments>(info, 0);
  const auto done = info[info.Length() - 1].As<Napi::Function>();
  (new worker(info.This().As<Napi::Object>(), done, job_))->Queue();
}

// The size of the output, or undefined if the input is the output.
Napi::Value task::finish(const Napi::CallbackInfo& info) {
  if (job_->error.status != 0) raise(info.Env(), job_->error);
  if (job_->changed == 0) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(job_->out.view().size()));
}

// The next piece of the output, at most so many bytes of it; undefined at the end.
Napi::Value task::next_text(const Napi::CallbackInfo& info) {
  const std::string_view rest = job_->out.view().substr(job_->taken);
  if (rest.empty()) return info.Env().Undefined();
  std::size_t size = std::min<std::size_t>(rest.size(), info[0].As<Napi::Number>().Uint32Value());
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U) ++size;
  job_->taken += size;
  return to_js_string(info.Env(), rest.substr(0, size));
}

// Fills a view with the output, or the blob with that index, from an offset on.
void task::copy(const Napi::CallbackInfo& info) {
  auto target = info[0].As<Napi::Uint8Array>();
  const std::string_view from =
      info[2].IsNumber()
          ? std::string_view(job_->kept.all().at(info[2].As<Napi::Number>().Uint32Value()).bytes)
          : job_->out.view();
  const auto offset = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  const std::string_view part = from.substr(std::min(offset, from.size()), target.ByteLength());
  if (!part.empty()) std::memcpy(target.Data(), part.data(), part.size());
}

// Digests and sizes of what is to be put (true) or to be got (false).
Napi::Value task::blobs(const Napi::CallbackInfo& info) {
  const std::vector<blob>& from = (info[0].As<Napi::Boolean>() ? job_->kept : job_->asked).all();
  Napi::Array list = Napi::Array::New(info.Env(), from.size());
  for (std::uint32_t i = 0; i < from.size(); ++i) {
    Napi::Object one = Napi::Object::New(info.Env());
    one.Set("digest", to_js_buffer(info.Env(), from[i].digest));
    one.Set("size", static_cast<double>(from[i].size));
    list.Set(i, one);
  }
  return list;
}

}  // namespace jobqueue_node
