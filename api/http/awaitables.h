#pragma once

#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "api/http/http_message.h"
#include "api/http/network.h"

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

/// Completes when `when` calls back, with what it says.
template <class CompletionToken>
auto async_when(Response::When when, asio::io_context& context, CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, void(error_code)>(
      [&context](auto handler, const Response::When& call_back) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        call_back([&context, shared](error_code error) {
          asio::post(context, [shared, error] { std::move (*shared)(error); });
        });
      },
      token, std::move(when));
}

}  // namespace api
