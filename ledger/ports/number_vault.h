#pragma once

#include "ledger/values/ids.h"
#include "ledger/values/national_id.h"

namespace ledger {

/// Turns national numbers into the form in which the ledger may keep them. Safe from many threads.
class NumberVault {
 public:
  virtual ~NumberVault() = default;
  virtual EncryptedNumber encrypt(NationalId number) const = 0;

 protected:
  NumberVault() = default;
  NumberVault(const NumberVault&) = default;
  NumberVault& operator=(const NumberVault&) = default;
};

}  // namespace ledger
