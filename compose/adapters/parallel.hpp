#pragma once
// Runs one task for each element at the same time, on the caller's executor, and returns when all have ended.
// The tasks must not throw: an error is theirs to report. Cancelling the wait does not cancel the tasks.
#include <cstddef>
#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace compose::adapters {

// `make(i)` gives the awaitable of element i.
template <class Make>
boost::asio::awaitable<void> for_all(std::size_t count, Make make) {
  namespace asio = boost::asio;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer all_done{executor, asio::steady_timer::time_point::max()};
  std::size_t left = count;
  std::exception_ptr failure;
  for (std::size_t i = 0; i < count; ++i) {
    asio::co_spawn(executor, make(i), [&](std::exception_ptr e) {
      if (e && !failure) failure = e;
      if (--left == 0) all_done.cancel();
    });
  }
  while (left > 0) {
    boost::system::error_code ignored;
    co_await all_done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace compose::adapters
