#pragma once

#include <concepts>
#include <cstddef>

#include "storage/state/accounts_table.h"
#include "storage/state/events_table.h"
#include "storage/state/facts_table.h"
#include "storage/state/notes_table.h"
#include "storage/state/persons_table.h"
#include "storage/state/practices_table.h"
#include "storage/state/refusals_table.h"
#include "storage/state/registrations_table.h"
#include "storage/state/registry_events_table.h"
#include "storage/state/table_context.h"
#include "storage/state/timeliness_table.h"
#include "storage/state/unpaid_table.h"

namespace storage {

class SortedFiles;

/// What each table does for a hand-over, beside what it is for.
template <class Table>
concept StateTable = std::constructible_from<Table, const TableContext&> &&
    requires(Table& table, const Table& frozen, SortedFiles& files) {
  // By the writer: what has come is going to be handed over, and does not
  // change until it has been.
  table.freeze();
  // By the thread that hands over: writes what is frozen.
  frozen.write(files);
  // Likewise: it is in the files, and found there.
  table.forget_frozen();
  // By the writer, for each stripe of WriteBehind before the next freeze().
  table.thaw_stripe(std::size_t{0});
};

/// Tables by their type, and all of them in their order.
template <StateTable... Tables>
class TableSet : private Tables... {
 public:
  explicit TableSet(const TableContext& context) : Tables(context)... {}

  template <class Table>
  Table& get() {
    return *this;
  }
  template <class Table>
  const Table& get() const {
    return *this;
  }
  template <class Use>
  void for_each(const Use& use) {
    (use(get<Tables>()), ...);
  }
};

/// The tables of the state, in the order in which a hand-over writes them.
using StateTables = TableSet<RegistrationsTable,   //
                             AccountsTable,        //
                             PersonsTable,         //
                             FactsTable,           //
                             RegistryEventsTable,  //
                             PracticesTable,       //
                             TimelinessTable,      //
                             EventsTable,          //
                             UnpaidTable,          //
                             NotesTable,           //
                             RefusalsTable>;

}  // namespace storage
