#pragma once
// A tree goes from one place to another as a tar that nobody keeps: packed by a process of its own, unpacked
// by this one.
#include <functional>
#include <string>
#include <vector>

#include "images/archive/byte_sink.hpp"
#include "images/archive/byte_source.hpp"

namespace compose::images {

// `pack` returns the files that shrank while they were read; so does this. Of two errors that of the side
// that failed first is thrown.
std::vector<std::string> pass_through_pipe(const std::function<std::vector<std::string>(ByteSink& tar)>& pack,
                                           const std::function<void(ByteSource& tar)>& unpack);

}  // namespace compose::images
