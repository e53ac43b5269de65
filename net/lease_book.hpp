#pragma once
// Who has which address: leases in the state database. Everything here is one transaction, joined to the
// caller's. Errors: base::Error in the words a user understands.
#include <span>
#include <string>
#include <vector>

#include "net/spec/sandbox_spec.hpp"
#include "net/store.hpp"

namespace compose::net {

class LeaseBook {
 public:
  explicit LeaseBook(Store& store) : store_(store) {}

  std::vector<std::vector<Lease>> lease(std::span<const LeaseRequest> requests);
  [[nodiscard]] std::vector<Lease> leases_of(const std::string& container) const;
  void release(std::span<const std::string> containers);
  // The host's ends of these containers' links, by what the leases say.
  [[nodiscard]] std::vector<std::string> link_names(std::span<const std::string> containers) const;

 private:
  Store& store_;
};

}  // namespace compose::net
