#pragma once

#include <string>

#include "ledger/values/ids.h"

namespace ledger {

/// Who asks about a person, as the access log keeps it. Empty: nobody has said.
struct Asker {
  std::string client;                 ///< the program that asks, as it is known here
  std::string client_name{};          ///< what its token calls it
  std::string token_id{};             ///< of that token
  std::string network_address{};      ///< where the question came from; empty: this machine
  std::string name{};                 ///< of the organisation that it asks for: told to the person
  std::string organisation_number{};  ///< likewise
  std::string main_unit{};            ///< its number, where the organisation is a sub-unit
  std::string supplier{};          ///< organisation number of whoever works for that organisation
  std::string hpr_number{};        ///< of the practitioner who has logged in
  EncryptedNumber practitioner{};  ///< who has logged in; zeros: nobody
  friend bool operator==(const Asker&, const Asker&) = default;
};

}  // namespace ledger
