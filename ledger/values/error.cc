#include "ledger/values/error.h"

#include <string>

namespace ledger {
namespace {

// Boost leaves the destructor non-virtual on purpose: a category is never deleted through its base.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "ledger"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::store_unavailable:
        return "the store cannot be read or written";
      case Errc::corrupt_record:
        return "a stored record is damaged";
      case Errc::unstorable:
        return "a value is outside the bounds of what can be stored";
      case Errc::sender_overloaded:
        return "too much of this sender is waiting";
      case Errc::overloaded:
        return "more work is waiting than the ledger accepts";
      case Errc::shutting_down:
        return "the ledger is shutting down";
    }
    return "unknown error";
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

boost::system::error_code make_error_code(Errc errc) noexcept {
  return {static_cast<int>(errc), error_category()};
}

}  // namespace ledger
