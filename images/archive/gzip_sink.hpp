#pragma once
// Compresses what passes, as gzip without a time or a name in it: equal bytes give equal bytes.
#include <string_view>

#include "images/archive/byte_sink.hpp"

struct archive;

namespace compose::images {

class GzipSink final : public ByteSink {
 public:
  explicit GzipSink(ByteSink& out);
  ~GzipSink() override;
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;
  void write(std::string_view bytes) override;
  void finish();  // writes what is left; nothing may follow

  [[nodiscard]] ByteSink& out() noexcept { return out_; }

 private:
  ByteSink& out_;
  struct archive* writer_;
};

}  // namespace compose::images
