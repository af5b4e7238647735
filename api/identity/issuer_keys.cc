#include "api/identity/issuer_keys.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <stdexcept>
#include <utility>

#include "api/identity/jws.h"
#include "api/program/log.h"
#include "storage/files/files.h"

namespace api {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// Keys are renewed before they are a day old, as both national issuers ask for.
constexpr seconds renewal_max = hours{23};
constexpr seconds renewal_min{60};
/// A file costs nothing to look at.
constexpr seconds file_renewal{60};
/// After a failure.
constexpr seconds retry{30};
/// Old keys are better than none, for so long.
constexpr seconds keys_kept_max = hours{7 * 24};
/// Between two renewals because of unknown keys, whatever is thrown at us.
constexpr seconds renewal_pause{10};

/// `issuer` and `jwks_uri` of the metadata (RFC 8414).
std::string key_url(const Issuer& issuer, const std::string& metadata) {
  boost::system::error_code error;
  const boost::json::value root = boost::json::parse(metadata, error);
  const boost::json::object* const object = error ? nullptr : root.if_object();
  if (object == nullptr) throw std::runtime_error("the metadata are no JSON object");
  const auto* const name = text_member(*object, "issuer");
  if (name == nullptr || view_of(*name) != issuer.name) {
    throw std::runtime_error("the metadata are of another issuer");
  }
  const auto* const url = text_member(*object, "jwks_uri");
  if (url == nullptr) throw std::runtime_error("the metadata name no jwks_uri");
  return std::string(view_of(*url));
}

KeySet key_set(const std::string& text) {
  auto keys = KeySet::from_json(text);
  if (!keys) throw std::runtime_error("the key set is no JWK set");
  if (keys->size() == 0) throw std::runtime_error("the key set has no key that can be used");
  return std::move(*keys);
}

seconds lifetime(const Fetched& fetched) {
  return std::clamp(fetched.max_age.value_or(renewal_max), renewal_min, renewal_max);
}

/// Tells the log what has changed, and nothing at each further failure.
void tell(const std::string& issuer, bool had_trouble, const std::string& trouble,
          bool are_given_up) {
  if (!had_trouble && !trouble.empty()) {
    log(LogLevel::warning, "issuer_keys_not_renewed", {{"issuer", issuer}, {"reason", trouble}});
  }
  if (had_trouble && trouble.empty()) {
    log(LogLevel::info, "issuer_keys_renewed", {{"issuer", issuer}});
  }
  if (are_given_up) {
    log(LogLevel::error, "issuer_keys_given_up", {{"issuer", issuer}, {"reason", trouble}});
  }
}

}  // namespace

FetchedKeys fetch_keys(const Issuer& issuer, const Fetch& fetch) {
  const KeySource& source = issuer.keys;
  if (!source.keys_file.empty()) {
    return {key_set(storage::read_file(source.keys_file)), file_renewal};
  }
  if (!source.metadata_file.empty()) {
    const std::string url = key_url(issuer, storage::read_file(source.metadata_file));
    const Fetched keys = fetch(url, source.ca_file);
    return {key_set(keys.body), lifetime(keys)};
  }
  const Fetched metadata = fetch(source.metadata_url, source.ca_file);
  const Fetched keys = fetch(key_url(issuer, metadata.body), source.ca_file);
  return {key_set(keys.body), lifetime(keys)};
}

IssuerKeys::~IssuerKeys() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void IssuerKeys::set_issuers(const std::vector<Issuer>& issuers) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Source, std::less<>> sources;
  for (const Issuer& issuer : issuers) {
    Source& source = sources[issuer.name];
    const auto before = sources_.find(issuer.name);
    if (before != sources_.end()) source = std::move(before->second);
    source.issuer = issuer;
    source.is_wanted = true;
  }
  sources_ = std::move(sources);
  ++settings_;
  publish();
  while (threads_.size() < sources_.size()) threads_.emplace_back([this] { run(); });
  changed_.notify_all();
}

std::shared_ptr<const KeyRing> IssuerKeys::ring() const {
  const std::lock_guard lock(mutex_);
  return ring_;
}

bool IssuerKeys::renew(const std::string& issuer) {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(issuer);
  if (found == sources_.end()) return false;
  Source& source = found->second;
  if (source.is_wanted) return true;
  if (std::chrono::steady_clock::now() < source.tried + renewal_pause) return false;
  source.is_wanted = true;
  changed_.notify_all();
  return true;
}

bool IssuerKeys::is_renewing(const std::string& issuer) const {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(issuer);
  return found != sources_.end() && found->second.is_wanted;
}

std::vector<std::string> IssuerKeys::troubles() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> troubles;
  for (const auto& [name, source] : sources_) {
    if (!source.trouble.empty()) troubles.push_back(name + ": " + source.trouble);
  }
  return troubles;
}

void IssuerKeys::run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const Time now = std::chrono::steady_clock::now();
    const auto is_due = [&](const auto& entry) {
      const bool is_to_be_asked = entry.second.is_wanted || entry.second.due <= now;
      return is_to_be_asked && !asked_.contains(entry.first);
    };
    const auto next = std::find_if(sources_.begin(), sources_.end(), is_due);
    if (next != sources_.end()) {
      renew_one(lock, std::string(next->first));
    } else {
      changed_.wait_for(lock, seconds{1});
    }
  }
}

/// Without the lock while it asks.
void IssuerKeys::renew_one(std::unique_lock<std::mutex>& lock, const std::string& name) {
  const Issuer issuer = sources_.at(name).issuer;
  const std::uint64_t settings = settings_;
  asked_.insert(name);
  lock.unlock();
  std::optional<FetchedKeys> fetched;
  std::string trouble;
  try {
    fetched = fetch_keys(issuer, fetch_);
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  lock.lock();
  asked_.erase(name);
  // What older settings had us ask for is not what is wanted now.
  if (settings != settings_) return;
  Source& source = sources_.at(name);
  const bool had_keys = source.keys != nullptr;
  const bool had_trouble = !source.trouble.empty();
  source.trouble = trouble;
  take(source, std::move(fetched));
  const bool are_given_up = had_keys && source.keys == nullptr;
  publish();
  lock.unlock();
  tell(name, had_trouble, trouble, are_given_up);
  lock.lock();
}

/// The outcome of a renewal: keys, or none.
void IssuerKeys::take(Source& source, std::optional<FetchedKeys> fetched) {
  const Time now = std::chrono::steady_clock::now();
  source.tried = now;
  source.is_wanted = false;
  source.due = now + (fetched ? fetched->good_for : retry);
  if (fetched) {
    source.keys = std::make_shared<const KeySet>(std::move(fetched->keys));
    source.good_until = now + keys_kept_max;
  } else if (source.good_until < now) {
    source.keys = nullptr;
  }
}

void IssuerKeys::publish() {
  auto ring = std::make_shared<KeyRing>();
  for (const auto& [name, source] : sources_) {
    if (source.keys != nullptr) ring->emplace(name, source.keys);
  }
  ring_ = std::move(ring);
}

}  // namespace api
