#include "images/archive/byte_source.hpp"

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::images {

std::string_view FdSource::read() {
  return {buffer_.data(), base::sys::read_some(fd_, buffer_)};
}

std::string_view TeeSource::read() {
  const auto bytes = from_.read();
  sink_.write(bytes);
  return bytes;
}

void FreeArchiveReader::operator()(struct archive* a) const noexcept {
  archive_read_free(a);
}

namespace {

// C code is between us and the source: an exception becomes an error of libarchive and keeps its text.
la_ssize_t pull(struct archive* reader, void* source, const void** buffer) {
  try {
    const auto bytes = static_cast<ByteSource*>(source)->read();
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (const std::exception& e) {
    archive_set_error(reader, EIO, "%s", e.what());
    return -1;
  }
}

}  // namespace

bool open_reader(struct archive* reader, ByteSource& source) {
  if (archive_read_open(reader, &source, nullptr, pull, nullptr) == ARCHIVE_OK) return true;
  base::fail("damaged archive: {}", archive_error_string(reader));
}

DecompressingSource::DecompressingSource(ByteSource& compressed)
    : compressed_(compressed), reader_(archive_read_new()) {
  archive_read_support_filter_gzip(reader_.get());
  archive_read_support_filter_zstd(reader_.get());
  archive_read_support_filter_xz(reader_.get());
  archive_read_support_filter_bzip2(reader_.get());
  archive_read_support_format_raw(reader_.get());
  archive_read_support_format_empty(reader_.get());
  open_reader(reader_.get(), compressed_);
  struct archive_entry* entry = nullptr;
  const int result = archive_read_next_header(reader_.get(), &entry);
  if (result == ARCHIVE_EOF) {
    at_end_ = true;
  } else if (result < ARCHIVE_WARN) {
    base::fail("damaged archive: {}", archive_error_string(reader_.get()));
  }
}

std::string_view DecompressingSource::read() {
  while (!at_end_) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(reader_.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) break;
    if (result < ARCHIVE_WARN) base::fail("damaged archive: {}", archive_error_string(reader_.get()));
    if (size > 0) return {static_cast<const char*>(bytes), size};
  }
  at_end_ = true;
  return {};
}

}  // namespace compose::images
