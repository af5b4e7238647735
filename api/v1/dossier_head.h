#pragma once

#include <optional>
#include <string>

#include "ledger/values/digest.h"
#include "ledger/values/ids.h"

namespace api {

/// The newest entry of a chain.
struct NewestEntry {
  ledger::Position position;
  ledger::Digest hash{};  ///< of its leaf
};

/// What a dossier says of its own end, so that nothing can be left out there: as of a position, of
/// one person's year under these rules, these are the newest item and the newest event of a
/// registry.
struct DossierHead {
  int year = 0;
  std::string person;  ///< empty: nobody
  ledger::Digest rules{};
  std::optional<NewestEntry> item;
  std::optional<NewestEntry> event;
  ledger::Position as_of;
  ledger::Digest account{};  ///< the SHA-256 of the account as it stands in the dossier
};

/// The text that is signed: a line each, with its name before it.
std::string signed_text(const DossierHead& head);

}  // namespace api
