#pragma once

#include <vector>

#include "storage/closing/practices.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"

/// The summary of a statement: given what has been added up for each practice and each service
/// type, gives their tables and the practices that a statement names. Figures of practices are by
/// number.
namespace storage {

void write_practices(const std::vector<PracticeFigures>& figures, const Practices& practices,
                     Table& table);

void write_service_types(const StatementFigures& figures, Table& table);

/// What the registry says of practices, as the state has it.
void write_registered_practices(const StateReader& state, Table& table);

/// Those with the most co-payments that came after the last limit.
std::vector<NamedPractice> latest_practices(const std::vector<PracticeFigures>& figures,
                                            const Practices& practices);

}  // namespace storage
