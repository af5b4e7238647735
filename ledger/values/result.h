#pragma once

#include <boost/outcome/result.hpp>

#include "ledger/values/error.h"

namespace ledger {

/// A value or an operating error. Propagated in two visible lines:
///   auto loaded = store.load(key);
///   if (!loaded) return loaded.error();
template <class T>
using Result = boost::outcome_v2::result<T, boost::system::error_code>;

inline boost::outcome_v2::success_type<void> ok() { return boost::outcome_v2::success(); }

}  // namespace ledger
