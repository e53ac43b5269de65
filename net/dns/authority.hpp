#pragma once
// What this resolver knows itself: the decision, for each question, between an answer and forwarding. No
// sockets.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "net/dns/message.hpp"
#include "net/dns/names_view.hpp"

namespace compose::net::dns {

class Authority {
 public:
  struct Options {
    std::vector<std::pair<std::string, std::string>> hosts;  // names with fixed addresses
    // The user named servers of his own, asked from inside the container: they may know names with a single
    // label, and asking them leads nowhere where the container could not go itself.
    bool own_servers = false;
  };
  Authority(std::vector<NamesView> views, Options options);

  // Once before a batch of questions: takes over what changed in the tables. `now` in milliseconds, of any
  // clock that only goes forward; dead publishers are swept at most every 100 ms.
  void refresh(std::int64_t now);
  // True: `response` is the answer. False: to be forwarded.
  bool answer(const Query& query, ResponseWriter& response);

 private:
  struct Found {
    bool any = false;
    std::vector<Ipv4> v4;
    std::vector<Ipv6> v6;
    void clear() noexcept;
  };
  bool find(std::string_view name);
  bool find_on(const NamesView& view, std::string_view name);
  bool find_host(std::string_view name);
  bool answer_pointer(const Query& query, ResponseWriter& response);
  void answer_found(const Query& query, ResponseWriter& response);
  [[nodiscard]] bool is_ours(const Query& query) const;

  std::vector<NamesView> views_;
  Options options_;
  bool closed_ = false;  // internal networks only, or none: nothing may be forwarded
  std::int64_t swept_ = 0;
  std::uint32_t turn_v4_;  // which replica comes first in the next answer
  std::uint32_t turn_v6_;
  Found found_;  // reused: no allocation once it has grown
};

}  // namespace compose::net::dns
