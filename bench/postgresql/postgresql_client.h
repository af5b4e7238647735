#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/load_items.h"

// Binary parameters and prepared statements over libpq.

namespace bench {

template <std::integral T>
void put_big_endian(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

template <std::integral T>
T read_big_endian(const char* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return static_cast<T>(value);
}

using Uuid = std::array<char, 16>;

/// What a value needs to be an element of an array: its type in pg_type.
template <class T>
inline constexpr std::uint32_t type_of = 0;
template <>
inline constexpr std::uint32_t type_of<bool> = 16;
template <>
inline constexpr std::uint32_t type_of<std::int16_t> = 21;
template <>
inline constexpr std::uint32_t type_of<std::int32_t> = 23;
template <>
inline constexpr std::uint32_t type_of<std::int64_t> = 1184;  // microseconds: timestamptz
template <>
inline constexpr std::uint32_t type_of<Uuid> = 2950;

template <class T>
void put_value(std::string& out, const T& value) {
  if constexpr (std::same_as<T, Uuid>) {
    out.append(value.data(), value.size());
  } else if constexpr (std::same_as<T, bool>) {
    out += value ? '\1' : '\0';
  } else {
    put_big_endian(out, value);
  }
}

inline std::int64_t to_timestamptz(ledger::Instant instant) {
  constexpr std::int64_t seconds_to_2000 = 946'684'800;
  return (instant.seconds - seconds_to_2000) * 1'000'000 + instant.nanoseconds / 1000;
}

inline Uuid uuid_of(const ledger::Guid& guid) {
  Uuid uuid{};
  std::copy(guid.bytes.begin(), guid.bytes.end(), uuid.begin());
  return uuid;
}

/// The parameters of one call.
class Parameters {
 public:
  void clear() { used_ = 0; }

  template <class T>
  void add(const T& value) {
    put_value(next(), value);
  }
  /// An array of what `value_of` makes of each item.
  template <class Range, class ValueOf>
  void add_array(const Range& items, ValueOf value_of) {
    using T = decltype(value_of(*items.begin()));
    std::string& out = next();
    put_big_endian(out, std::int32_t{1});  // dimension
    put_big_endian(out, std::int32_t{0});  // no null
    put_big_endian(out, type_of<T>);
    put_big_endian(out, static_cast<std::int32_t>(items.size()));
    put_big_endian(out, std::int32_t{1});  // lower bound
    for (const auto& item : items) {
      const T value = value_of(item);
      put_big_endian(out, static_cast<std::int32_t>(sizeof(T)));
      put_value(out, value);
    }
  }

  int count() const { return static_cast<int>(used_); }
  const char* const* values() {
    for (std::size_t i = 0; i < used_; ++i) pointers_[i] = bytes_[i].data();
    return pointers_.data();
  }
  const int* lengths() {
    for (std::size_t i = 0; i < used_; ++i) lengths_[i] = static_cast<int>(bytes_[i].size());
    return lengths_.data();
  }
  const int* formats() const { return formats_.data(); }

 private:
  static constexpr std::size_t count_max = 8;

  std::string& next() {
    std::string& bytes = bytes_.at(used_++);
    bytes.clear();
    return bytes;
  }

  std::size_t used_ = 0;
  std::array<std::string, count_max> bytes_;
  std::array<const char*, count_max> pointers_{};
  std::array<int, count_max> lengths_{};
  std::array<int, count_max> formats_{1, 1, 1, 1, 1, 1, 1, 1};
};

// ---- connections ----

struct Deleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Deleter>;

/// A connection on which one call at a time is on the way.
class Connection {
 public:
  explicit Connection(const std::string& connect) : connection_(PQconnectdb(connect.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
  }

  /// A query without parameters; rows in binary form.
  ResultPtr query(const char* sql) {
    return checked(
        ResultPtr(PQexecParams(connection_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 1)));
  }

  void prepare(const char* sql) {
    checked(ResultPtr(PQprepare(connection_.get(), "call", sql, 0, nullptr)));
    if (PQsetnonblocking(connection_.get(), 1) != 0) fail();
  }

  /// Sends a call of the prepared statement.
  void send(Parameters& parameters) {
    if (PQsendQueryPrepared(connection_.get(), "call", parameters.count(), parameters.values(),
                            parameters.lengths(), parameters.formats(), 1) == 0) {
      fail();
    }
    flush();
  }

  pollfd polled() const {
    return {PQsocket(connection_.get()),
            static_cast<short>(has_unsent_ ? POLLIN | POLLOUT : POLLIN), 0};
  }

  /// The answer to the call; null while it is not whole.
  ResultPtr receive() {
    if (has_unsent_) flush();
    if (PQconsumeInput(connection_.get()) == 0) fail();
    if (PQisBusy(connection_.get()) != 0) return nullptr;
    ResultPtr result = checked(ResultPtr(PQgetResult(connection_.get())));
    // The end of the answer, which has come with it: a null result makes the connection ready
    // again.
    while (ResultPtr(PQgetResult(connection_.get()))) {
    }
    return result;
  }

  // What the load notes of the call on the way.
  std::chrono::steady_clock::time_point begun;
  std::vector<LoadItem> items;

 private:
  void flush() {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) fail();
    has_unsent_ = unsent == 1;
  }
  ResultPtr checked(ResultPtr result) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail();
    return result;
  }
  [[noreturn]] void fail() const { throw std::runtime_error(PQerrorMessage(connection_.get())); }

  std::unique_ptr<PGconn, Deleter> connection_;
  bool has_unsent_ = false;
};

}  // namespace bench
