#pragma once
// A worker (base/worker.hpp) as this room needs it: it lets the leases of its parent go, its umask is 0022
// and its files are of root's group, so that what is made for an image does not depend on who makes it.
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "base/worker.hpp"
#include "images/layer_store.hpp"

namespace compose::images {

using base::processors;
using base::wait_for_any;
using base::WorkerOutcome;
using base::WorkerReport;

class Worker : public base::Worker {
 public:
  explicit Worker(const Work& work)
      : base::Worker([&work](WorkerReport& report) {
          close_leases();
          ::umask(0022);
          ::setfsgid(0);
          return work(report);
        }) {}
};

}  // namespace compose::images
