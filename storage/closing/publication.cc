#include "storage/closing/publication.h"

#include <stdexcept>

#include "storage/closing/statement_files.h"
#include "storage/closing/statement_series.h"
#include "storage/files/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

void seal(const Statement& statement, const SigningKey& signing, ReconciliationWork& work) {
  std::vector<std::string> files;
  for (TableFile* const table : work.tables().files()) files.push_back(table->manifest_entry());
  const bool is_dry_run = statement.number == 0;
  seal_statement(work.statement(), statement, files, is_dry_run ? nullptr : &signing);
}

/// The statement is made, whatever stays behind.
void remove_leftovers(const fs::path& work, bool is_dry_run) {
  std::error_code ignored;
  for (const char* const name : {"checkpoint", "state", "parts"}) {
    fs::remove_all(work / name, ignored);
  }
  if (!is_dry_run) fs::remove_all(work, ignored);
}

void append_entry(const Statement& statement, const ReconciliationSource& source,
                  const ledger::Digest& manifest) {
  const auto appended = source.append({{},
                                       source.now,
                                       statement.year,
                                       static_cast<std::uint32_t>(statement.number),
                                       statement.position,
                                       manifest});
  if (appended) return;
  throw std::runtime_error("the statement cannot be put into the journal: " +
                           appended.error().message());
}

void put_in_place(const fs::path& files, const ReconciliationSource& source,
                  const std::string& id) {
  publish_folder(files, source.folder / "statements" / id);
}

}  // namespace

void finish_publication(const ReconciliationSource& source, int year) {
  if (source.statements.empty()) return;
  const ledger::StatementEntry& newest = source.statements.back();
  const std::string id = name_of(newest);
  if (fs::exists(source.folder / "statements" / id)) return;
  if (!are_files_waiting(source.folder, newest)) return;
  const fs::path work = reconciliation_work(source.folder, year, false);
  put_in_place(work / "statement", source, id);
  remove_leftovers(work, false);
}

MadeStatement publish(const Statement& statement, const ReconciliationSource& source,
                      ReconciliationWork& work, const UseFiles& use_files) {
  seal(statement, *source.signing.current(), work);
  work.close();
  MadeStatement made{statement.id(), work.statement(), statement.figures.difference_count()};
  if (use_files) use_files(made.folder);
  const bool is_dry_run = statement.number == 0;
  if (!is_dry_run) {
    // The entry is what makes it a statement. A process that ends behind it leaves the files in the
    // work folder, where finish_publication() finds them.
    append_entry(statement, source, sha256(read_file(made.folder / "manifest.json")));
    put_in_place(made.folder, source, made.id);
    made.folder = source.folder / "statements" / made.id;
  }
  remove_leftovers(work.folder(), is_dry_run);
  return made;
}

}  // namespace storage
