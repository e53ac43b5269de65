#include "images/registry/blob_feed.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::images {
namespace {

constexpr std::uint64_t k_complete = 1ULL << 63U;
constexpr std::size_t k_feed_block = 256U << 10U;

}  // namespace

BlobMarks::BlobMarks(base::UniqueFd pipe) : pipe_(std::move(pipe)) {
  base::check(::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK), "set up a pipe");
}

void BlobMarks::available(std::uint64_t bytes) {
  const auto put = base::retry_eintr([&] { return ::write(pipe_.get(), &bytes, sizeof bytes); });
  // Full: the reader is behind. No reader: its own error tells more than ours would.
  if (put == -1 && errno != EAGAIN && errno != EPIPE) throw base::SysError(errno, "tell the unpacker");
}

void BlobMarks::complete(std::uint64_t bytes) {
  base::check(::fcntl(pipe_.get(), F_SETFL, 0), "set up a pipe");
  const std::uint64_t mark = bytes | k_complete;
  const auto put = base::retry_eintr([&] { return ::write(pipe_.get(), &mark, sizeof mark); });
  if (put == -1 && errno != EPIPE) throw base::SysError(errno, "tell the unpacker");
}

GrowingBlob::GrowingBlob(base::UniqueFd file, base::UniqueFd marks)
    : file_(std::move(file)), marks_(std::move(marks)), block_(k_feed_block) {}

void GrowingBlob::hear() {
  std::array<std::uint64_t, 512> marks{};  // a write of 8 bytes to a pipe is never split
  const auto got =
      base::check(base::retry_eintr([&] { return ::read(marks_.get(), marks.data(), sizeof marks); }),
                  "hear from the download");
  if (got == 0) base::fail("the download ended early");
  const auto last = marks[static_cast<std::size_t>(got) / sizeof(std::uint64_t) - 1];
  complete_ = (last & k_complete) != 0;
  available_ = last & ~k_complete;
}

std::string_view GrowingBlob::read() {
  while (offset_ == available_ && !complete_) hear();
  const auto wanted = std::min<std::uint64_t>(available_ - offset_, block_.size());
  if (wanted == 0) return {};
  const auto got =
      base::check(base::retry_eintr([&] {
                    return ::pread(file_.get(), block_.data(), wanted, static_cast<off_t>(offset_));
                  }),
                  "read a downloaded blob");
  if (got == 0) base::fail("a downloaded blob is shorter than it was");
  offset_ += static_cast<std::uint64_t>(got);
  return {block_.data(), static_cast<std::size_t>(got)};
}

}  // namespace compose::images
