#include "storage/journal/sealer.h"

#include <utility>

#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"

namespace storage {
namespace {

/// Adds to a record, which has its content, what proves that and the answers to its requests.
ledger::Seal add_seal(EncodedContent& record, std::span<const std::string> result_texts,
                      const SigningKey& key) {
  std::vector<ledger::Digest>& leaves = record.leaves;
  const std::size_t first = leaves.size();  // what is before can be computed from the record
  for (const std::string& text : result_texts) leaves.push_back(MerkleTree::leaf_hash(text));
  const MerkleTree tree(leaves);

  ledger::Seal seal;
  seal.root = tree.root();
  seal.paths.reserve(result_texts.size());
  for (std::size_t i = 0; i < result_texts.size(); ++i) seal.paths.push_back(tree.path(first + i));
  seal.key_id = key.key_id();
  seal.signature = key.sign(seal.root);
  append_seal(record.bytes, std::span(leaves).subspan(first), seal);
  return seal;
}

}  // namespace

std::string key_id_after(const ledger::CommitGroup& group, const std::string& key_id) {
  std::string after = key_id;
  for (const ledger::Entry& entry : group.entries) {
    const auto* const change = std::get_if<ledger::KeyEntry>(&entry);
    if (change != nullptr) after = key_id_of(change->key);
  }
  return after;
}

Sealer::Sealer(const SigningKeys& keys, const ledger::Digest& root)
    : keys_(keys), salts_(random_data_key()), key_(keys.current()), root_(root) {}

Sealer::Sealed Sealer::seal(const ledger::AnsweredGroup& answered) {
  Sealed sealed;
  EncodedContent record = encode_content(answered.group, root_, salts_);
  // What cannot be read again must not be answered, nor stand in the way of what can.
  sealed.fault = fault_of_content(record.bytes, answered.group, root_);
  const std::string next_id = key_id_after(answered.group, key_id());
  const SigningKeys::Key next = next_id == key_id() ? key_ : keys_.find(next_id);
  if (next == nullptr) sealed.fault = "it names a key to sign with that is not there";
  if (!sealed.fault.empty()) return sealed;
  sealed.seal = add_seal(record, answered.result_texts, *key_);
  sealed.record = std::move(record.bytes);
  root_ = sealed.seal.root;
  key_ = next;
  return sealed;
}

}  // namespace storage
