#include "images/archive/gzip_sink.hpp"

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"

namespace compose::images {
namespace {

// C code is between us and the sink: an exception becomes an error of libarchive and keeps its text.
la_ssize_t pass_on(struct archive* writer, void* sink, const void* bytes, std::size_t size) {
  try {
    static_cast<GzipSink*>(sink)->out().write({static_cast<const char*>(bytes), size});
    return static_cast<la_ssize_t>(size);
  } catch (const std::exception& e) {
    archive_set_error(writer, EIO, "%s", e.what());
    return -1;
  }
}

void check(struct archive* writer, la_ssize_t result) {
  if (result < 0) base::fail("compress: {}", archive_error_string(writer));
}

}  // namespace

GzipSink::GzipSink(ByteSink& out) : out_(out), writer_(archive_write_new()) {
  archive_write_set_bytes_per_block(writer_, 0);
  check(writer_, archive_write_add_filter_gzip(writer_));
  check(writer_, archive_write_set_filter_option(writer_, "gzip", "timestamp", nullptr));
  check(writer_, archive_write_set_format_raw(writer_));
  check(writer_, archive_write_open(writer_, this, nullptr, pass_on, nullptr));
  struct archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  check(writer_, archive_write_header(writer_, entry));
  archive_entry_free(entry);
}

GzipSink::~GzipSink() {
  archive_write_free(writer_);
}

void GzipSink::write(std::string_view bytes) {
  check(writer_, archive_write_data(writer_, bytes.data(), bytes.size()));
}

void GzipSink::finish() {
  check(writer_, archive_write_close(writer_));
}

}  // namespace compose::images
