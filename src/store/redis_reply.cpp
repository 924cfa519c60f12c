#include "store/redis_reply.hpp"

#include <new>
#include <utility>

#include <hiredis/read.h>

namespace jobqueue::detail {

struct redis_reply_reader::budget {
  std::size_t left = 0;
  std::size_t used = 0;
  bool is_exceeded = false;

  bool take(std::size_t bytes) noexcept {
    if (bytes > left) {
      is_exceeded = true;
      return false;
    }
    left -= bytes;
    used += bytes;
    return true;
  }
};

namespace {

// hiredis calls these from C: no exception may leave them, and a null pointer ends the reading.
template <class Budget>
struct reply_functions {
  static redis_reply* create(const redisReadTask* task, redis_reply::kind of,
                             std::size_t bytes = 0) noexcept {
    if (!static_cast<Budget*>(task->privdata)->take(sizeof(redis_reply) + bytes)) return nullptr;
    try {
      // An array grows by what has come, whatever was announced. Its last element is the only one
      // that hiredis still points to, and that is complete before the next is made.
      auto* const made =
          task->parent == nullptr
              ? new redis_reply
              : &static_cast<redis_reply*>(task->parent->obj)->elements.emplace_back();
      made->of = of;
      return made;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  static void* create_text(const redisReadTask* task, char* text, std::size_t size) {
    const auto of = task->type == REDIS_REPLY_ERROR    ? redis_reply::kind::error
                    : task->type == REDIS_REPLY_STATUS ? redis_reply::kind::status
                                                       : redis_reply::kind::text;
    redis_reply* const made = create(task, of, size);
    if (made == nullptr) return nullptr;
    try {
      made->text.assign(text, size);
    } catch (const std::bad_alloc&) {
      if (task->parent == nullptr) delete made;
      return nullptr;
    }
    return made;
  }
  static void* create_array(const redisReadTask* task, int) {
    return create(task, redis_reply::kind::array);
  }
  static void* create_integer(const redisReadTask* task, long long value) {
    redis_reply* const made = create(task, redis_reply::kind::integer);
    if (made != nullptr) made->integer = value;
    return made;
  }
  static void* create_nil(const redisReadTask* task) {
    return create(task, redis_reply::kind::nil);
  }
  static void free_reply(void* reply) { delete static_cast<redis_reply*>(reply); }
};

}  // namespace

std::string_view redis_reply::error_code() const noexcept {
  return std::string_view(text).substr(0, text.find(' '));
}

void redis_reply_reader::reader_free::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

redis_reply_reader::redis_reply_reader() : budget_(std::make_unique<budget>()) { begin(0); }

redis_reply_reader::redis_reply_reader(redis_reply_reader&&) noexcept = default;
redis_reply_reader& redis_reply_reader::operator=(redis_reply_reader&&) noexcept = default;
redis_reply_reader::~redis_reply_reader() = default;

void redis_reply_reader::begin(std::size_t max_bytes) {
  using functions = reply_functions<budget>;
  static redisReplyObjectFunctions table = {functions::create_text, functions::create_array,
                                            functions::create_integer, functions::create_nil,
                                            functions::free_reply};
  *budget_ = {};
  budget_->left = max_bytes;
  reader_.reset(redisReaderCreateWithFunctions(&table));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = budget_.get();
  // It would free its buffer after every long answer, to make it again for the next.
  reader_->maxbuf = 0;
}

redis_reply_reader::outcome redis_reply_reader::feed(std::string_view bytes) {
  const std::size_t waiting = reader_->len - reader_->pos;
  if (bytes.size() > budget_->left || waiting > budget_->left - bytes.size()) {
    return outcome::too_large;
  }
  const int fed = redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
  return fed == REDIS_OK ? outcome::more : outcome::malformed;
}

redis_reply_reader::outcome redis_reply_reader::next(redis_reply& reply) {
  void* read = nullptr;
  if (redisReaderGetReply(reader_.get(), &read) != REDIS_OK) {
    return budget_->is_exceeded ? outcome::too_large : outcome::malformed;
  }
  if (read == nullptr) return outcome::more;
  const std::unique_ptr<redis_reply> owned(static_cast<redis_reply*>(read));
  reply = std::move(*owned);
  return outcome::reply;
}

std::size_t redis_reply_reader::used() const noexcept { return budget_->used; }

}  // namespace jobqueue::detail
