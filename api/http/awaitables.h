#pragma once

#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "api/http/network.h"
#include "api/runtime/open_ledger.h"

namespace api {

// What a connection waits for that another thread completes: each completes on the context of the
// connection.

/// Runs `work` on the pool and returns or throws what it does.
template <class Value>
Awaitable<Value> run_on(asio::thread_pool& pool, asio::io_context& context,
                        std::function<Value()> work) {
  constexpr asio::use_awaitable_t<Executor> token;
  return asio::async_initiate<decltype(token), void(std::exception_ptr, Value)>(
      [&pool, &context](auto handler, std::function<Value()> job) {
        asio::post(pool, [&context, job = std::move(job), complete = std::move(handler)]() mutable {
          Value value;
          std::exception_ptr thrown;
          try {
            value = job();
          } catch (...) {
            thrown = std::current_exception();
          }
          asio::post(context,
                     [thrown, value = std::move(value), complete = std::move(complete)]() mutable {
                       complete(thrown, std::move(value));
                     });
        });
      },
      token, std::move(work));
}

/// Completes when the journal holds everything before the position.
template <class CompletionToken>
auto async_wait_durable(OpenLedger& open, asio::io_context& context, ledger::Position next_position,
                        CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, void(error_code)>(
      [&open, &context, next_position](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        open.when_durable(next_position, [&context, shared](error_code error) {
          asio::post(context, [shared, error] { std::move (*shared)(error); });
        });
      },
      token);
}

}  // namespace api
