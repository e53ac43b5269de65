#include "images/archive/byte_sink.hpp"

#include "base/sys.hpp"

namespace compose::images {

void FdSink::write(std::string_view bytes) {
  base::sys::write_all(fd_, bytes);
}

void DigestSink::write(std::string_view bytes) {
  sha_.update(bytes);
  size_ += bytes.size();
  if (next_ != nullptr) next_->write(bytes);
}

}  // namespace compose::images
