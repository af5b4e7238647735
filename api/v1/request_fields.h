#pragma once

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/problem.h"
#include "ledger/values/national_id.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"

namespace api {

/// Reads the members of a small JSON request body, strictly: unknown, missing and wrong members are
/// named. The first problem stays; values read after it mean nothing.
class RequestFields {
 public:
  using Names = std::initializer_list<std::string_view>;

  /// No other members may be there, and none of the required may be missing. Checked in the order
  /// of the codes of items: unknown, missing, repeated. `body` is followed by
  /// ingest::ItemParser::padding_bytes that may be read, and outlives this.
  RequestFields(std::string_view body, Names required, Names optional = {});
  RequestFields(const RequestFields&) = delete;
  RequestFields& operator=(const RequestFields&) = delete;

  bool is_ok() const { return !problem_; }
  const Problem& problem() const { return *problem_; }
  bool has(std::string_view name) const { return object().contains(name); }

  std::string text(std::string_view name, std::string_view code);
  /// The elements of an array of strings; they live as long as this.
  std::vector<std::string_view> texts(std::string_view name, std::string_view code);
  /// The elements of an array of integers.
  std::vector<std::int64_t> integers(std::string_view name, std::string_view code);
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max,
                       std::string_view code);
  bool truth(std::string_view name, std::string_view code);
  std::optional<ledger::NationalId> person(ledger::NumberSeries series);
  ledger::ServiceType service_type();
  ledger::Date date(std::string_view name, std::string_view code);

 private:
  void check_names(std::string_view body, Names required, Names optional);
  const boost::json::value* find(std::string_view name);
  void refuse(std::string_view code, std::string_view field, std::string detail);

  const boost::json::object& object() const { return body_.as_object(); }

  // A body fits into the buffer: a request costs no allocation here.
  std::array<unsigned char, 1024> buffer_;
  boost::json::monotonic_resource memory_{buffer_.data(), buffer_.size()};
  boost::json::value body_ = boost::json::value(boost::json::object_kind, &memory_);
  std::optional<Problem> problem_;
};

}  // namespace api
