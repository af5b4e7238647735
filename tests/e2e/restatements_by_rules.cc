// What the table of restatements of a year must hold, from the journal of a ledger that no server
// has open: a row of JSON for each, for e2e/test_registry_year.py.
//
//   restatements_by_rules DATA YEAR

#include "tests/storage/closing/restatements_by_rules.h"

#include <boost/json.hpp>
#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: restatements_by_rules DATA YEAR\n";
    return 2;
  }
  try {
    storage::LedgerOptions options;
    options.folder = argv[1];
    storage::LedgerFiles files(options);
    for (const auto& [position, type, person, what, before, after] :
         storage::test::restatements_by_rules(files, std::stoi(argv[2]))) {
      std::cout << boost::json::serialize(
                       boost::json::array{position, type, person, what, before, after})
                << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "restatements_by_rules: " << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
