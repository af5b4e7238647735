#pragma once

#include <boost/system/error_code.hpp>

namespace ledger {

/// Operating errors: the store or the process could not do its work. What the rules say about an
/// item is never an error; it is a `Code` (see code.h).
enum class Errc {
  store_unavailable = 1,  ///< a read or write of the store failed; the outcome may be unknown
  corrupt_record,         ///< stored bytes do not decode; never served
  unstorable,             ///< what shall be stored could not be read again; nothing was stored
  overloaded,             ///< a bounded queue is full; try again later
  sender_overloaded,      ///< one sender has more than its share of a bounded queue
  shutting_down,          ///< the process is draining
};

const boost::system::error_category& error_category() noexcept;
boost::system::error_code make_error_code(Errc errc) noexcept;

}  // namespace ledger

template <>
struct boost::system::is_error_code_enum<ledger::Errc> : std::true_type {};
